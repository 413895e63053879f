"""Links to other sites are listed, and dead ones are told from those that are only shy."""

import http.server
import threading

import pytest

from course_build import external_links as check_links


class Answers(http.server.BaseHTTPRequestHandler):
    """Answers /404 with 404, and so on."""

    def do_GET(self):
        self.send_response(int(self.path.strip("/").split("/")[0]))
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture
def check(tmp_path, capsys):
    """Check a site of one page; return the exit status, what was printed, and the report."""

    def check(content, *options):
        (tmp_path / "index.html").write_text(f"<main>{content}</main>", encoding="utf-8")
        report = tmp_path / "report.md"
        status = check_links.main(["--site", str(tmp_path), "--report", str(report), *options])
        return status, capsys.readouterr().out, report.read_text(encoding="utf-8")

    return check


def test_links_to_other_sites_are_listed_once_and_not_asked(check):
    link = '<a href="http://nowhere.invalid/a#{}">a</a>'
    status, printed, report = check(link.format(1) + link.format(2) + '<a href="b/">b</a>')
    assert status == 0 and "1 addresses" in printed
    assert report.count("http://nowhere.invalid/a |") == 1 and "index.html" in report


def test_a_page_that_is_gone_is_named_and_fails(check, server):
    status, printed, report = check(f'<a href="{server}/404/x">x</a>', "--online")
    assert status == 1
    assert f"dead: 404: {server}/404/x (on index.html)" in printed and "dead: 404" in report


def test_a_page_that_answers_or_refuses_programs_does_not_fail(check, server):
    links = "".join(f'<a href="{server}/{code}">x</a>' for code in (200, 403, 429, 503))
    status, printed, _ = check(links, "--online")
    assert status == 0
    assert "unclear: 403" in printed and "/200" not in printed


def test_a_host_that_does_not_exist_is_dead(check):
    status, printed, _ = check('<a href="http://nowhere.invalid/">x</a>', "--online")
    assert status == 1 and "no such host" in printed


def test_without_a_built_site_it_says_what_to_run(tmp_path):
    with pytest.raises(SystemExit, match="make site"):
        check_links.main(["--site", str(tmp_path)])
