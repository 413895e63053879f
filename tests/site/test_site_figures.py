"""Every interactive figure: what it weighs, what it leaves behind, and a photograph to look at."""

import shutil
from urllib.parse import urlsplit

import pytest
from PIL import Image
from playwright.sync_api import expect

from course_build.site_check import html_files, page_address
from tests.site.checks import PATIENCE
from tests.site.places import ROOT
from tests.site.server import gzipped

FIGURES = ROOT / "docs" / "javascripts" / "figures"
NAMES = sorted(file.stem for file in FIGURES.glob("*.js"))
PHOTOGRAPHS = ROOT / "build" / "figures"  # kept by the workflow
CONTROLS = "button, input, [tabindex='0']"  # what only the script makes
VARIANTS = {"light": ("light", 1280), "dark": ("dark", 1280), "phone": ("light", 390)}

# Mount a figure again and again in the place of the last one, as if its page were left and visited.
REMOUNT = """async ([name, times]) => {
  const page = new DOMParser().parseFromString(await (await fetch(location)).text(), "text/html");
  const fresh = page.querySelector(`[data-figure="${name}"]`);
  const script = document.querySelector('script[src$="javascripts/site.js"]').src;
  const { mount } = await import(new URL(`./figures/${name}.js`, script));
  for (let i = 0; i < times; i++) {
    const figure = document.importNode(fresh, true);
    document.querySelector(`[data-figure="${name}"]`).replaceWith(figure);
    await mount(figure);
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  }
  document.querySelector(`[data-figure="${name}"]`).replaceWith(document.importNode(fresh, false));
}"""


@pytest.fixture(scope="session")
def homes(site):
    """{figure: the page that shows it}"""
    texts = {page_address(name): (site / name).read_text("utf-8") for name in html_files(site)}
    found = {
        name: [page for page, text in texts.items() if f'data-figure="{name}"' in text]
        for name in NAMES
    }
    assert all(len(where) == 1 for where in found.values()), found
    return {name: where[0] for name, where in found.items()}


def test_figures_load_on_their_page_only_and_are_small(homes, visits, site):
    for seen in visits("light-1280"):
        loaded = {
            site / urlsplit(url).path.lstrip("/")
            for url in seen.everything if "/javascripts/figures/" in url
        }  # fmt: skip
        shown = {name for name, page in homes.items() if page == seen.path}
        assert {file.stem for file in loaded if file.suffix == ".js"} == shown, seen.path
        script = sum(len(gzipped(file)) for file in loaded if file.suffix == ".js")
        data = sum(file.stat().st_size for file in loaded if file.suffix != ".js")
        assert script <= 30_000, f"{seen.path}: {script} bytes of script, gzipped"
        assert data <= 400_000, f"{seen.path}: {data} bytes of data"


@pytest.mark.parametrize("width", [1280, 700, 390])
# Two figures are other words until their script comes: every question, and a worked example.
@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("decision", "report")])
def test_its_place_is_kept_free_until_it_comes(name, width, homes, open_page, root):
    page = open_page(width=width)
    held = []
    page.route(f"**/figures/{name}.js", lambda route: held.append(route))
    page.goto(root + homes[name])
    figure = page.locator(f"[data-figure={name}]")
    figure.scroll_into_view_if_needed()
    page.evaluate("document.fonts.ready.then(() => true)")
    while not held:
        page.wait_for_timeout(50)
    before = figure.bounding_box()["height"]
    held[0].continue_()
    expect(figure.locator(CONTROLS).first).to_be_visible(timeout=PATIENCE)
    page.wait_for_timeout(200)
    assert figure.bounding_box()["height"] == pytest.approx(before, abs=2)


@pytest.mark.parametrize("name", NAMES)
def test_fifty_visits_leave_no_memory_and_no_listener_behind(name, homes, open_page):
    page = open_page(homes[name])
    expect(page.locator(f"[data-figure={name}]")).to_be_attached(timeout=PATIENCE)
    inspector = page.context.new_cdp_session(page)
    inspector.send("Performance.enable")

    def metrics():
        inspector.send("HeapProfiler.collectGarbage")
        found = inspector.send("Performance.getMetrics")["metrics"]
        return {metric["name"]: metric["value"] for metric in found}

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


@pytest.fixture(scope="session")
def photographs():
    """The folder for them, without those of figures that are gone."""
    shutil.rmtree(PHOTOGRAPHS, ignore_errors=True)
    PHOTOGRAPHS.mkdir(parents=True)
    return PHOTOGRAPHS


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("name", NAMES)
def test_a_photograph_is_kept_to_look_at(name, variant, homes, open_page, photographs):
    scheme, width = VARIANTS[variant]
    page = open_page(homes[name], scheme=scheme, width=width)
    figure = page.locator(f"[data-figure={name}]")
    expect(figure.locator(CONTROLS).first).to_be_visible(timeout=PATIENCE)
    page.add_style_tag(content=".md-header { display: none }")  # it would lie over tall figures
    file = photographs / f"{name}-{variant}.png"
    figure.screenshot(path=file)
    picture = Image.open(file)
    assert picture.width <= width
    assert len(picture.convert("RGB").getcolors(1 << 24)) > 50, f"{file.name} is blank"
