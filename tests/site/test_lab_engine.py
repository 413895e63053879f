"""The lab's engine in a browser: it segments, answers thresholds, and tells what went wrong."""

import base64
import lzma
import shutil

import numpy as np
import pytest

from bioimage_course import data
from course_build import ROOT, lab
from tests.lab import both
from tests.site.server import gzipped, serve

PREPARE = """async (raw) => {
  const { Engine, EngineError } = await import("./lab/lab.js");
  const bytes = Uint8Array.from(atob(raw), (letter) => letter.charCodeAt(0));
  const image = { height: 150, width: 201, channels: [new Float32Array(bytes.buffer)] };
  const told = async (promise) => {
    try { await promise; return "no error"; }
    catch (error) {
      return [error instanceof EngineError ? "EngineError" : error.name, error.message];
    }
  };
  const engine = new Engine(new URL("./lab/", location.href));
  Object.assign(window, { Engine, image, told, engine });
}"""


@pytest.fixture
def built(tmp_path):
    """A site of the lab's files and an empty page."""
    (tmp_path / "index.html").write_text(
        '<!doctype html><title>Lab</title><link rel="icon" href="data:,">'
    )
    for name in lab.published(ROOT):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    for name, content in lab.made(ROOT, entry="engine.js").items():
        (tmp_path / "lab" / name).write_bytes(content)
    return tmp_path


@pytest.fixture
def opened(built, browser):
    """A page with `engine` and `image`, what it asked the server for, and what it complained of."""
    crop = data.nuclei()[0][:150, :201]
    raw = base64.b64encode(crop.astype(np.float32).tobytes()).decode()
    with serve(built) as address:
        page = browser.new_page()
        asked, complaints = [], []
        page.context.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(address)
        page.evaluate(PREPARE, raw)
        yield page, asked, complaints
        page.close()
        assert [url for url in asked if not url.startswith(address)] == []


def test_an_image_is_segmented_as_in_python_and_thresholds_answer_at_once(opened):
    page, asked, complaints = opened
    assert not [url for url in asked if "worker" in url or "weights" in url]
    found = page.evaluate("""async () => {
      const steps = new Set();
      const onProgress = ({ step, done, total }) => steps.add(step + (done <= total ? "" : "!"));
      const result = await engine.run("stardist", image, {}, { onProgress });
      const { labels, probability, count, settings } = result;
      const fewer = await engine.again({ probThreshold: 0.8 });
      return { labels: [...labels], pixels: probability.length, count, settings,
               steps: [...steps], fewer: [fewer.count, fewer.settings] };
    }""")
    assert found["steps"] == ["runtime", "weights", "network", "objects"]
    theirs = both.by_library("stardist")(both.small()[0])
    ours = np.array(found["labels"]).reshape(150, 201)
    assert both.agreement(ours, theirs) >= 0.99
    assert found["count"] == theirs.max() > found["fewer"][0] > 0
    assert found["pixels"] == ours.size
    used = found["settings"]
    assert found["fewer"][1] == used | {"probThreshold": 0.8}
    assert complaints == []


def test_a_run_waits_for_what_is_loaded_already_and_hears_of_it(opened):
    page, asked, complaints = opened
    steps = page.evaluate("""async () => {
      const steps = new Set();
      const onProgress = ({ step }) => steps.add(step);
      const loaded = [engine.ready("stardist"), engine.ready("stardist")];
      await engine.run("stardist", image, {}, { onProgress });
      await Promise.all(loaded);
      await engine.ready("stardist");
      return [...steps];
    }""")
    assert steps == ["runtime", "weights", "network", "objects"]
    assert len([url for url in asked if "weights" in url]) == 1
    assert complaints == []


def test_cancelled_it_stops_and_runs_again(opened):
    page, _, complaints = opened
    assert page.evaluate("""async () => {
      const abort = new AbortController();
      const { signal } = abort;
      const onProgress = ({ step }) => { if (step === "network") abort.abort(); };
      const cancelled = await told(engine.run("stardist", image, {}, { onProgress, signal }));
      const { count } = await engine.run("stardist", image);
      return [cancelled[0], count > 0];
    }""") == ["AbortError", True]
    assert complaints == []


def test_what_goes_wrong_is_told_in_a_sentence(opened, built):
    page, _, _ = opened
    told = page.evaluate("""async () => [
      await told(engine.run("stardist", { ...image, height: 10 })),
      await told(engine.run("stardist", { ...image, channels: Array(2).fill(image.channels[0]) })),
      await told(engine.again({ probThreshold: 0.5 })),
    ]""")
    assert [name for name, _ in told] == ["EngineError"] * 3
    assert "not 201 × 10 pixels" in told[0][1] and "at most 1 channel" in told[1][1]
    assert "run it first" in told[2][1]

    weights = built / "lab" / "weights" / "stardist_nuclei.onnx.xz"
    content = weights.read_bytes()

    def run():
        gzipped.cache_clear()  # the server remembers what it sent
        return page.evaluate("async () => told(engine.run('stardist', image))")

    whole_but_other = lzma.compress(lzma.decompress(content)[:-1000])
    for damaged in (content[:-9] + bytes(9), whole_but_other):
        weights.write_bytes(damaged)
        name, message = run()
        assert name == "EngineError" and "arrived damaged" in message
    weights.unlink()
    name, message = run()
    assert name == "EngineError" and "could not be loaded (the server answered 404)" in message
    weights.write_bytes(content)
    assert run() == "no error"


def test_a_worker_that_is_lost_is_told_and_the_next_run_starts_another(opened):
    page, _, _ = opened
    lost = page.evaluate("""async () => {
      const Real = window.Worker;
      window.Worker = class extends Real {
        constructor(address) { super(address); window.started = this; }
      };
      await engine.run("stardist", image);
      engine.close();
      const onProgress = ({ step }) => {
        if (step === "network") window.started.dispatchEvent(new ErrorEvent("error"));
      };
      const lost = await told(engine.run("stardist", image, {}, { onProgress }));
      return [lost, (await engine.run("stardist", image)).count > 0];
    }""")
    assert lost[0][0] == "EngineError" and "has stopped. Run it again" in lost[0][1]
    assert lost[1] is True


def test_a_worker_that_is_not_there_is_told(opened, built):
    page, _, _ = opened
    (built / "lab" / "worker.js").unlink()
    name, message = page.evaluate("async () => told(engine.run('stardist', image))")
    assert name == "EngineError" and "could not be loaded" in message
