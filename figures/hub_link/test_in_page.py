"""The link maker on the page about hubs: by mouse, by keyboard alone, and without script."""

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.site.places import REPO_URL, ROOT
from tests.site.server import serve

PAGE = "teach/hub/"
NOTEBOOKS = [path.stem for path in sorted((ROOT / "notebooks").glob("*.ipynb"))]


@pytest.fixture
def form(open_page):
    """Open the page and wait until the form stands there; no script may have failed at the end."""
    errors = []

    def form(**options):
        page = open_page(PAGE, **options)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.reload()  # once more, now that errors are heard
        page.locator(".hub-form").wait_for()
        return page

    yield form
    assert errors == []


def fill_in(page, hub="https://hub.institute.org"):
    page.get_by_label("Address of the hub").fill(hub)
    page.get_by_label("Address of the repository").fill(REPO_URL)
    page.get_by_role("status").filter(has_text="The link is ready.").wait_for()


def link_for(page, what="hub"):
    """The query of the link that is shown: {name: value}."""
    shown = page.locator(".hub-result", has_text=f"Link for {'the hub' if what == 'hub' else what}")
    anchor = shown.locator("a")
    assert anchor.inner_text() == anchor.get_attribute("href")
    return {
        name: values[0]
        for name, values in parse_qs(urlsplit(anchor.get_attribute("href")).query).items()
    }


def test_the_form_offers_every_notebook_of_the_course(form):
    page = form()
    options = page.get_by_label("Opens with").locator("option")
    assert options.all_inner_texts() == ["the folder", *NOTEBOOKS]


def test_by_mouse_the_link_leads_to_the_chosen_notebook(form):
    page = form()
    fill_in(page)
    page.get_by_label("Opens with").select_option("05_stardist_nuclei")
    folder = f"{REPO_URL.split('/')[-1]}-students"
    assert link_for(page) == {
        "repo": REPO_URL,
        "branch": "gh-pages",
        "urlpath": f"lab/tree/{folder}/notebooks/student/05_stardist_nuclei.ipynb",
        "targetpath": folder,
    }
    assert page.locator(".hub-result:visible").count() == 1


def test_complete_notebooks_come_from_the_main_branch_and_have_a_link_for_binder(form):
    page = form()
    fill_in(page)
    page.get_by_label("Which notebooks?").select_option("complete")
    assert page.get_by_label("Branch").input_value() == "main"
    assert link_for(page)["urlpath"].endswith("/notebooks")
    assert link_for(page, "Binder") == {"urlpath": "lab/tree/notebooks"}


def test_the_keyboard_alone_makes_and_copies_a_link(form):
    page = form()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_label("Address of the hub").focus()
    page.keyboard.type("hub.institute.org")
    page.keyboard.press("Tab")
    page.keyboard.type(REPO_URL)
    for _ in range(3):  # which notebooks, branch, opens with
        page.keyboard.press("Tab")
    page.keyboard.type("13")
    page.keyboard.press("Tab")
    page.keyboard.type("may-2026")
    for _ in range(2):  # the link, the button
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_role("status").filter(has_text="Copied.").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("https://hub.institute.org/hub/user-redirect/git-pull?")
    assert copied.endswith("13_measure_and_export.ipynb&targetpath=may-2026")


def test_what_is_wrong_is_named_and_marked_and_gives_no_link(form):
    page = form()
    hub = page.get_by_label("Address of the hub")
    assert hub.get_attribute("aria-invalid") == "false"  # nobody has typed anything
    fill_in(page)
    hub.fill("hub institute")
    page.get_by_role("status").filter(has_text="not one that a browser understands").wait_for()
    assert hub.get_attribute("aria-invalid") == "true"
    assert page.locator(".hub-result:visible").count() == 0
    assert page.locator(".hub-result a[href]").count() == 0


def test_a_browser_that_forbids_copying_says_what_to_do(form):
    page = form()
    fill_in(page)
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')) }")
    page.get_by_role("button", name="Copy link for the hub").click()
    page.get_by_role("status").filter(has_text="copy it by hand").wait_for()


def test_nothing_is_kept_or_sent(form):
    page = form()
    requests = []
    page.on("request", lambda request: requests.append(request.url))
    stores = "JSON.stringify({...localStorage}) + JSON.stringify({...sessionStorage})"
    before = page.evaluate(stores)
    fill_in(page)
    page.wait_for_timeout(300)
    assert (requests, page.evaluate(stores), page.context.cookies()) == ([], before, [])
    page.reload()
    page.locator(".hub-form").wait_for()
    assert page.get_by_label("Address of the hub").input_value() == ""


def test_a_published_site_knows_its_repository_and_another_does_not(form, published):
    assert form().get_by_label("Address of the repository").input_value() == ""
    with serve(published) as address:
        page = form(address=address)
        assert page.get_by_label("Address of the repository").input_value() == REPO_URL
