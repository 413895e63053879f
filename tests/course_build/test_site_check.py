"""A dead link of a built site is found; more of them: tests/site/test_checks_can_fail.py."""

import pytest

from course_build import site_check


@pytest.fixture
def site(tmp_path):
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "index.html").write_text("<p>Tools</p>")
    return tmp_path


@pytest.mark.parametrize(
    ("link", "on_a_server", "from_disk"),
    [
        ("tools/index.html", None, None),
        ("tools/", None, "a folder"),
        ("tools/gone.html", "no such file", "no such file"),
        ("https://other.test/", None, None),
    ],
)
def test_a_link_to_a_folder_leads_somewhere_only_on_a_server(site, link, on_a_server, from_disk):
    (site / "index.html").write_text(f'<a href="{link}">a</a>')
    problems = [f"index.html:1: <a> {link}: {why}" for why in (on_a_server, from_disk)]
    assert site_check.dead_links(site) == (problems[:1] if on_a_server else [])
    assert site_check.dead_links(site, from_disk=True) == (problems[1:] if from_disk else [])
