"""The form on the reporting page: by mouse, by keyboard alone, and without script."""

import hashlib
import json

import pytest

from tests.site.places import ROOT

PAGE = "practice/reporting/"
SUMS = ROOT / "src" / "bioimage_course" / "weights" / "stardist_nuclei" / "SHA256SUMS"
HASH = next(
    line.split()[0]
    for line in SUMS.read_text(encoding="utf-8").splitlines()
    if line.endswith("weights_best.h5")
)
TYPED = {  # what the course's preset does not know
    "Kind of object": "nuclei",
    "Kind of image": "widefield fluorescence",
    "Number of images": "12",
    "Pixel size (µm)": "0.325",
    "Number of images annotated for the check": "3",
    "Number of objects annotated in them": "140",
    "Value of the score": "0.9",
    "Hardware": "a laptop",
    "Address of images and labels": "doi:10.0000/data",
    "Licence of images and labels": "CC0-1.0",
    "Address of your code": "doi:10.0000/code",
}


@pytest.fixture
def form(open_page):
    """Open the page and wait until the form stands there; no script may have failed at the end."""
    errors = []

    def form(**options):
        page = open_page(PAGE, **options)
        page.locator(".report-form").wait_for()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.reload()  # once more, now that errors are heard
        page.locator(".report-form").wait_for()
        return page

    yield form
    assert errors == []


def card(page):
    return json.loads(page.locator(".report-result pre code").inner_text())


def paragraph(page):
    return page.locator(".report-paragraph").inner_text()


def fill_in(page, preset="this course's StarDist model"):
    page.get_by_label("Start with what is known about").select_option(label=preset)
    page.get_by_role("button", name="Fill in").click()


def test_by_mouse_the_form_becomes_complete_and_the_card_is_right(form):
    page = form()
    fill_in(page)
    for label, value in TYPED.items():
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_role("status").filter(has_text="Complete: nothing is missing.").wait_for()

    read = card(page)
    assert read["missing"] == []
    assert read["weights"]["sha256"] == HASH
    assert read["images"]["pixel_size_um"] == {"y": 0.325, "x": 0.325}
    assert "We segmented nuclei in 12 images" in paragraph(page)
    assert page.locator(".report-paragraph mark").count() == 0


def test_the_keyboard_alone_reaches_everything(form):
    page = form()

    def focused():
        return page.evaluate("document.activeElement.labels?.[0]?.textContent ?? "
                             "document.activeElement.textContent")  # fmt: skip

    def tab_to(name):
        for _ in range(80):
            if focused().strip().startswith(name):
                return
            page.keyboard.press("Tab")
        pytest.fail(f"Tab does not reach {name!r}")

    page.evaluate("document.querySelector('.report-form').scrollIntoView()")
    page.get_by_label("Start with what is known about").focus()
    page.keyboard.type("this course's StarDist")
    tab_to("Fill in")
    page.keyboard.press("Enter")
    for label, value in TYPED.items():
        tab_to(label)
        page.keyboard.type(value)
    assert card(page)["missing"] == []
    tab_to("Download the card")
    with page.expect_download() as download:
        page.keyboard.press("Space")
    assert json.loads(download.value.path().read_text(encoding="utf-8")) == card(page)


def test_what_is_missing_is_named_and_leads_to_its_field(form):
    page = form()
    entry = page.get_by_role("button", name="Pixel size is missing: readers cannot compare areas.")
    entry.focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "report-pixelSize"
    page.keyboard.type("0.5")
    assert entry.count() == 0
    assert "pixel size 0.5 µm" in paragraph(page)


def test_a_wrong_value_is_marked_and_named(form):
    page = form()
    score = page.get_by_label("Value of the score", exact=True)
    score.fill("91")
    assert score.get_attribute("aria-invalid") == "true"
    assert page.get_by_text("Value of the score must be a number from 0 to 1.").is_visible()
    score.fill("0.91")
    assert score.get_attribute("aria-invalid") == "false"


def test_fields_that_do_not_apply_are_not_shown(form):
    page = form()
    step = page.get_by_label("Step between planes (µm)")
    assert not step.is_visible()
    page.get_by_label("Dimensions", exact=True).select_option("3")
    assert step.is_visible()


def test_copying_puts_the_paragraph_into_the_clipboard(form):
    page = form()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    fill_in(page)
    page.get_by_role("button", name="Copy the paragraph").click()
    page.get_by_role("status").filter(has_text="Copied the paragraph.").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == paragraph(page)


def test_a_browser_that_forbids_copying_says_what_to_do(form):
    page = form()
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')) }")
    page.get_by_role("button", name="Copy the card").click()
    page.get_by_role("status").filter(has_text="copy it by hand").wait_for()


def test_the_hash_of_a_chosen_file_is_computed_in_the_page(form, tmp_path):
    file = tmp_path / "model"
    file.write_bytes(b"weights")
    page = form()
    requests = []
    page.on("request", lambda request: requests.append(request.url))
    page.get_by_label("Compute the SHA-256 from a file").set_input_files(file)
    page.get_by_role("status").filter(has_text="SHA-256 of model filled in.").wait_for()
    assert card(page)["weights"]["sha256"] == hashlib.sha256(b"weights").hexdigest()
    assert requests == []


def test_nothing_is_kept_or_sent(form):
    page = form()
    requests = []
    page.on("request", lambda request: requests.append(request.url))
    before = page.evaluate(
        "JSON.stringify({...localStorage}) + JSON.stringify({...sessionStorage})"
    )
    fill_in(page)
    page.get_by_label("Kind of object", exact=True).fill("secret cells")
    page.wait_for_timeout(700)
    after = page.evaluate("JSON.stringify({...localStorage}) + JSON.stringify({...sessionStorage})")
    assert (requests, after, page.context.cookies()) == ([], before, [])
    page.reload()
    page.locator(".report-form").wait_for()
    assert page.get_by_label("Kind of object", exact=True).input_value() == ""


def test_clear_all_forgets(form):
    page = form()
    fill_in(page)
    page.get_by_role("button", name="Start again").click()
    assert card(page)["tool"]["name"] is None
    assert page.get_by_label("IoU threshold", exact=True).input_value() == "0.5"


def test_typed_markup_stays_text(form):
    page = form()
    page.get_by_label("Kind of object", exact=True).fill("<img src=x onerror=alert(1)>")
    assert page.locator(".report-paragraph img").count() == 0
    assert "<img src=x" in paragraph(page)


def test_without_script_the_example_and_the_template_are_there(browser, root):
    context = browser.new_context(java_script_enabled=False)
    try:
        page = context.new_page()
        page.goto(root + PAGE)
        figure = page.locator("figure[data-figure='report']")
        words = figure.inner_text()
        assert "We segmented nuclei in 48 images" in words
        assert "[pixel size]" in words
        assert json.loads(figure.locator("pre").inner_text())["weights"]["sha256"] == HASH
    finally:
        context.close()
