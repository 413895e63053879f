"""What every figure keeps to. What only one figure does is tested in its folder."""

import re
import shutil
from urllib.parse import urlsplit

import pytest
from filelock import FileLock
from PIL import Image
from playwright.sync_api import expect

from course_build import figures
from course_build.pages.figures import DATA_FIGURE
from course_build.site_check import html_files, page_address
from tests.docs.prose import words
from tests.site.checks import DIAGONAL, PATIENCE, VARIANTS, axe_faults, overflow_faults
from tests.site.fixtures import SHARED
from tests.site.places import ROOT
from tests.site.server import gzipped

FIGURES = ROOT / "figures"
FOLDERS = sorted(path.name for path in FIGURES.iterdir() if path.is_dir() and path.name[0] != "_")
INTERACTIVE = sorted(path.parent.name for path in FIGURES.glob("*/figure.js"))
# One is other words until its script comes: a worked example.
LONGER_WITHOUT_SCRIPT = ("report",)
# The picture at home has a look of its own; two forms end with what they have made.
FRAMED = [name for name in INTERACTIVE if name != "home"]
FORMS = ("hub_link", "report")
PHOTOGRAPHS = ROOT / "build" / "figures"  # kept by the workflow
CONTROLS = "button, input, select, textarea, [tabindex='0']:not(code)"
KINDS = re.compile(
    r"(compute|draw|test_\w+)\.py|figure\.(md|js|css|test\.mjs)|(data|page(_\w+)?|answers|stamp)\.json"
    r"|[\w-]+\.(svg|webp|tif)"
)

# Use all that a figure offers: press, choose the last, move to the end.
USE = """figure => {
  const all = kind => [...figure.querySelectorAll(kind)].filter(e => e.checkVisibility());
  const change = (e) => ["input", "change"].forEach(
    kind => e.dispatchEvent(new Event(kind, { bubbles: true })));
  for (const button of all("button"))
    if (button.isConnected && !button.disabled
        && !/start again|copy|download|save/i.test(button.textContent)) button.click();
  for (const box of all("input[type=radio], input[type=checkbox]")) box.click();
  for (const slider of all("input[type=range]")) { slider.value = slider.max; change(slider); }
  for (const list of all("select")) {
    if (!list.isConnected) continue;
    list.selectedIndex = [...list.options].findLastIndex(option => !option.disabled);
    change(list);
  }
}"""
# Parts that stick out of the figure, unless something around them scrolls.
STICKS_OUT = """figure => {
  const edge = figure.getBoundingClientRect().right + 1;
  const scrolls = e => { for (let p = e.parentElement; p && p !== figure; p = p.parentElement)
    if (getComputedStyle(p).overflowX !== "visible") return true; return false; };
  return [...figure.querySelectorAll("*")].filter(e => e.checkVisibility()
    && !e.closest("svg *, .md-clipboard") && e.getBoundingClientRect().right > edge && !scrolls(e))
    .map(e => `${e.tagName.toLowerCase()}.${e.className}`);
}"""
# Mount a figure again and again in the place of the last one, as if its page were left and visited.
REMOUNT = """async ([name, times]) => {
  const page = new DOMParser().parseFromString(await (await fetch(location)).text(), "text/html");
  const fresh = page.querySelector(`[data-figure="${name}"]`);
  const script = document.querySelector('script[src$="javascripts/site.js"]').src;
  const { mount } = await import(new URL(`../figures/${name}/figure.js`, script));
  for (let i = 0; i < times; i++) {
    const figure = document.importNode(fresh, true);
    document.querySelector(`[data-figure="${name}"]`).replaceWith(figure);
    await mount(figure);
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  }
  document.querySelector(`[data-figure="${name}"]`).replaceWith(document.importNode(fresh, false));
}"""


# How a figure looks where all look alike.
LOOK = """figure => {
  const style = (e, names) => names.map(name => getComputedStyle(e)[name]);
  const button = [...figure.querySelectorAll(".figure-button")].find(e => e.checkVisibility()
    && !e.closest("td, .decision-options")
    && !e.matches("[aria-pressed=true], [aria-disabled=true]"));
  button?.focus({ focusVisible: true });
  return [
    style(figure, ["borderTopWidth", "borderTopColor", "borderRadius", "backgroundColor", "width"]),
    style(figure.querySelector(".figure-title"), ["fontSize", "fontWeight", "textAlign"]),
    button && style(button, ["fontSize", "fontWeight", "color", "borderRadius", "minHeight",
      "outlineStyle", "outlineWidth", "outlineColor"]),
  ];
}"""


@pytest.fixture(scope="session")
def homes(site):
    """The page that shows a figure, by the figure's name."""
    shown = {}
    for name in html_files(site):
        for figure in DATA_FIGURE.findall((site / name).read_text("utf-8")):
            assert figure not in shown, f"{figure} is on {name} and on {shown[figure]}"
            shown[figure] = page_address(name)
    assert sorted(shown) == INTERACTIVE
    return shown


def started(page, name):
    """The figure, once its script has put something to use into it."""
    figure = page.locator(f"[data-figure={name}]")
    # Code in the words without script gets a button for copying: that is no control of the figure.
    controls = figure.locator(f":is({CONTROLS}):not(.md-code__button)")
    expect(controls.filter(visible=True)).not_to_have_count(0, timeout=PATIENCE)
    return figure


# --- In the folder ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", figures.names())
def test_what_is_stored_is_what_its_script_makes_now(name):
    assert figures.stale(name) == []


@pytest.mark.parametrize("name", FOLDERS)
def test_a_folder_holds_nothing_but_its_figure(name):
    files = {path.name for path in (FIGURES / name).iterdir() if path.is_file()}
    assert [file for file in files if not KINDS.fullmatch(file)] == []
    assert "figure.md" not in files or f'data-figure="{name}"' in (
        FIGURES / name / "figure.md"
    ).read_text(encoding="utf-8")
    assert ("figure.js" in files) == ("figure.md" in files)
    light = {file.replace("-light", "") for file in files if file.endswith("-light.svg")}
    assert light == {file.replace("-dark", "") for file in files if file.endswith("-dark.svg")}


@pytest.mark.parametrize("name", [name for name in FRAMED if name != "hub_link"])
def test_there_is_one_way_to_start_again(name):
    script = (FIGURES / name / "figure.js").read_text(encoding="utf-8")
    assert len(re.findall(r"\bstartAgain\(", script)) == 1
    assert not re.search(r'"(Reset|Clear|Back|Restart)\b', script)


# --- On its page --------------------------------------------------------------------------------


def test_figures_load_on_their_page_only_and_are_small(homes, visits, site):
    for seen in visits("light-1280"):
        loaded = {
            site / urlsplit(url).path.lstrip("/")
            for url in seen.everything
            if re.search(r"/figures/[\w-]+/(figure\.js|page\.json)", url)
        }
        shown = {name for name, page in homes.items() if page == seen.path}
        assert {file.parent.name for file in loaded if file.suffix == ".js"} == shown, seen.path
        script = sum(len(gzipped(file)) for file in loaded if file.suffix == ".js")
        numbers = sum(file.stat().st_size for file in loaded if file.suffix == ".json")
        assert script <= 30_000, f"{seen.path}: {script} bytes of script, gzipped"
        assert numbers <= 400_000, f"{seen.path}: {numbers} bytes of data"


@pytest.mark.parametrize("width", [pytest.param(1280, marks=pytest.mark.long), 390])
@pytest.mark.parametrize("name", [n for n in INTERACTIVE if n not in LONGER_WITHOUT_SCRIPT])
def test_its_place_is_kept_free_until_it_comes(name, width, homes, open_page, root):
    page = open_page(width=width)
    held = []
    page.route(f"**/figures/{name}/figure.js", lambda route: held.append(route))
    page.goto(root + homes[name])
    figure = page.locator(f"[data-figure={name}]")
    figure.scroll_into_view_if_needed()
    page.evaluate("document.fonts.ready.then(() => true)")
    while not held:
        page.wait_for_timeout(50)
    before = figure.bounding_box()["height"]
    held[0].continue_()
    started(page, name)
    page.wait_for_timeout(200)
    assert figure.bounding_box()["height"] == pytest.approx(before, abs=2)


@pytest.mark.parametrize("name", INTERACTIVE)
def test_tab_reaches_every_control_and_shows_where_it_is(name, homes, open_page):
    page = open_page(homes[name])
    figure = started(page, name)
    figure.evaluate("""figure => {
      figure.tabIndex = -1; figure.focus();
      // A group of radio buttons is one stop.
      window.stops = new Set([...figure.querySelectorAll(
        "button, input, select, textarea, a[href], summary, [tabindex='0']")]
        .filter(e => e.checkVisibility() && !e.disabled)
        .map(e => e.type === "radio" ? e.name : e));
    }""")
    for _ in range(200):
        page.keyboard.press("Tab")
        stop = figure.evaluate("""figure => {
          const e = document.activeElement;
          if (!figure.contains(e)) return null;
          window.stops.delete(e.type === "radio" ? e.name : e);
          const around = [e, e.labels?.[0], e.nextElementSibling, e.parentElement,
            e.closest("label")].filter(Boolean)
            .flatMap(x => [getComputedStyle(x), getComputedStyle(x, "::after")]);
          return { html: e.outerHTML.slice(0, 120), ring: around.some(s => s.boxShadow !== "none"
            || (s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0)) };
        }""")
        if stop is None:
            break
        assert stop["ring"], f"no focus ring on {stop['html']}"
    left = figure.evaluate("() => [...window.stops].map(e => e.outerHTML?.slice(0, 120) ?? e)")
    assert left == []


@pytest.fixture
def example(homes, open_page):
    """How frame, title, button and focus ring of the example that readers copy look."""
    return started(open_page(homes["threshold"]), "threshold").evaluate(LOOK)


@pytest.mark.parametrize("name", ["home", "cellpose_dynamics", "stardist_candidates"])
def test_a_finger_is_told_to_tap_and_a_mouse_to_point(name, homes, browser, root):
    for touch, word in ((True, "tap"), (False, "(point at|click)")):
        context = browser.new_context(has_touch=touch, is_mobile=touch)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(root + homes[name])
        said = page.locator(f"[data-figure={name}] [data-tap]").first
        expect(said).to_have_text(re.compile(f"^{word}$", re.I))
        context.close()


@pytest.mark.parametrize("name", FRAMED)
def test_the_task_comes_first_the_verdict_last_and_all_look_alike(name, homes, open_page, example):
    page = open_page(homes[name])
    figure = started(page, name)
    assert figure.locator(":scope > *").nth(0).get_attribute("class") == "figure-title"
    assert figure.locator(":scope > *").nth(1).get_attribute("class") == "figure-try"
    after = figure.evaluate("""figure => {
      const verdict = figure.querySelector(".figure-verdict");
      return [...figure.querySelectorAll("button, input, select")].filter(control =>
        verdict.compareDocumentPosition(control) & Node.DOCUMENT_POSITION_FOLLOWING)
        .map(control => control.outerHTML.slice(0, 80));
    }""")
    assert after == [] or name in FORMS
    *frame, button = figure.evaluate(LOOK)
    assert [*frame, button or example[-1]] == example  # two show no button of this kind at first


@pytest.fixture(scope="session")
def photographs():
    """The folder for them, without those of the run before."""
    with FileLock(SHARED / "photographs.lock"):
        if not (SHARED / "photographs").exists():
            (SHARED / "photographs").touch()
            shutil.rmtree(PHOTOGRAPHS, ignore_errors=True)
            PHOTOGRAPHS.mkdir(parents=True)
    return PHOTOGRAPHS


@pytest.mark.parametrize("variant", DIAGONAL)
@pytest.mark.parametrize("name", INTERACTIVE)
def test_used_to_the_full_it_is_accessible_and_fits(name, variant, homes, open_page, photographs):
    scheme, width = VARIANTS[variant]
    page = open_page(homes[name], scheme=scheme, width=width)
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    figure = started(page, name)
    page.add_style_tag(content=".md-header { display: none }")  # it would lie over tall figures
    file = photographs / f"{name}-{variant}.png"
    figure.screenshot(path=file)
    colours = Image.open(file).convert("RGB").getcolors(1 << 24)
    assert len(colours) > 50, f"{file.name} is blank"
    figure.evaluate(USE)
    page.wait_for_timeout(300)
    broken = axe_faults(page, f"[data-figure={name}]")
    assert broken + overflow_faults(page) + figure.evaluate(STICKS_OUT) + errors == []


def speaks_without_controls(figure):
    """The words of the figure stand there, and nothing to press."""
    shown = figure.inner_text() + " ".join(
        picture.get_attribute("alt") for picture in figure.locator("img:visible").all()
    )
    assert len(words(shown)) >= 20, shown
    assert not figure.locator("button:visible, input:visible, select:visible").count()


@pytest.mark.parametrize("name", INTERACTIVE)
def test_without_script_its_words_are_there(name, homes, browser, root):
    page = browser.new_page(java_script_enabled=False)
    page.goto(root + homes[name])
    speaks_without_controls(page.locator(f"[data-figure={name}]"))
    page.close()


@pytest.mark.parametrize("name", [n for n in INTERACTIVE if (FIGURES / n / "page.json").exists()])
def test_without_its_data_its_words_are_there(name, homes, open_page, root):
    page = open_page()
    data = f"/figures/{name}/page.json"
    page.route(f"**{data}", lambda route: route.abort())
    with page.expect_event("requestfailed", lambda request: request.url.endswith(data)):
        page.goto(root + homes[name])
        page.locator(f"[data-figure={name}]").scroll_into_view_if_needed()
    speaks_without_controls(page.locator(f"[data-figure={name}]"))


@pytest.mark.long
@pytest.mark.parametrize("name", INTERACTIVE)
def test_fifty_visits_leave_no_memory_and_no_listener_behind(name, homes, open_page):
    page = open_page(homes[name])
    expect(page.locator(f"[data-figure={name}]")).to_be_attached(timeout=PATIENCE)
    inspector = page.context.new_cdp_session(page)
    inspector.send("Performance.enable")

    def metrics():
        inspector.send("HeapProfiler.collectGarbage")
        rows = inspector.send("Performance.getMetrics")["metrics"]
        return {metric["name"]: metric["value"] for metric in rows}

    def grown(few, many):
        room = {"JSEventListeners": 0, "Nodes": 20, "JSHeapUsedSize": 1_000_000}
        return {
            name: many[name] - few[name] for name in room if many[name] > few[name] + room[name]
        }

    page.evaluate(REMOUNT, [name, 5])
    few = metrics()
    page.evaluate(REMOUNT, [name, 50])
    for _ in range(20):  # a collection may leave what only the next one can free
        if not grown(few, metrics()):
            break
        page.wait_for_timeout(500)
    assert not grown(few, metrics())


@pytest.mark.long
@pytest.mark.parametrize("name", figures.names())
def test_its_script_run_again_gives_the_same(name):
    assert figures.check(name) == []
