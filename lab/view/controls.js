/** Steps 2 and 3: which plane, which tool, how wide the objects are; then run. */

import { button, make } from "../../figures/_shared/elements.js";
import { thumbnail } from "../pictures.js";
import { TOOLS, isStardist } from "../tools.js";
import { toCanvas } from "./stage.js";

const PICTURED = 8; // planes that get a thumbnail; more are chosen from a list
const SIDE = 72; // px

/** The choice of a tool: radio buttons. onTool(key) */
export function toolPicker(chosen, onTool) {
  const choices = Object.entries(TOOLS).map(([key, { title, text }]) => {
    const radio = make("input", { type: "radio", name: "lab-tool", value: key, checked: key === chosen });
    radio.addEventListener("change", () => onTool(key));
    return make("label", { className: "lab-tool" }, radio,
      make("span", {}, make("b", { textContent: title }), make("small", { textContent: text })));
  });
  return make("fieldset", { className: "lab-tools" }, make("legend", { textContent: "Tool" }), ...choices);
}

/**
 * Which plane is segmented: pictures of a few, a list of many. Empty where there is one alone.
 *
 * file : of read.js; onPlane(number), onNucleus(number or null)
 */
export function planePicker(file, { cell, nucleus, twoChannels, onPlane, onNucleus }) {
  const { planes } = file;
  const holder = make("div", { className: "lab-planes" });
  if (planes.length < 2) return holder;
  const few = planes.length <= PICTURED;
  const legend = twoChannels ? "Which one shows the cells?" : "Which one shows your objects?";
  holder.append(few ? pictured(file, cell, legend, onPlane) : listed(planes, cell, legend, onPlane));
  if (twoChannels) {
    const same = (plane) => plane.height === planes[cell].height && plane.width === planes[cell].width;
    const select = make("select", {}, new Option("none", ""),
      ...planes.map((plane, number) => new Option(plane.name, number)).filter((_, n) => n !== cell && same(planes[n])));
    select.value = nucleus ?? "";
    select.addEventListener("change", () => onNucleus(select.value === "" ? null : Number(select.value)));
    holder.append(make("label", { className: "lab-field" }, "Which one shows their nuclei?", select));
  }
  return holder;
}

function listed(planes, chosen, legend, onPlane) {
  const select = make("select", {}, ...planes.map(({ name }, number) => new Option(name, number)));
  select.value = chosen;
  select.addEventListener("change", () => onPlane(Number(select.value)));
  return make("label", { className: "lab-field" }, `${legend} (${planes.length})`, select);
}

function pictured(file, chosen, legend, onPlane) {
  const choices = file.planes.map(({ name }, number) => {
    const radio = make("input", { type: "radio", name: "lab-plane", value: number, checked: number === chosen });
    radio.addEventListener("change", () => onPlane(number));
    return make("label", { className: "lab-plane" }, radio, make("span", { textContent: name }));
  });
  showThumbnails(file, choices);
  return make("fieldset", {}, make("legend", { textContent: legend }), make("div", { className: "lab-thumbs" }, ...choices));
}

/** One after the other, so that the page answers meanwhile. */
async function showThumbnails(file, choices) {
  for (const [number, choice] of choices.entries()) {
    const { height, width } = file.planes[number];
    const pixels = await file.read(number);
    const picture = toCanvas({ width: SIDE, height: SIDE, rgba: thumbnail(pixels, height, width, SIDE) });
    picture.ariaHidden = true;
    choice.querySelector("input").after(picture);
    await new Promise((resolve) => setTimeout(resolve));
  }
}

/**
 * Width of a typical object, and the size of a pixel.
 *
 * Returns { element, width, pixelSize, typed, setWidth(), setPixelSize(), say() }: `width` in px or null,
 * `pixelSize` in µm or null, of the file or as `typed`.
 */
export function sizes({ onMeasure, onChange }) {
  const width = numberField({ min: 2, step: "any", placeholder: "not given" });
  const pixel = numberField({ min: 0, step: "any", placeholder: "unknown" });
  const measure = button("Measure on the image", () => onMeasure());
  measure.className = "lab-button lab-measure";
  measure.ariaPressed = "false";
  const said = make("small", { className: "lab-hint" });
  let fromFile = null; // kept as it is, unless somebody types
  width.addEventListener("input", onChange);
  pixel.addEventListener("input", () => {
    fromFile = null;
    onChange();
  });
  const element = make("div", { className: "lab-sizes" },
    make("label", { className: "lab-field" }, "Width of an object (px)", width), measure, said,
    make("label", { className: "lab-field" }, "Size of a pixel (µm)", pixel));
  const positive = (field) => (field.valueAsNumber > 0 ? field.valueAsNumber : null);
  return {
    element, measure,
    get width() { return positive(width); },
    get pixelSize() {
      return fromFile ?? this.typed;
    },
    /** As somebody typed it; null where it is the file's own, or unknown. */
    get typed() {
      return fromFile ? null : positive(pixel) && { y: positive(pixel), x: positive(pixel) };
    },
    setWidth(value) { width.value = value === null ? "" : +value.toFixed(1); },
    setPixelSize(size) {
      fromFile = size;
      pixel.value = size ? +((size.x + size.y) / 2).toPrecision(5) : "";
    },
    say(text) { said.textContent = text; },
  };
}

function numberField(properties) {
  return make("input", { type: "number", inputMode: "decimal", autocomplete: "off", ...properties });
}

/** What the width means for a tool, in words, and as a setting of the engine. */
export function sizeSetting(tool, width) {
  const { typical, objects, knows, own } = TOOLS[tool];
  if (!isStardist(tool)) {
    return {
      diameter: width,
      text: width ? `Cellpose gets the diameter ${+width.toFixed(1)} px.`
        : `Measure one: without a width, the network takes ${objects} for ${typical} px wide.`,
    };
  }
  if (own) {
    return { scale: 1, text: typical ? `Your model learned ${objects} about ${typical} px wide.` : "How wide its objects were, your model does not say." };
  }
  const [least, most] = knows;
  const fits = !width || (width >= least && width <= most);
  const scale = fits ? 1 : +(typical / width).toPrecision(2);
  return {
    scale,
    text: !width ? `Not needed for ${objects} of ${least} to ${most} px: the network knows these.`
      : fits ? `${+width.toFixed(1)} px: within the ${least} to ${most} px that the network knows.`
      : `The network knows ${least} to ${most} px, so it gets the image at ${scale} of its size.`,
  };
}

/** The button that runs, the one that cancels, and what is happening. */
export function runner({ onRun, onCancel, handle = "run" }) {
  const run = button("Find objects", onRun);
  run.className = "md-button md-button--primary lab-run";
  run.dataset.lab = handle;
  const cancel = button("Cancel", onCancel);
  cancel.className = "lab-button";
  const bar = make("progress", { max: 1, ariaLabel: "Progress" });
  const what = make("span", { className: "lab-what" });
  const progress = make("div", { className: "lab-progress", hidden: true }, bar, what, cancel);
  return {
    element: make("div", { className: "lab-runner" }, run, progress),
    run,
    /** Show a step; null when it is over. */
    show(step) {
      const hadFocus = [run, cancel].includes(document.activeElement);
      progress.hidden = !step;
      run.hidden = Boolean(step);
      if (hadFocus) (step ? cancel : run).focus({ preventScroll: true });
      if (!step) return;
      what.textContent = step.text;
      if (step.share === null) bar.removeAttribute("value");
      else bar.value = step.share;
    },
  };
}
