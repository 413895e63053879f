"""The search in a real browser: what it finds, when it loads, and how it works without a mouse."""

import json
import re
from urllib.parse import unquote, urldefrag, urlsplit

import pytest
from playwright.sync_api import expect

from course_build.pages.search_index import SCRIPT, read_script, read_synonyms
from tests.site.checks import axe_faults
from tests.site.places import FOLDER, ROOT
from tests.site.server import serve

FAILS = ("practice/when-it-fails", "notebooks/08_when_it_fails")
# What people at a microscope type, and the pages that answer it best.
EVERYDAY = {
    "nuclei are split": FAILS,
    "touching nuclei are merged": (*FAILS, "concepts/unet"),
    "blurry image": FAILS,
    "z stack": ("practice/large-images", "notebooks/11_nuclei_in_3d"),
    "train on my own images": ("practice/training", "notebooks/09_train_stardist",
                               "notebooks/10_finetune_cellpose"),
    "out of memory": ("reference/faq", "practice/large-images", "notebooks/12_large_images"),
    "GPU": ("start/set-up", "reference/faq"),
    "install": ("start/set-up",),
    "cells": ("tools/cellpose", "notebooks/06_cellpose_cells", "notebooks/17_whole_cells"),
    "stardist or cellpose": ("tools/which-tool",),
    "diameter": ("tools/cellpose", "reference/faq"),
    "Fiji": ("clicks/fiji",),
    "export to Excel": ("practice/measuring", "notebooks/13_measure_and_export"),
    "pixel size": ("practice/measuring", "concepts/images-as-numbers"),
    "batch": ("practice/large-images", "notebooks/15_your_own_images"),
    "how many images do I need": ("practice/annotating", "reference/faq"),
    "annotate": ("practice/annotating",),
    "intersection over union": ("practice/evaluating", "reference/glossary"),
    "overfitting": ("concepts/how-a-network-learns",),
    "how do I report my methods": ("practice/reporting",),
}  # fmt: skip
# Programs by their names, and the page that uses each.
PROGRAMS = {
    "Fiji": "clicks/fiji",
    "ImageJ": "clicks/fiji",
    "QuPath": "clicks/qupath",
    "napari": "clicks/napari",
    "Cellpose GUI": "clicks/cellpose-window",
    "CellProfiler": "clicks/cellprofiler-trackmate",
    "TrackMate": "clicks/cellprofiler-trackmate",
}
NOTEBOOKS = {
    file.stem: json.loads(file.read_text(encoding="utf-8"))
    for file in sorted((ROOT / "notebooks").glob("*.ipynb"))
}


@pytest.fixture(scope="module")
def index(site):
    """What the site's search knows."""
    return read_script((site / SCRIPT).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def in_folder(site):
    """The address of the site in a sub-folder."""
    with serve(site, FOLDER) as address:
        yield address


@pytest.fixture
def opened(open_page, in_folder):
    """A page in a sub-folder with the search open and ready."""
    page = open_page("tools/stardist/", address=in_folder)
    return opened_search(page)


def dialog_status(page):
    """What the search says; figures on the page behind it have a status, too."""
    return page.get_by_role("dialog").get_by_role("status")


def opened_search(page):
    page.keyboard.press("/")
    expect(dialog_status(page)).to_contain_text("Every word")
    return page


def type_in(page, query):
    """Type a query and return the addresses of the results, the best first."""
    page.get_by_role("dialog").get_by_role("textbox").fill(query)
    wait_for_results(page, query)
    return page.locator(".search-results > li > a").evaluate_all("all => all.map(a => a.href)")


def wait_for_results(page, query):
    page.wait_for_function(
        "query => document.querySelector('dialog.search').dataset.shown === query", arg=query
    )


def page_of(address, root):
    return unquote(urldefrag(address)[0].split("?")[0].removeprefix(root)).strip("/")


def test_everyday_words_bring_the_right_page_first(opened, in_folder):
    first = {query: (type_in(opened, query) or [in_folder])[0] for query in EVERYDAY}
    missed = {
        query: page_of(address, in_folder)
        for query, address in first.items()
        if page_of(address, in_folder) not in EVERYDAY[query]
    }
    print("missed:", missed or "none")
    assert len(EVERYDAY) == 20
    assert len(missed) <= 2, missed


#: Words that readers look for, and the section that answers them.
SECTIONS = {
    "calibrated": "reference/faq/#a-probability-of-09-right-nine-times-in-ten",
    "negative labels": "reference/faq/#can-i-annotate-only-a-part-of-an-image",
    "ignored regions": "reference/faq/#can-i-annotate-only-a-part-of-an-image",
    "Trackastra": "reference/faq/#can-i-segment-a-film-time-lapse-movie",
    "warm-up": "practice/large-images/#gpu-proof",
    "default model changed": "practice/reporting/#a-default-model-changed-under-the-same-name",
    "Colab limits": "reference/faq/#my-model-and-my-images-are-gone",
    "10000 images": "reference/faq/#i-have-10000-images",
    "shortcut": "concepts/how-a-network-learns/#shortcuts",
    "confounder": "concepts/how-a-network-learns/#shortcuts",
    "batch effect": "concepts/how-a-network-learns/#shortcuts",
    "time-lapse": "clicks/cellprofiler-trackmate/#trackmate",
    "movie": "clicks/cellprofiler-trackmate/#trackmate",
    "membrane": "tools/cells/#membrane",
    "yeast": "tools/cells/#yeast",
    "InstanSeg": "clicks/qupath/#instanseg-in-ten-steps",
    "Kaggle": "reference/faq/#colab-gives-me-no-gpu-is-there-another-one-for-nothing",
    "Google Drive": "start/set-up/#files-on-colab",
    "foci": "reference/faq/#how-many-spots-foci-has-each-nucleus",
    "percent positive": "reference/faq/#how-many-percent-are-positive",
    "classes of nuclei": "reference/faq/#can-stardist-tell-classes-of-nuclei-apart",
    "command line": "reference/faq/#cellpose-from-the-command-line-a-folder-without-code",
}
#: Parts of messages, as people paste them, and the question that answers each.
MESSAGES = {
    "name 'dinov3_vitl16' is not defined": "name-dinov3_vitl16-is-not-defined",
    "axes (YXC) must be of length 2": "axes-yxc-must-be-of-length-2",
    "Using default values": "using-default-values-prob_thresh05-nms_thresh04",
    "output path already exists": "output-path-for-model-already-exists-files-may-be-overwritten",
    "Could not find SavedModel": "fiji-could-not-find-savedmodel-pb-or-pbtxt",
    "unexpected keyword argument 'invert'": "eval-got-an-unexpected-keyword-argument-invert",
    "operator torchvision::nms does not exist": "operator-torchvisionnms-does-not-exist",
    "BFloat16": "bfloat16-is-not-supported-on-mps",
    "unicodeescape": "unicodeescape-a-path-of-windows",
    "int too big to convert": "int-too-big-to-convert-while-rois-are-written",
    "assignment destination is read-only": "valueerror-assignment-destination-is-read-only",
    "must be numpy.ndarray, not numpy.ndarray": "must-be-numpyndarray-not-numpyndarray",
    "DLL load failed while importing cv2": "dll-load-failed-on-windows",
    "weight file containing 18 layers": "layer-count-mismatch-when-loading-weights",
    "cannot import name 'logger' from 'cellpose'": "cannot-import-name-logger-from-cellpose",
}


def test_words_of_one_question_bring_its_section_first(opened, in_folder):
    first = {query: (type_in(opened, query) or [in_folder])[0] for query in SECTIONS}
    found = {
        query: f"{page_of(address, in_folder)}/#{urldefrag(address)[1]}"
        for query, address in first.items()
    }
    assert found == SECTIONS


def test_a_pasted_message_brings_its_question_first(opened, in_folder):
    first = {message: (type_in(opened, message) or [in_folder])[0] for message in MESSAGES}
    assert {page_of(address, in_folder) for address in first.values()} == {"reference/faq"}
    assert {message: urldefrag(address)[1] for message, address in first.items()} == MESSAGES


def test_each_program_is_found_by_its_name(opened, in_folder):
    first = {name: page_of(type_in(opened, name)[0], in_folder) for name in PROGRAMS}
    assert first == PROGRAMS


def words(text):
    """The plain words of Markdown, without code, formulas and addresses."""
    text = re.sub(
        r"```.*?```|`[^`]*`|\$[^$]*\$|\]\([^)]*\)|https?:\S+|<[^>]*>", " ", text, flags=re.S
    )
    return set(re.findall(r"\b[a-z]{7,}\b", text))


def test_each_notebook_is_found_by_its_rarest_word(opened, in_folder, notebook_pages, index):
    texts = {page["url"]: json.dumps(page).lower() for page in index["pages"]}
    lost = []
    for name, notebook in NOTEBOOKS.items():
        cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "markdown"]
        own = words("\n\n".join("".join(cell["source"]) for cell in cells))
        elsewhere = " ".join(text for url, text in texts.items() if url != notebook_pages[name])
        rarest = min(sorted(own), key=lambda word: (elsewhere.count(word[:6]), -len(word)))
        results = [page_of(address, in_folder) for address in type_in(opened, rarest)]
        if notebook_pages[name].strip("/") not in results:
            lost.append((name, rarest, results))
    assert lost == []


def test_nothing_of_the_search_loads_until_it_is_opened(open_page, in_folder):
    page = open_page("", address=in_folder)
    asked = []
    page.on("request", lambda request: asked.append(urlsplit(request.url).path))
    page.reload(wait_until="networkidle")
    before = [path for path in asked if path.endswith(".js") and "search" in path]
    opened_search(page)
    assert before == []
    assert f"{FOLDER}{SCRIPT}" in asked


def test_every_result_leads_to_a_heading_that_is_there(opened, in_folder, site):
    for query in ("threshold", "stardist", "how many images do I need"):
        type_in(opened, query)
        links = opened.locator(".search-results a")
        for address in links.evaluate_all("all => all.map(a => a.href)"):
            anchor = urlsplit(address).fragment
            page = site / page_of(address, in_folder) / "index.html"
            assert not anchor or f'id="{unquote(anchor)}"' in page.read_text(encoding="utf-8")


def test_arrows_enter_and_escape_are_all_it_takes(opened):
    type_in(opened, "pixel size")
    field = opened.get_by_role("dialog").get_by_role("textbox")
    links = opened.locator(".search-results a")
    opened.keyboard.press("ArrowDown")
    expect(links.first).to_be_focused()
    opened.keyboard.press("n")  # on the page itself, this key leads to the next one
    expect(field).to_be_focused()
    expect(field).to_have_value("pixel sizen")
    wait_for_results(opened, "pixel sizen")
    opened.keyboard.press("ArrowUp")
    expect(links.last).to_be_focused()
    opened.keyboard.press("Escape")
    expect(opened.get_by_role("dialog")).to_be_hidden()
    opened.keyboard.press("/")
    expect(field).to_be_focused()
    best = type_in(opened, "pixel size")[0]
    opened.keyboard.press("Enter")
    opened.wait_for_url(best)
    marked = "[...CSS.highlights.get('search')].map(range => range.toString().toLowerCase())"
    opened.wait_for_function("CSS.highlights.has('search')")
    assert {"pixel", "size"} <= set(opened.evaluate(marked))


def test_what_is_typed_before_anything_has_loaded_is_searched_for(open_page, in_folder):
    page = open_page("", address=in_folder)
    page.route(f"**/{SCRIPT}", lambda route: (page.wait_for_timeout(300), route.continue_()))
    page.keyboard.press("/")
    page.keyboard.type("napari")  # n alone would lead to the next page
    wait_for_results(page, "napari")
    assert page.url == in_folder
    assert page.locator(".search-results a").count()


def test_the_button_opens_it_and_gets_the_focus_back(open_page):
    page = open_page("practice/training/")
    button = page.get_by_role("button", name="Search")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Search")).to_be_visible()
    page.get_by_role("button", name="Close").click()
    expect(button).to_be_focused()


def test_it_closes_before_anything_has_loaded(open_page):
    page = open_page()
    page.route("**/search.js", lambda route: None)  # never answered
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("dialog", name="Search")).to_be_visible()
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_role("dialog", name="Search")).to_be_hidden()


def test_letters_in_a_form_do_not_open_it(open_page):
    page = open_page("practice/reporting/")
    page.locator("main input[type=text], main textarea").first.focus()
    page.keyboard.type("s/f")
    page.wait_for_timeout(200)
    assert page.get_by_role("dialog").count() == 0


@pytest.mark.parametrize("variant", [("light", 1280), ("dark", 390)], ids=["light", "dark"])
def test_the_open_search_is_accessible_and_as_wide_as_the_window(open_page, variant):
    scheme, width = variant
    page = opened_search(open_page(scheme=scheme, width=width))
    assert axe_faults(page) == []
    type_in(page, "nuclei are split")
    assert page.locator(".search-results mark").count() > 3
    assert axe_faults(page) == []
    assert page.evaluate("document.querySelector('dialog').scrollWidth") <= width


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("stardust", "with “stardist”"),
        ("polynomial zebrafish", "No page has all of these words."),
        ("zzzzzzzz", "No page has this word."),
    ],
)
def test_it_says_when_it_shows_something_else_than_was_typed(opened, query, says):
    type_in(opened, query)
    expect(dialog_status(opened)).to_contain_text(says)


def test_an_index_that_does_not_come_is_said_and_asked_for_again(open_page):
    page = open_page()
    page.route(f"**/{SCRIPT}", lambda route: route.abort())
    page.keyboard.press("/")
    expect(dialog_status(page)).to_contain_text("did not load")
    page.unroute(f"**/{SCRIPT}")
    assert type_in(page, "Fiji")


LOST = """async (ways) => {
  const { prepare, search } = await import("../../javascripts/search_ranking.js");
  const site = prepare(globalThis.searchIndex);
  return ways.filter((way) => !search(site, way).complete);
}"""


def test_every_synonym_leads_somewhere(opened):
    text = (ROOT / "docs" / "reference" / "synonyms.yml").read_text(encoding="utf-8")
    ways = [way for group in read_synonyms(text) for way in group]
    assert opened.evaluate(LOST, ways) == []


def test_hints_outputs_checks_and_quizzes_are_not_what_it_finds(index):
    texts = " ".join(text for page in index["pages"] for section in page["sections"]
                     for text in section if isinstance(text, str))  # fmt: skip
    assert "non_maximum_suppression" in texts  # the code of a lesson is
    assert "term-" not in texts and "def check_" not in texts
    assert "Not yet. labels is a mask" not in texts  # printed until the answer is right
    assert "with rather rough outlines. You want to count" not in texts  # a question of a quiz
