/**
 * The page "Try your own image": from a file to outlines, a count and files to take along.
 *
 * What is large is loaded when it is needed: readers with the first image, the engine with the
 * first run, writers with the first file that is saved.
 */

import { button, make } from "../../figures/_shared/elements.js";
import { heat, masks, shown } from "../pictures.js";
import { medianDiameter } from "../measure.js";
import { TOOLS, counted } from "../tools.js";
import { chooser } from "./choose.js";
import { planePicker, runner, sizeSetting, sizes, toolPicker } from "./controls.js";
import { Found, announcement, paths, told } from "./found.js";
import { files, headline, paragraph, sliders, table } from "./results.js";
import { scoring } from "./scoring.js";
import { Stage, toCanvas } from "./stage.js";
import { trusting } from "./trust.js";

const STEPS = {
  runtime: "Loading the program that runs networks",
  weights: "Loading the network",
  network: "The network looks at the image",
  objects: "Drawing outlines",
};
const ONE_COLUMN = "(max-width: 59.99em)"; // as in lab.css: image and controls below each other
const LAYERS = { outlines: "Outlines", masks: "Masks", probability: "Probability", none: "Image alone" };

/** Put the lab in the place of the text for readers without JavaScript. */
export function mount(root, { base = new URL(".", import.meta.url) } = {}) {
  const asked = new URLSearchParams(location.search).get("tool");
  const state = { tool: asked in TOOLS ? asked : "stardist", layer: "outlines", thresholds: null };

  const status = make("p", { className: "lab-status", role: "status" });
  const problem = make("p", { className: "lab-problem", role: "alert", hidden: true });
  const notes = make("div", { className: "lab-notes" });
  const reading = make("p", { className: "lab-reading" });
  const frame = make("div", { className: "lab-frame" });
  const badge = make("p", { className: "lab-badge", ariaHidden: true, hidden: true }); // the count, once more
  const stage = new Stage(frame, { onPoint: point, onPick: pick, onLine: measured });
  frame.append(badge);
  const zoom = make("div", { className: "lab-zoom" }, ...[
    ["−", "Zoom out", () => stage.zoomBy(1 / 1.5)], ["+", "Zoom in", () => stage.zoomBy(1.5)], ["All", "Show all of it", () => stage.fit()],
  ].map(([text, ariaLabel, act]) => Object.assign(button(text, act), { ariaLabel, className: "lab-button" })));
  const layers = make("fieldset", { className: "lab-layers", disabled: true },
    make("legend", { textContent: "Show" }), ...Object.entries(LAYERS).map(([key, text]) => {
      const radio = make("input", { type: "radio", name: "lab-layer", value: key, checked: key === state.layer });
      radio.addEventListener("change", () => {
        state.layer = key;
        drawLayers();
      });
      return make("label", {}, radio, text);
    }));

  const tools = toolPicker(state.tool, chooseTool);
  const planes = make("div", {});
  const size = sizes({ onMeasure: toggleMeasure, onChange: sizeChanged });
  const running = runner({ onRun: run, onCancel: () => state.abort?.abort() });
  const count = headline();
  const thresholds = make("div", {});
  const rows = table(showObject);
  const method = paragraph(current);
  const score = scoring(annotate);
  const trust = trusting({
    base, size, say, onRun: run, found: () => state.found,
    thresholds: { get: () => state.thresholds, set: (value) => { state.thresholds = value; } },
  });
  const name = make("p", { className: "lab-name" });
  const work = make("section", { className: "lab-work", hidden: true, ariaLabel: "The image" },
    make("div", { className: "lab-left" }, name, frame, make("div", { className: "lab-bar" }, layers, zoom), reading, notes),
    make("div", { className: "lab-right" }, tools, planes, size.element, running.element, count.element, trust.element));
  const results = make("section", { className: "lab-results", hidden: true, ariaLabel: "The result" },
    make("div", { className: "lab-left" }, thresholds, rows.element, method.element),
    make("div", { className: "lab-right" }, files(current, fail), score.element));
  root.replaceChildren(chooser(base, choose), problem, status, work, results);
  root.dataset.ready = "";
  toldSize();

  /* ------------------------------------------------------- a file, its planes */

  async function choose(file, example, count = 1) {
    await attempt(async () => {
      stop();
      say(`Reading ${file.name} …`);
      const { open } = await import("../read.js");
      const opened = await open(await bytesOf(file), file.name, { decodeJpeg });
      forgetResult();
      state.file = null; // so that another tool leaves the planes alone
      if (example) chooseTool(example.tool);
      Object.assign(state, { file: opened, nucleus: null, annotation: null, task: example?.task });
      size.setWidth(null);
      size.setPixelSize(opened.pixelSize);
      toldSize();
      proposePlanes();
      await showPlanes();
      const { height, width } = opened.planes[state.cell];
      name.textContent = `${file.name}: ${width} × ${height} pixels, ${opened.type}${inColour(opened) ? ", in colour" : opened.planes.length > 1 ? `, ${opened.planes.length} planes` : ""}`;
      root.dataset.chosen = "";
      work.hidden = false;
      stage.resize();
      const one = count > 1 ? ` Of the ${count} files, the page took the first; a whole folder is work for the notebook “Your own images”.` : "";
      say(`${name.textContent}.${one}`);
      showNotes(one);
      show(work);
    });
  }

  /** Two channels, and a tool that wants two: the first shows the cells, the second the nuclei. */
  function proposePlanes() {
    const { file } = state;
    const [axis] = file.axes;
    const isPair = file.planes.length === 2 && axis?.name === "channel";
    state.cell = file.best;
    state.nucleus = isPair && TOOLS[state.tool].objects === "cells" ? 1 - file.best : null;
  }

  async function showPlanes() {
    const { file, cell, nucleus } = state;
    state.pixels = await file.read(cell);
    state.nuclei = nucleus === null ? null : await file.read(nucleus);
    const { height, width } = file.planes[cell];
    state.picture = { height, width, rgba: shown(state.pixels, state.nuclei) };
    stage.setImage(state.picture);
    const { emptiness } = await import("../read.js");
    const empty = emptiness(state.pixels);
    running.run.disabled = Boolean(empty);
    if (empty) fail(new Error(empty));
    planes.replaceChildren(planePicker(file, {
      cell, nucleus, twoChannels: TOOLS[state.tool].objects === "cells",
      onPlane: (number) => changePlanes({ cell: number, nucleus: state.nucleus === number ? null : state.nucleus }),
      onNucleus: (number) => changePlanes({ nucleus: number }),
    }));
    showNotes();
  }

  async function changePlanes(change) {
    await attempt(async () => {
      stop();
      Object.assign(state, change);
      forgetResult();
      const focused = planes.querySelector(":focus")?.value;
      await showPlanes();
      if (focused !== undefined) planes.querySelector(`[value="${focused}"]:checked, select`)?.focus();
      say(`${state.file.planes[state.cell].name} is shown.`);
    });
  }

  function showNotes(more = "") {
    const { file, cell, task } = state;
    const said = [...file.notes];
    const chosen = `Chosen is: ${file.planes[cell].name}.`;
    if (inColour(file)) said.unshift(`A network here sees one grey plane of a picture in colour. ${chosen}`);
    else if (file.planes.length > 1) said.unshift(`The file holds ${file.planes.length} planes that can be segmented. ${chosen}`);
    if (more) said.push(more.trim());
    notes.replaceChildren(...said.map((text) => make("p", { className: "lab-note", textContent: text })));
    if (task) notes.prepend(make("p", { className: "lab-note lab-task", textContent: task }));
  }

  /* --------------------------------------------------------- tool, size, run */

  function chooseTool(tool) {
    const before = TOOLS[state.tool].objects;
    Object.assign(state, { tool, thresholds: null });
    tools.querySelector(`[value="${tool}"]`).checked = true;
    const address = new URL(location.href);
    address.searchParams.set("tool", tool);
    history.replaceState(history.state, "", address);
    toldSize();
    if (state.file && before !== TOOLS[tool].objects) {
      proposePlanes();
      changePlanes({});
    }
  }

  function toggleMeasure() {
    stage.measuring = !stage.measuring;
    size.measure.ariaPressed = stage.measuring;
    frame.toggleAttribute("data-measuring", stage.measuring);
    if (stage.measuring) {
      say("Draw a line over one typical object, from edge to edge.");
      frame.scrollIntoView({ block: "nearest" });
    }
    stage.draw();
  }

  function measured(length) {
    size.setWidth(length);
    toldSize();
    say(`${length.toFixed(1)} px wide. Draw another line, or find the objects.`);
  }

  function sizeChanged() {
    toldSize();
    if (state.found) showNumbers();
  }

  function toldSize() {
    const { text } = sizeSetting(state.tool, size.width);
    const { x } = size.pixelSize ?? {};
    size.say(size.width && x ? `${+(size.width * x).toPrecision(3)} µm. ${text}` : text);
  }

  async function run() {
    await attempt(async () => {
      if (stage.measuring) toggleMeasure();
      const abort = new AbortController();
      const { tool, file, cell: plane, nucleus } = state;
      const { height, width } = file.planes[plane];
      state.abort = abort;
      running.show({ text: STEPS.runtime, share: null });
      let before = "";
      try {
        if (!state.engine) {
          const { Engine } = await import("../engine.js");
          state.engine = new Engine(base);
        }
        const { scale, diameter } = sizeSetting(tool, size.width);
        const cell = trust.cured(state.pixels, height, width);
        const channels = nucleus === null ? [cell] : [cell, state.nuclei];
        const result = await state.engine.run(tool, { height, width, channels },
          { ...(tool === "stardist" ? { scale } : { diameter: diameter ?? null }), ...(state.ran?.tool === tool ? state.thresholds : null), ...trust.settings(tool) }, {
            signal: abort.signal,
            onProgress: ({ step, done, total }) => {
              const many = step === "network" && total > 1 ? `, part ${Math.min(done + 1, total)} of ${total}` : "";
              running.show({ text: STEPS[step] + many, share: total ? done / total : null });
              if (step !== before) say(`${STEPS[step]} …`);
              before = step;
            },
          });
        if (abort.signal.aborted) return;
        state.ran = { tool, cell: file.planes[plane], cures: trust.cures, nucleus: nucleus === null ? null : file.planes[nucleus] };
        thresholds.replaceChildren(sliders(tool, result.settings, rethink));
        showResult(result);
        say(announcement(tool, result.count));
        if (matchMedia(ONE_COLUMN).matches) show(frame);
      } catch (error) {
        if (state.abort === abort) throw error; // else another image or plane was chosen meanwhile
      } finally {
        if (state.abort === abort) running.show(null);
      }
    });
  }

  /** Let go of a run whose image or plane is no longer what is shown. */
  function stop() {
    state.abort?.abort();
    state.abort = null;
    running.show(null);
  }

  /** Other thresholds on what the network said: the last that was asked for wins. */
  async function rethink(settings) {
    state.thresholds = state.wanted = settings;
    if (state.thinking) return;
    state.thinking = true;
    await attempt(async () => {
      while (state.wanted && state.found) {
        const wanted = state.wanted;
        state.wanted = null;
        showResult(await state.engine.again(wanted));
      }
      clearTimeout(state.saying);
      state.saying = setTimeout(() => state.found && say(announcement(state.ran.tool, state.found.count)), 600);
    });
    state.thinking = false;
  }

  /* ------------------------------------------------------------------ result */

  function showResult(result) {
    state.found = new Found(result, state.pixels);
    results.hidden = count.element.hidden = false;
    layers.disabled = false;
    compare();
    drawLayers();
    count.show(state.ran.tool, result.count, "");
    badge.hidden = false;
    badge.textContent = counted(state.ran.tool, result.count);
    clearTimeout(state.measuring); // while a slider moves, outlines and count are enough
    state.measuring = setTimeout(() => state.found && showNumbers(), 150);
  }

  function showNumbers() {
    const { found, ran } = state;
    const pixelSize = size.pixelSize;
    const measuredTable = found.table(pixelSize);
    const diameter = medianDiameter(measuredTable);
    const median = diameter === null ? "Nothing was found. Is the right channel chosen, and are objects bright?"
      : `half of them wider than ${+diameter.toFixed(1)} px${pixelSize ? ` (${+(diameter * Math.sqrt(pixelSize.x * pixelSize.y)).toPrecision(3)} µm)` : ""}`;
    count.show(ran.tool, found.count, median);
    rows.show(measuredTable);
    method.show();
    trust.judge(found, ran.tool, found.pixels).catch(fail);
  }

  function drawLayers() {
    const { found, layer } = state;
    if (!found) return;
    stage.setOver(layer === "masks" ? masks(found.labels) : layer === "probability" ? heat(found.probability) : null);
    stage.setPaths(layer === "outlines" ? paths(found, state.annotation, state.score) : []);
  }

  function forgetResult() {
    Object.assign(state, { found: null, ran: null, score: null, thresholds: null, wanted: null });
    results.hidden = count.element.hidden = true;
    layers.disabled = badge.hidden = true;
    reading.textContent = "";
    score.hide();
    trust.forget();
  }

  function point(place) {
    const label = place && state.found?.at(place);
    if (label === state.pointed) return;
    state.pointed = label;
    tell(label);
  }

  function pick(place) {
    tell(state.found?.at(place));
  }

  function tell(label) {
    reading.textContent = label ? told(state.found, label, TOOLS[state.ran.tool].one, size.pixelSize, state.score) : "";
    stage.setChosen(label ? state.found.path([label]) : null);
  }

  function showObject(label) {
    state.found.table(size.pixelSize);
    stage.goTo([state.found.value(label, "x_px") + 0.5, state.found.value(label, "y_px") + 0.5], state.found.value(label, "diameter_px"));
    tell(label);
    say(reading.textContent);
    frame.scrollIntoView({ block: "nearest" });
  }

  /** What there is to take along, as it stands now. */
  function current() {
    const { found, ran, score: scored } = state;
    return {
      ...ran, fileName: state.file.name, settings: found.settings, count: found.count,
      labels: found.labels, height: found.height, width: found.width,
      pixelSize: size.pixelSize, score: scored ?? null,
      get table() { return found.table(this.pixelSize); },
      get picture() { return toCanvas(state.picture); },
      get paths() { return paths(found, state.annotation, scored); },
    };
  }

  /* ------------------------------------------------------------------- score */

  async function annotate(file) {
    await attempt(async () => {
      const { readAnnotation } = await import("../annotation.js");
      const { height, width } = state.found;
      const read = await readAnnotation(await bytesOf(file), file.name, { height, width, decodeJpeg });
      state.annotation = Object.assign(new Found({ ...read, height, width }, state.pixels), { name: file.name });
      compare(await import("../score.js"));
      drawLayers();
      method.show();
      say(`Compared with ${file.name}: F1 ${state.score.scores.F1.toFixed(2)}.`);
    });
  }

  function compare(module = state.scorer) {
    state.scorer = module;
    if (!state.annotation || !module) return;
    state.score = module.score(state.annotation.labels, state.found.labels);
    score.show(state.score, state.annotation.name, state.annotation.notes);
  }

  /* ---------------------------------------------------------------- all over */

  function say(text) {
    status.textContent = text;
  }

  /** Do something; if it fails, say so, and keep what is there. */
  async function attempt(action) {
    problem.hidden = true;
    try {
      await action();
    } catch (error) {
      if (error.name === "AbortError") say("Cancelled. What was there is still there.");
      else fail(error);
    }
  }

  function fail(error) {
    say("");
    problem.hidden = false;
    const sentence = error.message || "Something went wrong. Reload the page, and try again";
    problem.textContent = sentence.replace(/(?<![.?!])$/, ".");
    problem.scrollIntoView({ block: "nearest" });
  }
}

function show(element) {
  element.scrollIntoView({ behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
}

function inColour({ axes }) {
  return axes.length === 1 && axes[0].name === "colour";
}

async function bytesOf(file) {
  try {
    return new Uint8Array(await file.arrayBuffer());
  } catch {
    throw new Error(`${file.name} cannot be read any more: it was moved, or changed, or is a folder. Choose it again.`);
  }
}

/** The browser's own decoder for JPEG. It turns the picture as EXIF says, and leaves colours alone. */
async function decodeJpeg(bytes) {
  const options = { imageOrientation: "from-image", colorSpaceConversion: "none" };
  const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/jpeg" }), options);
  const { width, height } = bitmap;
  const pen = make("canvas", { width, height }).getContext("2d", { willReadFrequently: true });
  pen.drawImage(bitmap, 0, 0);
  bitmap.close();
  return { width, height, data: pen.getImageData(0, 0, width, height).data };
}
