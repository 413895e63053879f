/**
 * The page "Try your own image": from a file to outlines, a count and files to take along.
 *
 * What is large is loaded when it is needed: readers, runtime and network with the first image,
 * writers with the first file that is saved.
 */

import { button, make } from "../../figures/_shared/elements.js";
import { heat, masks, shown } from "../pictures.js";
import { medianDiameter } from "../measure.js";
import { TOOLS, counted, isStardist } from "../tools.js";
import { batch } from "./batch.js";
import { chooser } from "./choose.js";
import { announced, comparing, otherThan } from "./comparing.js";
import { planePicker, runner, sizeSetting, sizes, toolPicker } from "./controls.js";
import { bytesOf, decodeJpeg, opened } from "./files.js";
import { Found, announcement, bothPaths, paths, told } from "./found.js";
import { keepForLater } from "./keep.js";
import { isModel, ownModel } from "./own.js";
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
const LAYERS = { outlines: "Outlines", both: "Both tools", masks: "Masks", probability: "Probability", none: "Image alone" };

/** Put the lab in the place of the text for readers without JavaScript; `keeps`: for visits without a network. */
export function mount(root, { base = new URL(".", import.meta.url), keeps = true } = {}) {
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
      return make("label", { hidden: key === "both" }, radio, text);
    }));

  const tools = toolPicker(state.tool, chooseTool);
  const mine = ownModel({ base, keeps, attempt, onModel: tookModel, onTool: chooseTool });
  tools.append(mine.element);
  const planes = make("div", {});
  const size = sizes({ onMeasure: toggleMeasure, onChange: sizeChanged });
  const alone = runner({ onRun: run, onCancel: () => state.abort?.abort() });
  const count = headline();
  const thresholds = make("div", {});
  const rows = table(showObject);
  const method = paragraph(current);
  const score = scoring(base, annotate);
  const two = comparing({ onCompare: compareTools, onCancel: () => state.abort?.abort(), onGo: goToPlace });
  const trust = trusting({
    base, size, say, onRun: run, found: () => state.found,
    thresholds: { get: () => state.thresholds, set: (value) => { state.thresholds = value; } },
  });
  const many = batch({ how, engine, attempt, say, busy, look, kept, mended: trust.cured });
  const name = make("p", { className: "lab-name" });
  const work = make("section", { className: "lab-work", hidden: true, ariaLabel: "The image" },
    make("div", { className: "lab-left" }, name, frame, make("div", { className: "lab-bar" }, layers, zoom), reading, notes),
    make("div", { className: "lab-right" }, tools, planes, size.element, alone.element, count.element, trust.element));
  const results = make("section", { className: "lab-results", hidden: true, ariaLabel: "The result" },
    make("div", { className: "lab-left" }, thresholds, rows.element, method.element, two.element),
    make("div", { className: "lab-right" }, files(current, fail), score.element));
  root.replaceChildren(chooser(base, choose), problem, status, work, many.element, results);
  root.dataset.ready = "";
  toldSize();
  mine.restore().then((key) => key && key === asked && chooseTool(key));

  /* ------------------------------------------------------- a file, its planes */

  async function choose(chosen, example) {
    await attempt(async () => {
      const [model] = chosen.filter(isModel);
      const files = chosen.filter((file) => !isModel(file));
      if (model) tookModel(await mine.take(model));
      if (!files.length) return;
      stop();
      say(`Reading ${files[0].name} …`);
      const [file, own] = await firstReadable(files);
      many.stop();
      many.offer(files);
      size.setWidth(null);
      size.setPixelSize(own.pixelSize);
      await take(file, own, example);
      if (files.length > 1) say(`${own.name} is one of ${files.length} files: find settings that fit it, then use them for all, below.`);
      show(work);
    });
  }

  /** Show a file that is read, as far as its planes; of several, `how` says which plane. */
  async function take(source, file, example, how) {
    forgetResult();
    state.file = null; // so that another tool leaves the planes alone
    const tool = example?.tool ?? how?.tool;
    if (tool) chooseTool(tool);
    Object.assign(state, { source, file, nucleus: null, annotation: null, task: example?.task });
    toldSize();
    if (how) Object.assign(state, { cell: how.cell, nucleus: how.nucleus });
    else proposePlanes();
    await showPlanes();
    const { height, width } = file.planes[state.cell];
    name.textContent = `${file.name}: ${width} × ${height} pixels, ${file.type}${inColour(file) ? ", in colour" : file.planes.length > 1 ? `, ${file.planes.length} planes` : ""}`;
    root.dataset.chosen = "";
    work.hidden = false;
    stage.resize();
    say("Image read: choose a tool and find the objects.");
    // What cannot be loaded now, the run says.
    engine().then((its) => its.ready(state.tool, TOOLS[state.tool].own)).catch(() => {});
  }

  /** Show one of several files, with what was found in it. */
  async function look(row, how) {
    await attempt(async () => {
      stop();
      const { otherPlanes, unpacked } = await import("../batch.js");
      const own = await opened(row.file);
      const fits = !otherPlanes(own, how.file);
      if (!how.typed) size.setPixelSize(own.pixelSize);
      await take(row.file, own, null, fits ? how : null);
      if (row.problem) throw new Error(row.problem);
      const { count, height, width, settings } = row;
      forgetOther(how.tool);
      remember(how.tool, how.thresholds, how.cures);
      thresholds.replaceChildren(sliders(how.tool, settings, rethink));
      showResult({ labels: await unpacked(row.labels), count, height, width, settings, probability: null });
      say(`${name.textContent}. ${announcement(how.tool, count)}`);
      show(work);
    });
  }

  /** Two channels, and a tool that wants two: the first shows the cells, the second the nuclei. */
  function proposePlanes() {
    const { file } = state;
    const [axis] = file.axes;
    const isPair = file.planes.length === 2 && axis?.name === "channel";
    state.cell = file.best;
    state.nucleus = isPair && TOOLS[state.tool].twoChannels ? 1 - file.best : null;
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
    state.empty = Boolean(empty);
    alone.run.disabled = state.empty || state.busy;
    if (empty) fail(new Error(empty));
    planes.replaceChildren(planePicker(file, {
      cell, nucleus, twoChannels: TOOLS[state.tool].twoChannels,
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

  function showNotes() {
    const { file, cell, task } = state;
    const said = [...file.notes];
    const chosen = `Chosen is: ${file.planes[cell].name}.`;
    if (inColour(file)) said.unshift(`A network here sees one grey plane of a picture in colour, and learned from fluorescence: on stained tissue, expect more mistakes. ${chosen}`);
    else if (file.planes.length > 1) said.unshift(`The file holds ${file.planes.length} planes that can be segmented. ${chosen}`);
    notes.replaceChildren(...said.map((text) => make("p", { className: "lab-note", textContent: text })));
    if (task) notes.prepend(make("p", { className: "lab-note lab-task", textContent: task }));
  }

  /* --------------------------------------------------------- tool, size, run */

  function chooseTool(tool) {
    const before = TOOLS[state.tool].twoChannels;
    Object.assign(state, { tool, thresholds: null });
    tools.querySelector(`[value="${tool}"]`).checked = true;
    const address = new URL(location.href);
    address.searchParams.set("tool", tool);
    history.replaceState(history.state, "", address);
    toldSize();
    if (state.file && before !== TOOLS[tool].twoChannels) {
      proposePlanes();
      changePlanes({});
    }
  }

  /** A model of the reader's own is there. */
  function tookModel(tool) {
    chooseTool(tool);
    say(`${TOOLS[tool].name} is there, and stays on your computer. ${state.file ? "Find the objects." : "Now choose an image."}`);
  }

  function toggleMeasure() {
    stage.measuring = !stage.measuring;
    size.measure.ariaPressed = stage.measuring;
    frame.toggleAttribute("data-measuring", stage.measuring);
    if (stage.measuring) {
      say("Draw a line across one object, edge to edge.");
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

  /** What a run takes, as it is set now. */
  function how() {
    const { tool, file, cell, nucleus } = state;
    const { scale, diameter } = sizeSetting(tool, size.width);
    const chosen = state.ran?.tool === tool ? state.thresholds : null;
    const settings = { ...(isStardist(tool) ? { scale } : { diameter: diameter ?? null }), ...chosen, ...trust.settings(tool) };
    return { tool, file, cell, nucleus, settings, thresholds: chosen, typed: size.typed, cures: trust.cures };
  }

  async function engine() {
    if (!state.engine) {
      const { Engine } = await import("../engine.js");
      state.engine = new Engine(base);
    }
    return state.engine;
  }

  function kept(tool) {
    if (!keeps) return;
    keepForLater(base, tool);
    if (TOOLS[tool].own) mine.keep(tool);
  }

  async function run() {
    await attempt(async () => {
      if (stage.measuring) toggleMeasure();
      const asked = how();
      thresholds.inert = true;
      try {
        const result = await segment(asked);
        if (!result) return;
        if (state.ran?.tool !== asked.tool) forgetOther(asked.tool);
        remember(asked.tool, asked.thresholds, asked.cures);
        thresholds.replaceChildren(sliders(asked.tool, result.settings, rethink));
        showResult(result);
        say(announcement(asked.tool, result.count));
        show(matchMedia(ONE_COLUMN).matches ? frame : count.element, "nearest");
      } finally {
        thresholds.inert = Boolean(state.busy);
      }
    });
  }

  /** Let the engine look at what is shown; null if something else was chosen meanwhile. */
  async function segment({ tool, file, cell, nucleus, settings, cures = trust.cures }, running = alone) {
    stop();
    const abort = state.abort = new AbortController();
    const { height, width } = file.planes[cell];
    const { pixels } = state;
    state.held = null;
    running.show({ text: STEPS.runtime, share: null });
    let before = "";
    try {
      const seen = await trust.cured(pixels, height, width, cures);
      if (abort.signal.aborted) return null;
      const channels = nucleus === null ? [seen] : [seen, state.nuclei];
      const result = await (await engine()).run(tool, { height, width, channels }, settings, {
        signal: abort.signal, own: TOOLS[tool].own,
        onProgress: ({ step, done, total }) => {
          const part = step === "network" && total > 1 ? `, part ${Math.min(done + 1, total)} of ${total}` : "";
          running.show({ text: STEPS[step] + part, share: total ? done / total : null });
          if (step !== before) say(`${STEPS[step]} …`);
          before = step;
        },
      });
      if (abort.signal.aborted) return null;
      state.held = { pixels, tool };
      kept(tool);
      return result;
    } catch (error) {
      if (state.abort === abort) throw error;
      return null; // another image or plane was chosen meanwhile
    } finally {
      if (state.abort === abort) running.show(null);
    }
  }

  /** With which tool and on which planes the result was found that is shown next. */
  function remember(tool, chosen, cures) {
    const { file, cell, nucleus } = state;
    state.ran = { tool, cures, cell: file.planes[cell], nucleus: nucleus === null ? null : file.planes[nucleus] };
    state.thresholds = chosen;
  }

  /** Whether the engine works through several files: one image alone has to wait. */
  function busy(is) {
    state.busy = is;
    state.held = null;
    alone.run.disabled = state.empty || is;
    thresholds.inert = two.running.run.disabled = is;
  }

  /** Let go of a run whose image or plane is no longer what is shown. */
  function stop() {
    state.abort?.abort();
    state.abort = null;
    alone.show(null);
    two.running.show(null);
  }

  /** Other thresholds on what the network said: the last that was asked for wins. */
  async function rethink(settings) {
    state.thresholds = state.wanted = settings;
    if (state.thinking) return;
    state.thinking = true;
    await attempt(async () => {
      try {
        while (state.wanted && state.found) {
          const wanted = state.wanted;
          state.wanted = null;
          const isHeld = state.held?.pixels === state.pixels && state.held.tool === state.ran.tool;
          const result = await (isHeld ? state.engine.again(wanted) : afresh(wanted));
          if (result) showResult(result);
        }
      } catch (error) {
        state.held = null; // what the engine knew may be gone: the next time, the network runs again
        throw error;
      }
      clearTimeout(state.saying);
      state.saying = setTimeout(() => state.found && say(announcement(state.ran.tool, state.found.count)), 600);
    });
    state.thinking = false;
  }

  /** The same run with other thresholds, where the engine has seen another image, or with another tool, since. */
  function afresh(wanted) {
    const { found, file, cell, nucleus, ran } = state;
    return segment({ tool: ran.tool, file, cell, nucleus, settings: { ...found.settings, ...wanted }, cures: ran.cures });
  }

  /* ------------------------------------------------------------------ result */

  function showResult(result) {
    state.found = new Found(result, state.pixels);
    results.hidden = count.element.hidden = false;
    layers.disabled = false;
    compare();
    compareBoth();
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
    trust.judge(found, ran.tool, found.pixels).then((doubts) => {
      if (!doubts || !status.textContent.startsWith("Done:")) return;
      say(`${announcement(ran.tool, found.count)} ${doubts === 1 ? "One thing speaks" : `${doubts} things speak`} against it: see “Trust it?”.`);
    }).catch(fail);
  }

  function drawLayers() {
    const { found, layer } = state;
    if (!found) return;
    layers.querySelector('[value="probability"]').disabled = !found.probability; // not kept for several files
    stage.setOver(layer === "masks" ? masks(found.labels) : layer === "probability" && found.probability ? heat(found.probability) : null);
    stage.setPaths(layer === "outlines" ? paths(found, state.annotation, state.score)
      : layer === "both" && state.agreed ? bothPaths(found, state.other, state.agreed) : []);
  }

  function forgetResult() {
    Object.assign(state, { found: null, ran: null, score: null, thresholds: null, wanted: null, held: null });
    results.hidden = count.element.hidden = true;
    layers.disabled = badge.hidden = true;
    forgetOther(null);
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
      pixelSize: size.pixelSize, score: scored ?? null, annotation: state.annotation?.name,
      source: state.source, agreement: state.agreed ?? null, other: otherThan(ran.tool),
      get table() { return found.table(this.pixelSize); },
      get picture() { return toCanvas(state.picture); },
      get paths() {
        return state.layer === "both" && state.agreed ? bothPaths(found, state.other, state.agreed) : paths(found, state.annotation, scored);
      },
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

  /* --------------------------------------------------------------- two tools */

  /** The other tool on the same plane, as if it had been chosen above. */
  async function compareTools() {
    await attempt(async () => {
      const { ran, pixels, file, cell } = state;
      const tool = otherThan(ran.tool);
      const { scale, diameter } = sizeSetting(tool, size.width);
      const settings = isStardist(tool) ? { scale } : { diameter: diameter ?? null };
      thresholds.inert = true;
      try {
        const result = await segment({ tool, file, cell, nucleus: null, settings, cures: ran.cures }, two.running);
        if (!result || !state.found) return;
        state.other = new Found(result, pixels);
        compareBoth(await import("../agreement.js"));
        choiceOf("both").hidden = false;
        setLayer("both");
        say(announced(state.agreed, ran.tool));
      } finally {
        thresholds.inert = Boolean(state.busy);
      }
    });
  }

  function compareBoth(module = state.agreeing) {
    state.agreeing = module;
    if (!state.other) return;
    state.agreed = module.agreement(state.found.labels, state.other.labels);
    two.show(state.agreed, state.ran.tool);
  }

  /** What was compared is of another tool or image; `tool` found what is shown next. */
  function forgetOther(tool) {
    state.other = state.agreed = null;
    two.offer(tool);
    choiceOf("both").hidden = true;
    if (state.layer === "both") setLayer("outlines");
  }

  function goToPlace({ first, second }) {
    const found = first.length ? state.found : state.other;
    setLayer("both");
    const labels = first.length ? first : second;
    found.table(null);
    const [x, y, size] = ["x_px", "y_px", "diameter_px"].map((column) => (
      labels.reduce((sum, label) => sum + found.value(label, column), 0) / labels.length));
    stage.goTo([x + 0.5, y + 0.5], 1.5 * size);
    frame.scrollIntoView({ block: "nearest" });
  }

  function choiceOf(layer) {
    return layers.querySelector(`[value="${layer}"]`).parentNode;
  }

  function setLayer(layer) {
    state.layer = layer;
    layers.querySelector(`[value="${layer}"]`).checked = true;
    drawLayers();
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

function show(element, block = "start") {
  element.scrollIntoView({ block, behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
}

function inColour({ axes }) {
  return axes.length === 1 && axes[0].name === "colour";
}

/** The first of several files that can be read, and what it holds; if none can, what is wrong with the first. */
async function firstReadable(files) {
  let first = null;
  for (const file of files) {
    try {
      return [file, await opened(file)];
    } catch (error) {
      first ??= error;
    }
  }
  throw first;
}
