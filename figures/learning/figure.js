/**
 * Learning figure: a neuron with one weight and one bias walks down its loss, step by step.
 *
 * Model  examples(), loss(), gradient(), descend(), landscape(), judge(), sumOf()  pure, no DOM
 * View   mount()  draws one <figure data-figure="learning">
 *
 * Examples are {x, y, n}: brightnesses, which share of the pixels with it is nucleus, and which share
 * of all pixels has it. A place is {weight, bias}; a walk is a list of places with their loss.
 */

import { button, make, startAgain, svg } from "../_shared/elements.js";

export const MAP = { weight: [0, 50], bias: [-16, 4] };
export const MOST = 3000; // steps of one walk
const HEIGHTS = [61, 61]; // of the map: where the loss is computed, biases and weights

/** What the neuron learns from: "all" pixels of the image, or the "four" of the chapter's table. */
export function examples(data, which) {
  const { low, high, grey, background, nucleus, four } = data;
  const rows = which === "four" ? four.map(([value, truth]) => [value, 1 - truth, truth])
    : grey.map((value, i) => [value, background[i], nucleus[i]]);
  const total = rows.reduce((sum, [, out, inside]) => sum + out + inside, 0);
  return {
    x: rows.map(([value]) => (value - low) / (high - low)),
    y: rows.map(([, out, inside]) => inside / (out + inside)),
    n: rows.map(([, out, inside]) => (out + inside) / total),
  };
}

/** The neuron's answer for one brightness. */
export const answer = (x, { weight, bias }) => 1 / (1 + Math.exp(-(weight * x + bias)));

/** Binary cross-entropy, averaged over the pixels. */
export function loss({ x, y, n }, { weight, bias }) {
  let sum = 0;
  for (let i = 0; i < x.length; i++) {
    const z = weight * x[i] + bias;
    sum += n[i] * (Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))) - y[i] * z);
  }
  return sum;
}

/** The slopes of the loss: mean of (p − y) x, and mean of p − y. */
export function gradient({ x, y, n }, place) {
  let weight = 0, bias = 0;
  for (let i = 0; i < x.length; i++) {
    const error = n[i] * (answer(x[i], place) - y[i]);
    weight += error * x[i];
    bias += error;
  }
  return { weight, bias };
}

/** One step against the gradient; a held weight stays. */
export function descend(pixels, place, rate, held) {
  const slope = gradient(pixels, place);
  const next = { weight: place.weight - (held ? 0 : rate * slope.weight), bias: place.bias - rate * slope.bias };
  return { ...next, loss: loss(pixels, next) };
}

/** The loss at every crossing of a grid over the map, from the lowest bias and weight. */
export function landscape(pixels, [rows, columns] = HEIGHTS) {
  const at = ([first, last], i, count) => first + ((last - first) * i) / (count - 1);
  return Array.from({ length: rows }, (_, row) => Float64Array.from({ length: columns }, (_, column) =>
    loss(pixels, { weight: at(MAP.weight, column, columns), bias: at(MAP.bias, row, rows) })));
}

/** The grey value from which the neuron says "nucleus": p = 0.5. Null where there is none. */
export function threshold({ low, high }, { weight, bias }) {
  return weight > 0 ? low - (bias / weight) * (high - low) : null;
}

/**
 * How the walk goes, as one word: start, jumps, zigzags, uphill, flat, floor, landed, creeps, across
 * or down. The slope is that of the last place.
 */
export function judge(losses, slope, rate) {
  const last = losses.length - 1;
  if (!last) return "start";
  const recent = losses.slice(-11);
  const rises = recent.filter((value, i) => i && value > recent[i - 1] + 1e-9).length;
  const half = Math.ceil(recent.length / 2);
  const [older, newer] = [recent.slice(0, half), recent.slice(half)].map((some) => Math.max(...some));
  if (rises > 1) return newer < 0.98 * older && newer < losses[0] ? "zigzags" : "jumps";
  if (losses[last] > losses[last - 1] + 1e-9) return "uphill";
  if (slope < 5e-4) return "flat";
  const little = losses[last] > 0.97 * losses[last - 1];
  if (little && slope <= 0.05) return "floor";
  if (rises) return "landed";
  if (little) return rate * slope ** 2 < 0.1 * losses[last] ? "creeps" : "across"; // a tiny step, or a wide one
  return "down";
}

/** A number as the page writes it, with a true minus. */
export function say(value, digits = 2) {
  const text = Math.abs(value).toFixed(digits);
  return (value < 0 && Number(text) ? "−" : "") + text;
}

/** The last step of one parameter, written out. */
export function sumOf(from, to, rate, digits = 2) {
  const slope = say((from - to) / rate, Math.max(3, Math.ceil(digits + Math.log10(rate)))); // as the result needs
  return `${say(from, digits)} − ${rate} × ${slope[0] === "−" ? `(${slope})` : slope} = ${say(to, digits)}`;
}

/** The learning rate at a place of the slider, which counts powers of ten. */
export const rateAt = (power) => Number((10 ** power).toPrecision(2));

/** Share of the pixels in bins of grey values, the highest bin of each hill 1. */
export function hills({ grey, background, nucleus }, width, most) {
  const hill = (counts) => {
    const bins = new Array(Math.ceil(most / width)).fill(0);
    grey.forEach((value, i) => { if (value < most) bins[Math.floor(value / width)] += counts[i]; });
    return bins.map((count) => count / Math.max(...bins));
  };
  return { background: hill(background), nucleus: hill(nucleus) };
}

const PLOT = { left: 46, top: 12, width: 300 }; // in units of the drawings, 360 wide
const GREYS = 160, BIN = 4;
const WORDS = {
  start: () => "The neuron calls every pixel a nucleus. Press Step.",
  down: () => "Downhill: the step lowered the loss.",
  uphill: () => "Uphill! The step was so long that it jumped across the valley and landed higher.",
  jumps: () => "Too large a learning rate: the loss rises again and again. The neuron jumps to and fro across the valley and does not arrive.",
  zigzags: () => "It zigzags: the steps are so long that they cross the floor of the valley, but the jumps become smaller.",
  landed: () => "Downhill again, but only from where the jump landed. Step on: does it stay in the valley at this rate?",
  across: () => "The step led right across the valley, to nearly the same height on the other side.",
  creeps: () => "It creeps: the slope is steep, but the steps are tiny. A larger learning rate would be faster.",
  floor: () => "Near the bottom: the slope is gentle, so the steps become short by themselves.",
  flat: (held) => `Arrived: the slope is almost zero.${held ? " Now let the weight learn, too." : ""}`,
};

export async function mount(figure) {
  const response = await fetch(new URL("./page.json", import.meta.url)).catch(() => null);
  if (!response?.ok) return; // the table stays
  const data = await response.json();
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const maps = {}; // by set of pixels, drawn when first needed
  let which, pixels, start, walk, before, state, frame;

  const ground = make("canvas", { width: 300, height: 300 });
  const trail = svg("svg", { viewBox: "0 0 360 364" });
  const map = make("div", { className: "learning-map", tabIndex: 0 }, ground, trail);
  map.setAttribute("role", "application");
  const neuron = svg("svg", { viewBox: "0 0 360 212", role: "img" });
  const curve = svg("svg", { viewBox: "0 0 360 190", role: "img" });

  const rate = make("input", { type: "range", min: -1, max: 2, step: 0.05 });
  rate.setAttribute("aria-label", "learning rate");
  const rateNow = make("b");
  const weight = number("start: weight", MAP.weight);
  const bias = number("bias", MAP.bias);
  const held = make("input", { type: "checkbox" });
  const sets = Object.entries({ all: "all pixels", four: "the four of the table" }).map(([name, text]) => {
    const made = button(text, () => { which = name; restart(); });
    made.dataset.set = name;
    return made;
  });
  const choice = tools(make("span", {}, "learn from"), ...sets);
  choice.setAttribute("role", "group");
  choice.setAttribute("aria-label", "learn from");
  const runs = [1, data.steps, 10 * data.steps];
  const now = make("p", { className: "learning-now" });
  const sums = make("p", { className: "learning-sums" });
  const verdict = make("p", { className: "learning-verdict figure-verdict" });
  verdict.setAttribute("role", "status");

  figure.querySelector(".learning-stage").replaceChildren(
    make("div", {},
      titled("the loss: dark is low", map),
      tools(...runs.map((count) => button(count === 1 ? "Step" : `${count} steps`, () => run(count)))),
      make("label", { className: "learning-rate" }, "learning rate ", rateNow, rate)),
    make("div", { className: "learning-seen" },
      titled("the neuron’s answer", neuron), titled("the loss, step by step", curve)),
    make("div", { className: "learning-told" },
      tools(weight.label, bias.label, make("label", {}, held, "hold the weight"), choice, startAgain(reset)),
      make("div", { className: "learning-words" }, now, sums), verdict),
  );

  rate.addEventListener("input", restart);
  held.addEventListener("change", restart);
  for (const [name, { input }] of Object.entries({ weight, bias })) {
    input.addEventListener("input", () => {
      const fine = input.value !== "" && input.checkValidity();
      input.setAttribute("aria-invalid", String(!fine));
      if (fine) begin({ ...start, [name]: input.valueAsNumber });
    });
    input.addEventListener("blur", write);
  }
  const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -0.5], ArrowUp: [0, 0.5] };
  map.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    begin(inside({ weight: start.weight + step[0], bias: start.bias + step[1] }));
    write();
  });
  map.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    map.setPointerCapture(event.pointerId);
    point(event);
  });
  map.addEventListener("pointermove", (event) => { if (map.hasPointerCapture(event.pointerId)) point(event); });
  const hill = hills(data, BIN, GREYS);
  reset();

  function reset() {
    which = "all";
    rate.value = Math.log10(data.rate).toFixed(2);
    held.checked = true;
    walk = before = null;
    begin({ weight: data.weight, bias: 0 });
    write();
  }

  function restart() { begin(start); }

  /** A new walk; the one that it replaces stays in the plot of the loss, for comparison. */
  function begin(place) {
    cancelAnimationFrame(frame);
    if (walk?.length > 1) before = walk;
    if (pixels?.set !== which) {
      pixels = { ...examples(data, which), set: which };
      before = null;
      paint();
    }
    start = place;
    walk = [{ ...place, loss: loss(pixels, place) }];
    tell();
  }

  function write() {
    for (const [name, { input }] of Object.entries({ weight, bias })) {
      input.value = start[name];
      input.setAttribute("aria-invalid", "false");
    }
  }

  function point(event) {
    const box = ground.getBoundingClientRect();
    const across = (event.clientX - box.left) / box.width, up = 1 - (event.clientY - box.top) / box.height;
    const of = ([first, last], share, step) => Math.round((first + share * (last - first)) / step) * step;
    begin(inside({ weight: of(MAP.weight, across, 0.5), bias: of(MAP.bias, up, 0.25) }));
    write();
  }

  /** Take `count` steps: one a frame or so, all at once where motion is not wanted. */
  function run(count) {
    cancelAnimationFrame(frame);
    const end = Math.min(walk.length + count, MOST + 1);
    const first = walk.length;
    const seconds = count === 1 ? 0 : count > 100 ? 3 : 1.5;
    let began;
    const move = (time) => {
      began ??= time;
      const share = seconds && !calm.matches ? Math.min((time - began) / 1000 / seconds, 1) : 1;
      while (walk.length < first + share * (end - first)) {
        walk.push(descend(pixels, walk.at(-1), rateAt(rate.valueAsNumber), held.checked));
      }
      if (walk.length >= end) tell();
      else if (figure.isConnected) {
        show();
        if (state !== "walks") verdict.textContent = "Walking …";
        state = "walks";
        frame = requestAnimationFrame(move);
      }
    };
    move(performance.now());
  }

  function tell() {
    show();
    const slope = gradient(pixels, walk.at(-1));
    const steep = Math.hypot(held.checked ? 0 : slope.weight, slope.bias);
    state = judge(walk.map((place) => place.loss), steep, rateAt(rate.valueAsNumber));
    const place = walk.at(-1);
    const off = inside(place).bias !== place.bias || inside(place).weight !== place.weight;
    const sentence = state === "start" && (which !== "all" || start.bias !== 0 || start.weight !== data.weight)
      ? "A new start. Press Step." : WORDS[state](held.checked);
    verdict.textContent = (walk.length > MOST ? `${MOST} steps are enough. ` : "") +
      (off ? `Off the map, at bias ${say(place.bias, 1)}. ` : "") + sentence;
    figure.dataset.state = state;
  }

  function show() {
    const place = walk.at(-1), last = walk.at(-2), step = rateAt(rate.valueAsNumber);
    rateNow.textContent = step;
    rate.setAttribute("aria-valuetext", step);
    for (const made of sets) made.setAttribute("aria-pressed", String(made.dataset.set === which));
    now.replaceChildren(`Step ${walk.length - 1}: loss `, make("b", {}, say(place.loss, 3)),
      `, weight ${say(place.weight)}, bias ${say(place.bias)}`);
    sums.replaceChildren(last ? `bias ${sumOf(last.bias, place.bias, step)}` : "new = old − learning rate × slope", make("br"),
      held.checked ? `weight held at ${say(place.weight)}` : last ? `weight ${sumOf(last.weight, place.weight, step, 3)}` : "");
    showTrail();
    showNeuron();
    showCurve();
  }

  /** The map's ground: bands of equal loss, each half as high again as the next darker one. */
  function paint() {
    const { width, height } = ground;
    maps[which] ??= (() => {
      const heights = landscape(pixels);
      const [dark, pale] = ["--ink-deep", "--md-footer-fg-color--light"].map(colour);
      const picture = new ImageData(width, height);
      for (let i = 0; i < width * height; i++) {
        const row = (1 - (Math.floor(i / width) + 0.5) / height) * (HEIGHTS[0] - 1);
        const column = (((i % width) + 0.5) / width) * (HEIGHTS[1] - 1);
        const [r, c] = [Math.floor(row), Math.floor(column)], [down, right] = [row - r, column - c];
        const between = (line) => heights[line][c] * (1 - right) + heights[line][c + 1] * right;
        const value = between(r) * (1 - down) + between(r + 1) * down;
        const band = Math.floor(Math.log(Math.max(value, 0.02)) / Math.log(1.5));
        const share = Math.min(Math.max((band + 6) / 12, 0), 1) * 0.8;
        picture.data.set([...dark.map((part, k) => part + share * (pale[k] - part)), 255], 4 * i);
      }
      return picture;
    })();
    ground.getContext("2d").putImageData(maps[which], 0, 0);
  }

  function colour(name) {
    const hex = getComputedStyle(figure).getPropertyValue(name).trim();
    return [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
  }

  function showTrail() {
    const x = (value) => PLOT.left + (PLOT.width * (value - MAP.weight[0])) / (MAP.weight[1] - MAP.weight[0]);
    const y = (value) => PLOT.top + 300 * (1 - (value - MAP.bias[0]) / (MAP.bias[1] - MAP.bias[0]));
    const near = (value) => Math.min(Math.max(value, -999), 999); // far off the map
    const points = walk.slice(-600).map((place) => [x(near(place.weight)), y(near(place.bias))]);
    const path = points.map((at) => at.map((value) => value.toFixed(1)).join(" ")).join(" ");
    const seen = inside(walk.at(-1));
    const clip = svg("svg", { x: PLOT.left, y: PLOT.top, width: 300, height: 300, viewBox: `${PLOT.left} ${PLOT.top} 300 300` },
      ...(held.checked ? [svg("path", { class: "learning-slice", d: `M${x(start.weight)} 0V400` })] : []),
      ...(which === "all" ? [svg("path", { class: "learning-lowest", d: cross(x(data.lowest[0]), y(data.lowest[1])) })] : []),
      svg("polyline", { class: "learning-casing", points: path }),
      svg("polyline", { class: "learning-path", points: path }),
      ...points.slice(-100).map(([cx, cy]) => svg("circle", { class: "learning-dot", cx, cy, r: 3 })));
    const place = walk.at(-1);
    map.setAttribute("aria-label", `Map of the loss. The arrow keys move the start. Now: weight ${say(place.weight)
    }, bias ${say(place.bias)}, loss ${say(place.loss, 3)}.`);
    trail.replaceChildren(clip,
      svg("circle", { class: "learning-here", cx: x(seen.weight), cy: y(seen.bias), r: 7 }),
      ...[0, 10, 20, 30, 40, 50].map((value) => word(x(value), 328, value)),
      ...[-15, -10, -5, 0].map((value) => word(40, y(value) + 5, say(value, 0), "end")),
      word(196, 350, "weight"), svg("text", { transform: "translate(13 162) rotate(-90)", "text-anchor": "middle", textContent: "bias" }));
  }

  function showNeuron() {
    const place = walk.at(-1), { low, high } = data;
    const x = (grey) => PLOT.left + (PLOT.width * grey) / GREYS, y = (value) => 162 - 142 * value;
    const area = (bins) => `M${x(0)} ${y(0)}${bins.map((value, i) => `H${x(i * BIN)}V${y(value).toFixed(1)}H${x((i + 1) * BIN)}`).join("")}V${y(0)}Z`;
    const points = Array.from({ length: 151 }, (_, i) => (i * GREYS) / 150)
      .map((grey) => `${x(grey).toFixed(1)},${y(answer((grey - low) / (high - low), place)).toFixed(1)}`).join(" ");
    const limit = threshold(data, place), seen = limit !== null && limit >= 0 && limit <= GREYS;
    neuron.setAttribute("aria-label", `The answer of the neuron over grey values, drawn on the hills of background and nucleus pixels. ${
      limit === null ? "There is no threshold." : `It is 0.5 at grey value ${say(limit, 1)}.`}`);
    neuron.replaceChildren(
      svg("path", { class: "learning-background", d: area(hill.background) }),
      svg("path", { class: "learning-nucleus", d: area(hill.nucleus) }),
      word(x(8), 14, "background", "start"), svg("text", { class: "learning-sky", x: x(52), y: 14, textContent: "nucleus" }),
      ...(seen ? [svg("path", { class: "learning-limit", d: `M${x(limit)} ${y(0)}V${y(1)}` })] : []),
      word(346, 40, limit === null ? "no threshold" : `p = 0.5 at ${say(limit, 1)}`, "end"),
      svg("polyline", { class: "learning-path", points }),
      ...(which === "four" ? data.four.map(([grey, truth]) => svg("circle", {
        class: `learning-pixel ${truth ? "learning-inside" : ""}`, cx: x(grey), cy: y(truth), r: 5 })) : []),
      svg("path", { class: "learning-axis", d: `M${PLOT.left} ${y(1)}V${y(0)}H346` }),
      ...[0, 40, 80, 120].map((grey) => word(x(grey), 180, grey)),
      ...[0, 0.5, 1].map((value) => word(40, y(value) + 5, value, "end")),
      word(196, 202, "grey value"));
  }

  function showCurve() {
    const top = nice(Math.max(1.5, ...walk.map((place) => place.loss)));
    const most = Math.max(data.steps, walk.length - 1);
    const x = (step) => PLOT.left + (PLOT.width * step) / most, y = (value) => 142 - 126 * (value / top);
    const line = (name, places) => svg("polyline", { class: name,
      points: places.map((place, step) => `${x(step).toFixed(1)},${y(place.loss).toFixed(1)}`).join(" ") });
    curve.setAttribute("aria-label", `Loss over ${walk.length - 1} steps: from ${say(walk[0].loss, 3)} to ${say(walk.at(-1).loss, 3)}.`);
    curve.replaceChildren(
      svg("path", { class: "learning-axis", d: `M${PLOT.left} 16V142H346` }),
      ...(before ? [svg("svg", { x: PLOT.left, y: 16, width: 300, height: 126, viewBox: `${PLOT.left} 16 300 126` },
        line("learning-before", before)), word(346, 12, "dashed: the walk before", "end")] : []),
      line("learning-path", walk),
      svg("circle", { class: "learning-here", cx: x(walk.length - 1), cy: y(walk.at(-1).loss), r: 5 }),
      ...[0, most / 2, most].map((step) => word(x(step), 160, Math.round(step))),
      ...[0, top / 2, top].map((value) => word(40, y(value) + 5, Number(value.toPrecision(2)), "end")),
      word(196, 182, "step"));
  }
}

const inside = ({ weight, bias }) => ({
  weight: Math.min(Math.max(weight, MAP.weight[0]), MAP.weight[1]),
  bias: Math.min(Math.max(bias, MAP.bias[0]), MAP.bias[1]),
});

const cross = (x, y) => `M${x - 6} ${y}H${x + 6}M${x} ${y - 6}V${y + 6}`;

/** The next of 1, 1.5, 2, 3, 4, 6, 8 times a power of ten. */
function nice(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 1.5, 2, 3, 4, 6, 8, 10].find((step) => step * power >= value) * power;
}

const word = (x, y, textContent, anchor = "middle") => svg("text", { x, y, textContent, "text-anchor": anchor });

const tools = (...children) => make("div", { className: "learning-tools figure-buttons" }, ...children);

const titled = (title, ...children) => make("div", {}, make("p", { className: "learning-name" }, title), ...children);

function number(text, [min, max]) {
  const input = make("input", { type: "number", min, max, step: "any" });
  return { input, label: make("label", {}, text, input) };
}
