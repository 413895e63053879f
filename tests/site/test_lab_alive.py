"""The page *Try your own image* stays alive: memory, workers, files and tabs that go away."""

import numpy as np
import psutil
import pytest
import tifffile
from playwright.sync_api import expect

from bioimage_course import data
from tests.site.checks import PATIENCE
from tests.site.lab import choose, problem, run

#: `window.breaking` says what becomes of the next question to a worker.
BREAK = """
  const Real = window.Worker;
  window.Worker = class extends Real {
    postMessage(data, ...more) {
      const how = window.breaking;
      window.breaking = null;
      if (!how || data.kind === "cancel") return super.postMessage(data, ...more);
      if (how === "lost") return void this.dispatchEvent(new ErrorEvent("error"));
      const error = { name: "RangeError", message: "Array buffer allocation failed" };
      this.dispatchEvent(new MessageEvent("message", { data: { id: data.id, error } }));
    }
  };
"""
#: A tab in the background: nothing is painted, and timers come once a second.
HIDE = """
  Object.defineProperty(document, "visibilityState", { get: () => window.seen ? "visible" : "hidden" });
  Object.defineProperty(document, "hidden", { get: () => !window.seen });
  const [frame, timer] = [window.requestAnimationFrame, window.setTimeout];
  const waiting = [];
  window.requestAnimationFrame = (act) => window.seen ? frame(act) : waiting.push(act);
  window.setTimeout = (act, wait, ...more) => timer(act, window.seen ? wait : Math.max(1000, wait || 0), ...more);
  window.look = () => { window.seen = true; waiting.splice(0).forEach((act) => frame(act)); };
"""  # noqa: E501


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("memory", "The memory of this browser does not suffice for 240 × 200 pixels"),
        ("lost", "has stopped. Run it again; your image is still here"),
    ],
)
def test_a_run_that_fails_is_told_and_what_was_shown_stays(visit, files, how, said):
    page, seen = visit("?tool=stardist")
    page.add_init_script(BREAK)
    page.reload()
    choose(page, files / "nuclei.tif")
    count = run(page)
    page.evaluate(f"window.breaking = '{how}'")
    page.locator("[data-lab=run]").click()
    assert said in problem(page)
    expect(page.locator("[data-lab=count]")).to_have_text(str(count))
    expect(page.locator("[data-lab=run]")).to_be_visible()
    # What the engine knew is lost with its worker: a threshold makes the network run again.
    page.get_by_role("slider", name="Probability threshold").fill("0.8")
    expect(page.locator("[data-lab=count]")).not_to_have_text(str(count), timeout=PATIENCE)
    page.get_by_role("button", name="Back to the start").click()
    expect(page.locator("[data-lab=count]")).to_have_text(str(count))
    assert run(page) == count
    # A threshold fails, too: the next one makes the network run again.
    page.evaluate(f"window.breaking = '{how}'")
    page.get_by_role("slider", name="Probability threshold").fill("0.75")
    assert problem(page)
    page.get_by_role("slider", name="Probability threshold").fill("0.8")
    expect(page.locator("[data-lab=count]")).not_to_have_text(str(count), timeout=PATIENCE)
    assert seen.faults["errors"] == []


def several(count, folder, image):
    """Write some small files, and return their paths."""
    paths = [folder / f"{number}.tif" for number in range(count)]
    for path in paths:
        tifffile.imwrite(path, image[:100, :100])
    return paths


def test_one_of_several_that_fails_gets_a_row_and_the_next_a_new_worker(visit, files, nuclei):
    paths = several(3, files, nuclei[0])
    page, _ = visit("?tool=stardist")
    page.add_init_script(BREAK)
    page.reload()
    choose(page, paths)
    run(page)
    page.evaluate("window.breaking = 'lost'")
    page.locator("[data-lab=run-all]").click()
    expect(page.locator(".lab-status")).to_contain_text("3 of 3 files", timeout=PATIENCE)
    rows = page.locator(".lab-batch tbody tr")
    assert "has stopped" in rows.nth(0).inner_text()
    assert "px" in rows.nth(1).inner_text() and "px" in rows.nth(2).inner_text()


def test_a_file_that_changed_on_disk_is_told_and_what_was_shown_stays(visit, files, nuclei):
    paths = several(2, files, nuclei[0])
    page, _ = visit("?tool=stardist")
    choose(page, paths)
    count = run(page)
    paths[1].write_bytes(paths[1].read_bytes()[:5000])
    page.locator("[data-lab=run-all]").click()
    expect(page.locator(".lab-status")).to_contain_text("2 of 2 files", timeout=PATIENCE)
    assert "was moved, or changed" in page.locator(".lab-batch tbody tr").nth(1).inner_text()
    page.get_by_role("button", name="Show 1.tif").click()
    assert "was moved, or changed" in problem(page)
    expect(page.locator("[data-lab=count]")).to_have_text(str(count))


def test_a_tab_in_the_background_gets_its_result(visit, files):
    page, seen = visit("?tool=stardist")
    page.add_init_script(HIDE)
    page.reload()
    choose(page, files / "nuclei.tif")
    expect(page.locator(".lab-name")).to_contain_text("nuclei.tif")
    # As a reader would: choose, start, and look at something else. No click that waits for frames.
    page.evaluate("document.querySelector('[data-lab=run]').click()")
    expect(page.locator(".lab-status")).to_contain_text("Done:", timeout=PATIENCE)
    before = page.evaluate("document.querySelector('.lab-canvas').toDataURL()")
    page.evaluate("window.look()")
    page.wait_for_function(
        "b => document.querySelector('.lab-canvas').toDataURL() !== b", arg=before
    )
    assert seen.faults["errors"] == []


@pytest.mark.long
def test_after_fifty_images_the_memory_is_back(visit, files):
    """In the process of the page and its worker: within 50 MB of what the first few left.

    What a run holds of one such image, its pixels, labels or probabilities, is 1 MB each.
    """
    image, _ = data.nuclei()
    paths = [files / f"{number}.tif" for number in range(50)]
    for number, path in enumerate(paths):
        tifffile.imwrite(path, np.roll(image, 10 * number, axis=0))
    page, _ = visit("?tool=stardist")

    def memory(chosen):
        choose(page, chosen)
        page.locator("[data-lab=run-all]").click()
        done = page.locator(".lab-status").filter(has_text=f"{len(chosen)} of {len(chosen)} files")
        expect(done).to_be_visible(timeout=10 * PATIENCE)
        choose(page, paths[0])  # lets go of the rows
        expect(page.locator(".lab-batch")).to_be_hidden()
        devtools = page.context.new_cdp_session(page)
        for _ in range(3):
            devtools.send("HeapProfiler.collectGarbage")
            page.wait_for_timeout(1000)
        devtools.detach()
        renderers = [
            process
            for process in psutil.Process().children(recursive=True)
            if "--type=renderer" in process.cmdline()
        ]
        return max(process.memory_info().rss for process in renderers)

    start = memory(paths[:5])
    end = memory(paths)
    print(f"{start / 1e6:.0f} MB, then {end / 1e6:.0f} MB")
    assert end - start < 50e6, f"{start / 1e6:.0f} MB became {end / 1e6:.0f} MB"
