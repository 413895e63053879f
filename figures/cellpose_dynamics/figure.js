/**
 * Cellpose figure: drop pixels, watch them follow the predicted flow, and see the masks they make.
 *
 * Model  unpack(), steered(), walk(), arrival(), placesOf()  pure, no DOM; tested in figure.test.mjs;
 *        masks come from ../_shared/cellpose_dynamics.js, as on the page for own images
 * View   mount()  draws one <figure data-figure="cellpose_dynamics">
 *
 * A field is {height, width, down, right, logit, …}: flows five times as long as the arrow. A label
 * image is an Int32Array, 0 is background.
 */

import { check, flowErrors, gather, Walks } from "../_shared/cellpose_dynamics.js";
import { button, make, startAgain } from "../_shared/elements.js";

export const STEPS = 200;
export const MIN_SIZE = 15;
const f32 = Math.fround; // Cellpose keeps positions in 32 bits

const bytes = (text, Type) =>
  new Type(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);

/** The field of one example in the figure's file, and the image of the part that is shown. */
export function unpack({ shape, view, units, flow, logit, image }) {
  const scaled = (text, unit) => Float32Array.from(bytes(text, Int8Array), (x) => x / unit);
  const both = scaled(flow, units[0]); // all flows down, then all to the right
  return {
    height: shape[0], width: shape[1], view, image: bytes(image, Uint8Array),
    down: both.subarray(0, both.length / 2), right: both.subarray(both.length / 2),
    logit: scaled(logit, units[1]),
  };
}

/** The steps that pixels take: a fifth of the flow, none where the logit is not above `cellprob`. */
export function steered({ down, right, logit }, cellprob) {
  const fifth = (value, i) => (logit[i] > cellprob ? value / 5 : 0);
  return { down: down.map(fifth), right: right.map(fifth) };
}

/** Positions [row, column, row, column, …] of one pixel, before the first step and after each. */
export function walk({ height, width }, { down, right }, row, column, count = STEPS) {
  const way = new Float32Array(2 * count + 2);
  way[0] = row;
  way[1] = column;
  for (let i = 0; i < 2 * count; i += 2) {
    const top = Math.trunc(way[i]);
    const left = Math.trunc(way[i + 1]);
    const y = way[i] - top;
    const x = way[i + 1] - left;
    const a = top * width + left; // the four pixels around: a b above, c d below
    const b = left + 1 < width ? a + 1 : a;
    const c = top + 1 < height ? a + width : a;
    const d = c + b - a;
    const between = (steps) => steps[a] * (1 - y) * (1 - x) + steps[b] * (1 - y) * x +
      steps[c] * y * (1 - x) + steps[d] * y * x;
    way[i + 2] = Math.min(height - 1, Math.max(0, f32(way[i] + f32(between(down)))));
    way[i + 3] = Math.min(width - 1, Math.max(0, f32(way[i + 1] + f32(between(right)))));
    if (way[i + 2] === way[i] && way[i + 3] === way[i + 1]) { // here it stays
      for (let j = i + 4; j < way.length; j++) way[j] = way[j - 2];
      break;
    }
  }
  return way;
}

/** After how many steps a pixel stays within one pixel of where it ends. */
export function arrival(way) {
  const [row, column] = way.slice(-2);
  let i = way.length - 2;
  while (i >= 2 && Math.hypot(way[i - 2] - row, way[i - 1] - column) <= 1) i -= 2;
  return i / 2;
}

/** By label, where its pixels end on average; labels are numbers from 1. */
export function placesOf(labels, { pixels, rows, columns }) {
  const sums = [];
  pixels.forEach((pixel, k) => {
    if (!labels[pixel]) return;
    const sum = sums[labels[pixel]] ??= { row: 0, column: 0, count: 0 };
    sum.row += rows[k];
    sum.column += columns[k];
    sum.count++;
  });
  return Array.from(sums, (sum) => sum && { row: sum.row / sum.count, column: sum.column / sum.count });
}

// ------------------------------------------------------------------------------------------- view

const SIDE = 768; // canvas pixels
const GRID = 4;
const EXAMPLES = { nuclei: "Round nuclei", cells: "Bent cells" };
const FILES = { nuclei: "./page.json", cells: "./page_cells.json" };
const DEFAULTS = { cellprob: 0, flow: 0.4 };
const PREDICTED = "#f0b429";
const ERROR = "#ff7a33"; // vermilion, lighter: seen on grey
const COLOURS = ["#56b4e9", "#f28ec0", "#3ddc97", "#f7ee6a", "#b9a3ff", "#ffb38a"];
const NOWHERE = "#c9ced1";

/** An example's data. The second comes when it is chosen: most readers never ask for it. */
async function load(name) {
  const file = FILES[name];
  const answer = await fetch(new URL(file, import.meta.url));
  if (!answer.ok) throw new Error(`${file}: ${answer.status}`);
  return answer.json();
}

export async function mount(figure) {
  try {
    build(figure, await load("nuclei"));
  } catch (error) {
    figure.dataset.failed = ""; // the words and the picture come back
    throw error;
  }
}

function build(figure, nuclei) {
  const examples = { nuclei };
  let shownNow, field, walks, top, left, height, width, scale, start; // of the example that is shown
  let cross, walkers, all, raw, masks, errors, steps, places, frame = 0; // all: a grid is shown
  let named; // places of arrival keep their number and colour when a slider moves
  const index = (row, column) => (row + top) * field.width + column + left;

  const canvas = make("canvas", { width: SIDE, height: SIDE, tabIndex: 0 });
  canvas.setAttribute("role", "application");
  const ink = canvas.getContext("2d");
  const ground = make("canvas", { width: canvas.width, height: canvas.height });
  const count = make("output", { className: "cellpose-count" });
  const status = make("p", { className: "cellpose-status figure-verdict", role: "status" });
  const choices = Object.entries(EXAMPLES).map(([name, words]) => {
    const input = make("input", { type: "radio", name: "cellpose-example", value: name });
    input.addEventListener("change", () => choose(name));
    return { input, label: make("label", {}, input, words) };
  });
  const cellprob = slider("Cell-probability threshold", -6, 6, 0.5, DEFAULTS.cellprob);
  const flow = slider("Flow-error threshold", 0.05, 1.5, 0.05, DEFAULTS.flow);
  const arrows = make("input", { type: "checkbox" });
  const grid = button("Drop a grid", dropGrid);
  const key = make("p", { className: "cellpose-key" });
  key.innerHTML = '<span class="kept">mask</span><span class="out">dropped by the flow check</span>';
  figure.querySelector(".cellpose-alternative").hidden = true;
  figure.querySelector(".cellpose-stage").append(canvas, make("div", { className: "cellpose-panel" },
    make("fieldset", { className: "cellpose-choice" }, make("legend", { textContent: "Image" }),
      ...choices.map(({ label }) => label)), make("p", {}, count), key, cellprob.label, flow.label,
    make("label", { className: "cellpose-arrows" }, arrows, "Show the flow as arrows"),
    make("div", { className: "figure-buttons" }, grid, startAgain(begin)), status));

  cellprob.input.addEventListener("input", () => { settle(); say(); });
  flow.input.addEventListener("input", () => { judge(); say(); });
  arrows.addEventListener("change", backdrop);
  function dropGrid() {
    const pixels = [];
    for (let row = GRID / 2; row < height; row += GRID) {
      for (let column = GRID / 2; column < width; column += GRID) pixels.push([row, column]);
    }
    walkers = [];
    release(pixels.filter(([row, column]) => field.logit[index(row, column)] > cellprob.value()), true);
  }
  canvas.addEventListener("click", (event) => {
    const box = canvas.getBoundingClientRect();
    const part = (at, from, size, pixels) =>
      Math.min(pixels - 1, Math.max(0, Math.floor((at - from) / size * pixels)));
    cross = {
      row: part(event.clientY, box.top, box.height, height),
      column: part(event.clientX, box.left, box.width, width),
    };
    release([[cross.row, cross.column]]);
  });
  canvas.addEventListener("keydown", (event) => {
    const move = {
      ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1],
    }[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (move) {
      const far = event.shiftKey ? 8 : 1;
      cross.row = Math.min(height - 1, Math.max(0, cross.row + far * move[0]));
      cross.column = Math.min(width - 1, Math.max(0, cross.column + far * move[1]));
      status.textContent = `Cross at row ${cross.row}, column ${cross.column}.`;
      draw();
    } else if (event.key === "Enter" || event.key === " ") {
      release([[cross.row, cross.column]]);
    } else return;
    event.preventDefault();
  });
  for (const kind of ["focus", "blur"]) canvas.addEventListener(kind, draw);
  choices[0].input.checked = true;
  open(choices[0].input.value);

  async function choose(name) {
    try {
      examples[name] ??= await load(name);
    } catch {
      status.textContent = "This image could not be loaded. Is the connection gone? Choose it again.";
      for (const { input } of choices) input.checked = input.value === shownNow;
      return;
    }
    if (choices.find(({ input }) => input.checked).input.value === name) open(name);
  }

  function open(name) {
    shownNow = name;
    field = unpack(examples[name]);
    walks = new Walks(field, STEPS);
    const [rows, columns] = field.view;
    [top, left, height, width] = [rows[0], columns[0], rows[1] - rows[0], columns[1] - columns[0]];
    scale = SIDE / width;
    start = { row: Math.round(height / 2), column: Math.round(width / 2) };
    named = [];
    canvas.setAttribute("aria-label", `${EXAMPLES[name]}, ${height} by ${width} pixels. ` +
      "Arrow keys move a cross, Enter drops a pixel there.");
    begin();
  }

  function begin() {
    cross = { ...start };
    walkers = [];
    cellprob.set(DEFAULTS.cellprob);
    flow.set(DEFAULTS.flow);
    arrows.checked = false;
    settle();
    say();
  }

  /** All that follows from the cell-probability threshold. */
  function settle() {
    const walked = walks.from(cellprob.value());
    raw = gather(field, walked);
    errors = flowErrors(field, raw);
    steps = steered(field, cellprob.value());
    places = placesOf(raw, walked);
    const taken = new Set();
    const seen = shown(raw); // numbered first
    for (const label of new Set([...seen, ...places.keys()])) {
      if (places[label]) places[label].name = nameOf(places[label], taken);
    }
    walkers = walkers.map(({ row, column }) => walker(row, column, -1e9));
    judge();
  }

  /** The number of a place of arrival: that of a place known before, where one lies close. */
  function nameOf({ row, column }, taken) {
    const near = (i) => Math.hypot(named[i].row - row, named[i].column - column);
    let best = -1;
    for (let i = 0; i < named.length; i++) {
      if (!taken.has(i) && near(i) < 6 && (best < 0 || near(i) < near(best))) best = i;
    }
    if (best < 0) best = named.push({ row, column }) - 1;
    taken.add(best);
    return best + 1;
  }

  /** All that follows from the flow-error threshold. */
  function judge() {
    masks = check(field, raw, errors, { flowThreshold: flow.value(), minSize: MIN_SIZE });
    const seen = shown(masks);
    const out = [...shown(raw)].filter((label) => errors[label] > flow.value()).length;
    count.textContent = `${seen.size} ${seen.size === 1 ? "mask" : "masks"}` +
      `, ${out} dropped by the flow check`;
    backdrop();
  }

  function shown(labels) {
    const values = new Set();
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) values.add(labels[index(row, column)]);
    }
    values.delete(0);
    return values;
  }

  function walker(row, column, born) {
    const i = index(row, column);
    const way = walk(field, steps, row + top, column + left);
    const starts = field.logit[i] > cellprob.value();
    return { row, column, born, way, starts, place: places[raw[i]], length: arrival(way) };
  }

  function release(pixels, isGrid = false) {
    all = isGrid;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const born = calm ? -1e9 : performance.now();
    walkers.push(...pixels.map(([row, column]) => walker(row, column, born)));
    say();
    if (!frame) tick();
  }

  /** One frame, and the next while anything moves. */
  function tick() {
    draw();
    const moving = walkers.some((each) => stepsAt(each) < each.length);
    frame = moving && canvas.isConnected ? requestAnimationFrame(tick) : 0;
  }

  function say() {
    const last = walkers.at(-1);
    if (!last) status.textContent = "No pixel dropped yet.";
    else if (all) {
      const ends = new Set(walkers.filter(({ place }) => place).map(({ place }) => place.name));
      status.textContent = `${walkers.length} pixels end in ${ends.size} ${ends.size === 1 ? "place" : "places"}.`;
    } else {
      const where = `Pixel in row ${last.row}, column ${last.column}`;
      status.textContent = !last.starts
        ? `${where}: cell probability not above the threshold, it stays.`
        : `${where}: ${last.length} ${last.length === 1 ? "step" : "steps"} to ` +
          (last.place ? `place ${last.place.name}.` : "where few others arrive: no mask.");
    }
  }

  /** The still part: image, arrows, outlines. */
  function backdrop() {
    const pen = ground.getContext("2d");
    const small = make("canvas", { width, height });
    const picture = small.getContext("2d").createImageData(width, height);
    field.image.forEach((grey, i) => picture.data.set([grey, grey, grey, 255], 4 * i));
    small.getContext("2d").putImageData(picture, 0, 0);
    pen.imageSmoothingEnabled = false;
    pen.drawImage(small, 0, 0, ground.width, ground.height);
    if (arrows.checked) drawArrows(pen);
    const lost = raw.map((label) => (errors[label] > flow.value() ? label : 0));
    outline(pen, lost, ERROR, [7, 7]);
    outline(pen, masks, PREDICTED, []);
    draw();
  }

  function drawArrows(pen) {
    pen.strokeStyle = "#ffffffb0";
    pen.lineWidth = 1.5;
    pen.beginPath();
    for (let row = GRID / 2; row < height; row += GRID) {
      for (let column = GRID / 2; column < width; column += GRID) {
        const i = index(row, column);
        const [down, across] = [steps.down[i], steps.right[i]];
        const length = Math.hypot(down, across);
        if (length < 0.2) continue;
        const [x, y] = [(column + 0.5) * scale, (row + 0.5) * scale];
        const [tipX, tipY] = [x + 22 * across, y + 22 * down];
        pen.moveTo(x, y);
        pen.lineTo(tipX, tipY);
        for (const turn of [2.6, -2.6]) {
          const angle = Math.atan2(down, across) + turn;
          pen.moveTo(tipX, tipY);
          pen.lineTo(tipX + 8 * Math.cos(angle), tipY + 8 * Math.sin(angle));
        }
      }
    }
    pen.stroke();
  }

  /** Lines along the pixels' sides wherever the label changes. */
  function outline(pen, labels, colour, dashes) {
    pen.beginPath();
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        const here = labels[index(row, column)];
        const [x, y] = [column * scale, row * scale];
        if (column && labels[index(row, column - 1)] !== here) {
          pen.moveTo(x, y);
          pen.lineTo(x, y + scale);
        }
        if (row && labels[index(row - 1, column)] !== here) {
          pen.moveTo(x, y);
          pen.lineTo(x + scale, y);
        }
      }
    }
    pen.setLineDash(dashes.map((dash) => dash * 0.6));
    for (const [wide, stroke] of [[5, "#000a"], [3, colour]]) {
      pen.lineWidth = wide;
      pen.strokeStyle = stroke;
      pen.stroke();
    }
    pen.setLineDash([]);
  }

  /** The moving part: ways, pixels, numbers of the places where they arrived. */
  function draw() {
    ink.drawImage(ground, 0, 0);
    const x = (column) => (column - left + 0.5) * scale;
    const y = (row) => (row - top + 0.5) * scale;
    const reached = new Set();
    const many = walkers.length > 60;
    for (const each of walkers) {
      const { way, place, starts, length } = each;
      const colour = place ? COLOURS[(place.name - 1) % COLOURS.length] : NOWHERE;
      if (!starts) {
        crossAt(x(each.column + left), y(each.row + top), 6, NOWHERE);
        continue;
      }
      const now = Math.min(stepsAt(each), length);
      if (now >= length && place) reached.add(place);
      ink.beginPath();
      ink.moveTo(x(way[1]), y(way[0]));
      const whole = Math.floor(now);
      for (let k = 1; k <= whole; k++) ink.lineTo(x(way[2 * k + 1]), y(way[2 * k]));
      const part = now - whole;
      const at = (axis) => (part
        ? way[2 * whole + axis] * (1 - part) + way[2 * whole + 2 + axis] * part
        : way[2 * whole + axis]);
      ink.lineTo(x(at(1)), y(at(0)));
      ink.strokeStyle = colour;
      ink.lineWidth = many ? 2 : 4;
      ink.stroke();
      disc(x(way[1]), y(way[0]), many ? 4 : 7, colour);
      if (now < length) disc(x(at(1)), y(at(0)), many ? 3 : 5, "#fff");
    }
    const pixel = SIDE / (canvas.clientWidth || SIDE); // of the page: numbers keep their size
    ink.font = `bold ${14 * pixel}px ${getComputedStyle(canvas).fontFamily}`;
    ink.textAlign = "center";
    ink.textBaseline = "middle";
    for (const place of reached) {
      disc(x(place.column), y(place.row), 10 * pixel, "#000");
      ink.fillStyle = COLOURS[(place.name - 1) % COLOURS.length];
      ink.fillText(place.name, x(place.column), y(place.row) + pixel);
    }
    if (document.activeElement === canvas && canvas.matches(":focus-visible")) {
      crossAt(x(cross.column + left), y(cross.row + top), 18, "#fff");
    }
  }

  function disc(x, y, radius, colour) {
    ink.beginPath();
    ink.arc(x, y, radius, 0, 7);
    ink.fillStyle = colour;
    ink.fill();
    ink.lineWidth = 1.5;
    ink.strokeStyle = "#000";
    ink.stroke();
  }

  function crossAt(x, y, size, colour) {
    ink.beginPath();
    ink.moveTo(x - size, y);
    ink.lineTo(x + size, y);
    ink.moveTo(x, y - size);
    ink.lineTo(x, y + size);
    for (const [wide, stroke] of [[6, "#000"], [2.5, colour]]) {
      ink.lineWidth = wide;
      ink.strokeStyle = stroke;
      ink.stroke();
    }
  }
}

/** Steps that a pixel has taken by now: slow enough to follow at first, then faster. */
function stepsAt({ born }) {
  const seconds = Math.max(0, performance.now() - born) / 1000;
  return 8 * seconds + 8 * seconds ** 2;
}

function slider(name, min, max, step, value) {
  const input = make("input", { type: "range", min, max, step, value });
  const shown = make("span", { className: "cellpose-value" });
  input.setAttribute("aria-label", name);
  const digits = step < 0.1 ? 2 : 1;
  const show = () => {
    shown.textContent = Number(input.value).toFixed(digits).replace("-", "−");
  };
  input.addEventListener("input", show);
  show();
  return {
    input, label: make("label", {}, make("span", { textContent: name }), shown, input),
    value: () => Number(input.value),
    set: (number) => { input.value = number; show(); },
  };
}

