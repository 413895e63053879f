/**
 * U-Net figure: a tile's way through the course's StarDist network, and its skip connections cut.
 *
 * Model  rows(), title(), explain(), outputFor(), corners(), verdict()  pure, no DOM
 * View   mount()  draws one <figure data-figure="unet_ablation">
 *
 * Everything is precomputed: compute.py stores the stages of the network, the first
 * one is the input, the last one the output, and what comes out for every set of cut connections.
 */

import { button, make, startAgain, svg } from "../_shared/elements.js";

const DIRECTIONS = ["to the right", "down", "to the left", "up"];
const COUNTS = ["No", "One", "Two", "Three", "Four", "Five", "Six"];

const many = (count, word) => `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;
const counted = (count, word) => `${COUNTS[count] ?? count} ${word}${count === 1 ? "" : "s"}`;
const by = (shape) => shape.join(" × ");

/**
 * The stages as they stand in a drawn U, from the top: [{left, right, level}], indices of stages.
 *
 * The bottom stands alone on the left; the output stands one row above the end of the way up.
 */
export function rows(stages) {
  const bottom = stages.findIndex(({ kind }) => kind === "bottom");
  const pairs = stages.slice(0, bottom + 1).map(({ level }, left) => ({ left, level }));
  let row = bottom;
  for (let i = bottom + 1; i < stages.length; i++) pairs[--row].right = i;
  return pairs;
}

/** A stage's name: {full, short}; levels of the U are counted from 1. */
export function title({ kind, level }) {
  const number = (level ?? 0) + 1;
  return {
    input: { full: "The input", short: "Input" },
    full: { full: "Before the U, at full size", short: "Full size" },
    down: { full: `Level ${number}, on the way down`, short: `Down ${number}` },
    bottom: { full: "The bottom of the U", short: "Bottom" },
    up: { full: `Level ${number}, on the way up`, short: `Up ${number}` },
    output: { full: "The output", short: "Output" },
  }[kind];
}

/** What leaves a stage: height × width × channels. */
export function shapeOf(answer, index) {
  const { kind, shape } = answer.stages[index];
  const size = by(shape);
  return kind === "output" ? `${size} and ${by([...shape.slice(0, 2), answer.rays])}` : size;
}

/** What a stage does, in a sentence or two. */
export function explain(answer, index) {
  const { kind, channels, pooled, below, across, shape } = answer.stages[index];
  const made = channels.join(", then ");
  const layers = counted(channels.length, "convolution");
  const pooling = pooled ? "Max pooling keeps the largest of 2×2 values. " : "";
  switch (kind) {
    case "input":
      return "One grey value for each pixel of the tile, normalised.";
    case "full":
      return `${pooling}${layers} of 3×3 look for edges and spots and make ${made} maps.`;
    case "down":
      return `${pooling}${layers} make ${made} maps. They go down, and across by the skip connection.`;
    case "bottom":
      return `${pooling}${layers} make ${made} maps. One value stands for `
        + `${answer.side / shape[0]}×${answer.side / shape[1]} pixels.`;
    case "up":
      return `Upsampling repeats every value 2×2. The ${many(below, "map")} from below and ${across} `
        + `from across are stacked; ${layers.toLowerCase()} make ${made} maps of the ${below + across}.`;
    default:
      return (channels.length ? `${layers} makes ${made} maps; from them come` : "Here come")
        + ` an object probability and ${many(answer.rays, "distance")} for each place.`;
  }
}

/** What a picture shows. */
export function mapName(answer, stage, { no, ray }) {
  if (ray !== undefined) return `distance ${DIRECTIONS[Math.round((4 * ray) / answer.rays) % 4]}`;
  if (no === undefined) return "probability";
  return stage.kind === "input" ? "the tile" : `map ${no + 1}`;
}

/** What comes out when these levels of the U are cut. */
export function outputFor(answer, cut) {
  const wanted = [...cut].sort((a, b) => a - b).join();
  return answer.outputs.find((output) => output.cut.join() === wanted);
}

/** The corners [x, y] of a stored outline, in pixels from the tile's upper left corner. */
export function corners(answer, text) {
  const units = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return Array.from({ length: units.length / 2 }, (_, i) =>
    [units[2 * i] * answer.step, units[2 * i + 1] * answer.step]);
}

/** What the cut has cost, in words that follow the numbers. */
export function verdict(answer, output) {
  const whole = outputFor(answer, []);
  if (!output.cut.length) {
    return `Nothing is cut: ${many(output.objects, "object")}, `
      + `${output.matched} of ${answer.nuclei} whole nuclei matched.`;
  }
  if (output.highest <= answer.threshold) {
    return `Nothing is found: the highest probability is ${output.highest.toFixed(2)}, and the `
      + `threshold ${answer.threshold.toFixed(2)}.`; // of edges there is nothing to say
  }
  const sharp = output.sharpness < 98 ? "softer" : output.sharpness > 102 ? "sharper" : "as sharp as before";
  const than = (now, before) =>
    now === before ? "as many as uncut" : `${Math.abs(now - before)} ${now < before ? "fewer" : "more"} than uncut`;
  return `The edges are ${sharp}. Objects: ${than(output.objects, whole.objects)}. `
    + `Matched nuclei: ${than(output.matched, whole.matched)}.`;
}

/** The numbers that are shown: [name, value]. */
export function figures(answer, output) {
  return [
    ["Objects found", String(output.objects)],
    ["Whole nuclei matched", `${output.matched} of ${answer.nuclei}`],
    ["Mean IoU", output.iou.toFixed(2)],
    ["Highest probability", output.highest.toFixed(2)],
    ["Sharpness", `${output.sharpness} %`],
  ];
}

export async function mount(figure) {
  const response = await fetch(new URL("./page.json", import.meta.url)).catch(() => null);
  if (!response?.ok) {
    figure.dataset.failed = ""; // the style sheet shows the text again
    return;
  }
  const answer = await response.json();
  const { stages, skips, side } = answer;
  let chosen;

  // The U.
  const buttons = [];
  const links = {};
  const stageButton = (index) => {
    const made = make("button", { type: "button" },
      make("span", {}, title(stages[index]).short),
      make("span", { className: "unet-size" }, by(stages[index].shape).replaceAll(" ", "")));
    made.addEventListener("click", () => choose(index));
    return (buttons[index] = made);
  };
  const drawn = rows(stages).map(({ left, right, level }, row, all) => {
    const line = make("div", { className: "unet-row" }, stageButton(left));
    line.style.setProperty("--row", row);
    if (level !== null && right) line.append(links[level] = make("span", { className: "unet-link" }));
    if (right) line.append(stageButton(right));
    if (row === all.length - 1) line.classList.add("unet-bottom");
    return line;
  });
  const u = make("div", { className: "unet-u" }, ...drawn);
  label(u, "The stages of the network", "group");
  const previous = press("Previous", () => choose(chosen - 1));
  const next = press("Next", () => choose(chosen + 1));
  const place = make("span", { className: "unet-place" });
  const walk = make("div", { className: "unet-walk" }, u,
    make("div", { className: "unet-steps" }, previous, next, place));

  // The chosen stage.
  const words = make("div", { className: "unet-words" });
  words.setAttribute("role", "status");
  const maps = make("div", { className: "unet-maps" });
  const stage = make("div", { className: "unet-chosen" }, words, maps);

  // The skip connections.
  const boxes = skips.map((skip) => {
    const input = make("input", { type: "checkbox" });
    input.addEventListener("change", show);
    return { ...skip, input, label: make("label", {}, input, ` ${skip.side}×${skip.side}, ${many(skip.maps, "map")}`) };
  });
  const choice = make("fieldset", {}, make("legend", {}, "Skip connections"), ...boxes.map((box) => box.label));
  const probability = make("img", { width: side, height: side });
  const picture = svg("svg", { viewBox: `0 0 ${side} ${side}`, role: "img" });
  const judgement = make("p", { className: "unet-verdict figure-verdict" });
  judgement.setAttribute("role", "status");
  const table = make("table", { className: "unet-numbers" });
  const titled = (text, ...children) => make("div", {}, make("p", { className: "unet-name" }, text), ...children);
  const outcome = make("div", { className: "unet-outcome" },
    titled("Object probability", probability),
    titled("Outlines", picture),
    make("div", { className: "unet-told" }, choice, startAgain(reset), table, judgement));
  const key = make("p", { className: "unet-key" },
    make("span", { className: "unet-truth" }, "dotted: annotated"), make("span", {}, "solid: predicted"));
  outcome.children[1].append(key);

  figure.querySelector(".unet-view").replaceChildren(walk, stage, outcome);
  reset();

  function reset() {
    for (const { input } of boxes) input.checked = true;
    choose(0);
    show();
  }

  function choose(index) {
    chosen = index;
    const current = stages[index];
    buttons.forEach((one, i) => {
      if (i === index) one.setAttribute("aria-current", "step");
      else one.removeAttribute("aria-current");
    });
    // A button that has the focus must not be disabled: the focus would be lost.
    previous.setAttribute("aria-disabled", String(index === 0));
    next.setAttribute("aria-disabled", String(index === stages.length - 1));
    place.textContent = `${index + 1} of ${stages.length}`;
    words.replaceChildren(
      make("p", { className: "unet-name" }, title(current).full),
      make("p", { className: "unet-shape" }, `${shapeOf(answer, index)} · ${many(current.parameters, "parameter")}`),
      make("p", {}, explain(answer, index)));
    maps.classList.toggle("unet-single", current.maps.length === 1);
    maps.replaceChildren(...current.maps.map((map) => {
      const name = mapName(answer, current, map);
      return make("div", {}, make("img", { src: data(map.png), alt: name, width: side, height: side }),
        make("span", { ariaHidden: "true" }, name));
    }));
  }

  function show() {
    const cut = boxes.filter(({ input }) => !input.checked).map(({ level }) => level);
    const output = outputFor(answer, cut);
    const whole = outputFor(answer, []);
    for (const { level, input } of boxes) {
      links[level].classList.toggle("unet-cut", !input.checked);
      links[level].textContent = input.checked ? "" : "cut";
    }
    probability.src = data(output.probability);
    probability.alt = `Object probability, at most ${output.highest.toFixed(2)}`;
    const outline = (name) => (text) =>
      svg("polygon", { class: name, points: corners(answer, text).join(" ") });
    picture.replaceChildren(
      svg("image", { href: data(answer.image), width: side, height: side }),
      ...answer.truth.map(outline("unet-truth")),
      ...output.outlines.map(outline("unet-predicted")));
    picture.setAttribute("aria-label", `The tile with ${many(output.objects, "predicted outline")}`);
    judgement.textContent = verdict(answer, output);
    const before = figures(answer, whole);
    const row = (tag, cells) => {
      const [name, ...values] = cells.map((text, i) => make(i ? tag : "th", {}, text));
      name.scope = tag === "th" ? "col" : "row";
      return make("tr", {}, name, ...values);
    };
    table.replaceChildren(
      make("thead", {}, row("th", ["In this tile", "now", "uncut"])),
      make("tbody", {}, ...figures(answer, output).map(([name, value], i) => row("td", [name, value, before[i][1]]))));
  }

  function press(text, action) {
    const made = button(text, () => {
      if (made.getAttribute("aria-disabled") !== "true") action();
    });
    return made;
  }
}

const data = (png) => `data:image/png;base64,${png}`;

function label(element, text, role) {
  element.setAttribute("role", role);
  element.setAttribute("aria-label", text);
}
