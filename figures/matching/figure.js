/**
 * Matching figure: move, resize, split and merge found objects; read what the scores make of it.
 *
 * Model  iouMatrix(), match(), scores(), names(), curve(), edit()  pure, no DOM; tested in
 *        figure.test.mjs against StarDist's own matching and the course's names
 * View   mount()  draws one <figure data-figure="matching">
 *
 * A label image is an array of rows × columns numbers, 0 is background. An object is {name, pixels}:
 * a letter and the indices of its pixels. Objects are painted in their order, the last one on top,
 * so that no pixel belongs to two.
 */

import { button, make, startAgain, svg } from "../_shared/elements.js";

export const THRESHOLDS = [50, 55, 60, 65, 70, 75, 80, 85, 90, 95].map((percent) => percent / 100);
export const MOST = 8; // objects
const STEPS = { left: [0, -1], right: [0, 1], up: [-1, 0], down: [1, 0] };

/* --------------------------------------------------------------------- scores */

/** Shared pixels, covered pixels and IoU of each nucleus (row) with each object (column). */
export function iouMatrix(truth, found) {
  const labels = (image) => [...new Set(image)].filter(Boolean).sort((a, b) => a - b);
  const nuclei = labels(truth), objects = labels(found);
  const area = (image, label) => image.reduce((sum, value) => sum + (value === label), 0);
  const areas = objects.map((label) => area(found, label));
  const own = nuclei.map((label) => area(truth, label));
  const shared = nuclei.map((nucleus) => objects.map((object) =>
    truth.reduce((sum, value, i) => sum + (value === nucleus && found[i] === object), 0)));
  const covered = shared.map((row, i) => row.map((both, j) => own[i] + areas[j] - both));
  const iou = shared.map((row, i) => row.map((both, j) => both / covered[i][j]));
  return { nuclei, objects, own, areas, shared, covered, iou };
}

/** As StarDist compares: in single precision, at least the demand. */
const enough = (iou, minIou) => Math.fround(iou) >= Math.fround(minIou);

/**
 * Pairs [row, column] with enough IoU: as many as possible, and among those the largest IoUs.
 * Above 0.5 there is no choice. At exactly 0.5 there may be: every way is tried, nucleus by nucleus
 * for each set of objects that is taken.
 */
export function match(iou, minIou = 0.5) {
  const smaller = Math.min(iou.length, iou[0]?.length ?? 0);
  let best = new Map([[0, { worth: 0, pairs: [] }]]); // by the objects taken, as bits
  iou.forEach((row, i) => {
    const next = new Map(best);
    for (const [taken, { worth, pairs }] of best) {
      row.forEach((value, j) => {
        if (taken & (1 << j)) return;
        const more = worth + enough(value, minIou) + value / (2 * smaller);
        if (more > (next.get(taken | (1 << j))?.worth ?? -1)) {
          next.set(taken | (1 << j), { worth: more, pairs: [...pairs, [i, j]] });
        }
      });
    }
    best = next;
  });
  const { pairs } = [...best.values()].reduce((a, b) => (b.worth > a.worth ? b : a));
  return pairs.filter(([i, j]) => enough(iou[i][j], minIou));
}

/** Counts and scores at one IoU. A share of nothing is 0, as in StarDist. */
export function scores({ nuclei, objects, iou }, minIou = 0.5) {
  const pairs = match(iou, minIou);
  const tp = pairs.length, fp = objects.length - tp, fn = nuclei.length - tp;
  const matched = pairs.reduce((sum, [i, j]) => sum + iou[i][j], 0);
  const share = (part, whole) => (whole ? part / whole : 0);
  return {
    pairs, tp, fp, fn, matched,
    precision: share(tp, tp + fp), recall: share(tp, tp + fn), f1: share(tp, tp + fp / 2 + fn / 2),
    ap: share(tp, tp + fp + fn), pq: share(matched, tp + fp / 2 + fn / 2),
  };
}

/**
 * What became of each nucleus and of each object, in the course's words: the first that fits, as in
 * src/bioimage_course/mistakes.py.
 */
export function names({ own, areas, shared }, pairs) {
  const sum = (values) => values.reduce((all, value) => all + value, 0);
  const holds = areas.map((_, j) => own.filter((area, i) => shared[i][j] > area / 2).length);
  const pieces = own.map((_, i) => areas.filter((area, j) => shared[i][j] > area / 2).length);
  const nuclei = own.map((area, i) => {
    if (pairs.some((pair) => pair[0] === i)) return "found";
    if (holds.some((several, j) => several > 1 && shared[i][j] > area / 2)) return "merged";
    if (pieces[i] > 1) return "split";
    return sum(shared[i]) < area / 4 ? "missed" : "badly outlined";
  });
  const objects = areas.map((area, j) => {
    if (pairs.some((pair) => pair[1] === j)) return "found";
    if (sum(shared.map((row) => row[j])) < area / 4) return "ghost";
    if (holds[j] > 1) return "merged";
    return pieces.some((several, i) => several > 1 && shared[i][j] > area / 2) ? "split" : "badly outlined";
  });
  return { nuclei, objects };
}

/** AP at each of THRESHOLDS. */
export const curve = (matrix) => THRESHOLDS.map((minIou) => scores(matrix, minIou).ap);

/** Two decimals, rounded as Python does: an eighth is a tie, and goes to the even digit. */
export function two(value) {
  const tie = Number.isInteger(value * 8) && !Number.isInteger(value * 4);
  return (tie ? 2 * Math.round(value * 50) / 100 : value).toFixed(2);
}

/* -------------------------------------------------------------------- objects */

const number = (name) => name.charCodeAt(0) - 64; // A is 1
const letter = (label) => String.fromCharCode(64 + label);
const byName = (a, b) => (a.name < b.name ? -1 : 1);

/** A box [top, left, rows, columns] as pixels. */
export function box([top, left, rows, columns], grid) {
  return Array.from({ length: rows * columns }, (_, i) =>
    (top + Math.floor(i / columns)) * grid.columns + left + (i % columns));
}

/** The label image of objects; A is 1. */
export function paint(objects, { rows, columns }) {
  const image = new Uint8Array(rows * columns);
  for (const { name, pixels } of objects) for (const pixel of pixels) image[pixel] = number(name);
  return image;
}

function bounds(pixels, { columns }) {
  const rows = pixels.map((pixel) => Math.floor(pixel / columns));
  const across = pixels.map((pixel) => pixel % columns);
  return { top: Math.min(...rows), bottom: Math.max(...rows), left: Math.min(...across), right: Math.max(...across) };
}

/** Pixels moved by whole pixels, as far as the image allows. */
function shift(pixels, down, right, grid) {
  const { top, bottom, left, right: end } = bounds(pixels, grid);
  const y = Math.max(-top, Math.min(down, grid.rows - 1 - bottom));
  const x = Math.max(-left, Math.min(right, grid.columns - 1 - end));
  return pixels.map((pixel) => pixel + y * grid.columns + x);
}

/** One row or column more, to the right or below: to the other side where the image ends. */
function grow(pixels, down, right, grid) {
  const there = shift(pixels, down, right, grid);
  const moved = there[0] === pixels[0] ? shift(pixels, -down, -right, grid) : there;
  return [...new Set([...pixels, ...moved])];
}

/** The last row or column less; something is always left. */
function shrink(pixels, down, right, grid) {
  const own = new Set(pixels);
  const inside = ({ row, column }) => row < grid.rows && column < grid.columns && own.has(row * grid.columns + column);
  const kept = pixels.filter((pixel) => inside({
    row: Math.floor(pixel / grid.columns) + down, column: (pixel % grid.columns) + right,
  }));
  return kept.length ? kept : pixels;
}

/** The two pixels of two shapes that are nearest: the middle ones, where several are. */
function nearest(first, second, { columns }) {
  let least = Infinity, pairs = [];
  for (const a of first) for (const b of second) {
    const away = Math.abs((a % columns) - (b % columns)) +
      Math.abs(Math.floor(a / columns) - Math.floor(b / columns));
    if (away < least) [least, pairs] = [away, []];
    if (away === least) pairs.push([a, b]);
  }
  pairs.sort((p, q) => p[0] - q[0] || p[1] - q[1]);
  return { away: least, pair: pairs[Math.floor(pairs.length / 2)] };
}

/** Pixels on the way from one pixel to another, first along the row. */
function bridge([from, to], { columns }) {
  const way = [];
  let at = from;
  while (at % columns !== to % columns) way.push(at += Math.sign((to % columns) - (at % columns)));
  while (at !== to) way.push(at += Math.sign(to - at) * columns);
  return way;
}

/**
 * Objects after one action on the object `name`: the changed one is painted last.
 *
 * Actions: move (down, right) · wider, narrower, taller, shorter · split · merge, with the nearest
 * object · delete · add. Returns {objects, name}: what is there now, and what is selected; or
 * {refused}: why it cannot be done.
 */
export function edit(objects, grid, action, name, down = 0, right = 0) {
  const own = objects.find((object) => object.name === name);
  const others = objects.filter((object) => object !== own);
  const free = Array.from({ length: 26 }, (_, i) => letter(i + 1))
    .find((other) => !objects.some((object) => object.name === other));
  const becomes = (pixels) => ({ objects: [...others, { name, pixels }], name });

  if (["split", "add"].includes(action) && objects.length >= MOST) {
    return { refused: `There is room for ${MOST} objects: delete or merge one first.` };
  }
  if (action === "add") {
    const taken = paint(objects, grid);
    for (let top = 0; top <= grid.rows - 4; top++) for (let left = 0; left <= grid.columns - 4; left++) {
      const pixels = box([top, left, 4, 4], grid);
      if (pixels.every((pixel) => !taken[pixel])) return { objects: [...objects, { name: free, pixels }], name: free };
    }
    return { refused: "No free place of 4 by 4 pixels is left." };
  }
  if (!own) return { refused: "Select an object first." };
  const { pixels } = own;
  switch (action) {
    case "move": return becomes(shift(pixels, down, right, grid));
    case "wider": return becomes(grow(pixels, 0, 1, grid));
    case "narrower": return becomes(shrink(pixels, 0, 1, grid));
    case "taller": return becomes(grow(pixels, 1, 0, grid));
    case "shorter": return becomes(shrink(pixels, 1, 0, grid));
    case "delete": {
      const left = [...others].sort(byName);
      return { objects: others, name: (left.find((object) => object.name > name) ?? left.at(-1))?.name ?? null };
    }
    case "split": {
      if (pixels.length < 2) return { refused: "One pixel cannot be split." };
      const { top, bottom, left, right: end } = bounds(pixels, grid);
      const across = end - left >= bottom - top;
      const middle = across ? (left + end + 1) / 2 : (top + bottom + 1) / 2;
      const before = (pixel) => (across ? pixel % grid.columns : Math.floor(pixel / grid.columns)) < middle;
      return { name, objects: [...others, { name: free, pixels: pixels.filter((pixel) => !before(pixel)) },
        { name, pixels: pixels.filter(before) }] };
    }
    case "merge": {
      if (!others.length) return { refused: "There is no other object to merge with." };
      const gaps = [...others].sort(byName).map((other) => ({ other, ...nearest(pixels, other.pixels, grid) }));
      const { other, pair } = gaps.reduce((a, b) => (b.away < a.away ? b : a));
      return { name, objects: [...others.filter((object) => object !== other),
        { name, pixels: [...new Set([...pixels, ...other.pixels, ...bridge(pair, grid)])] }] };
    }
    default: throw new Error(`no such action: ${action}`);
  }
}

/** What one object and the nuclei below it share, in words. */
export function describe(name, matrix, pairs) {
  const j = matrix.objects.indexOf(number(name));
  if (j < 0) return `${name} lies under other objects: it is not in the label image and does not count.`;
  const matched = pairs.find((pair) => pair[1] === j)?.[0];
  const became = names(matrix, pairs);
  const failed = (i) => (became.nuclei[i] === "found" ? "" : ` (nucleus ${matrix.nuclei[i]} is ${became.nuclei[i]})`);
  const parts = matrix.nuclei.flatMap((nucleus, i) => (matrix.shared[i][j] ? [
    `nucleus ${nucleus}: ${matrix.shared[i][j]} shared / ${matrix.covered[i][j]} covered = ` +
    `${two(matrix.iou[i][j])}, ${i === matched ? "a match" : `no match${failed(i)}`}`] : []));
  if (!parts.length) return `${name} lies on no nucleus: a ghost, a false positive.`;
  return `${name} and ${parts.join("; and ")}${matched === undefined ? ": a false positive" : ""}.`;
}

/* ----------------------------------------------------------------------- view */

const CELL = 20; // units of the drawing for one pixel
const SHIFTED = { left: "narrower", right: "wider", up: "shorter", down: "taller" };

export async function mount(figure) {
  const data = await (await fetch(new URL("./page.json", import.meta.url))).json();
  const grid = { rows: data.rows, columns: data.columns };
  const truth = paint(data.nuclei.map((nucleus, i) => ({ name: letter(i + 1), pixels: box(nucleus, grid) })), grid);
  const start = Object.entries(data.objects).map(([name, place]) => ({ name, pixels: box(place, grid) }));
  const startMatrix = iouMatrix(truth, paint(start, grid));
  const startCurve = curve(startMatrix);
  let objects = start, selected = "B", minIou = 0.5;
  const groups = new Map(); // the drawn objects by name

  const width = grid.columns * CELL, height = grid.rows * CELL;
  const layer = svg("g");
  const notes = svg("g", { class: "matching-numbers" });
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, class: "matching-picture", role: "group",
    "aria-label": "Label image: nuclei 1 to 5 and found objects. Arrow keys move an object, Shift and arrow keys resize it, Delete removes it." },
    svg("path", { class: "matching-grid", d: lines() }),
    ...data.nuclei.map((_, i) => svg("path", { class: "matching-nucleus", d: outline(truth, i + 1) })), layer, notes);
  data.nuclei.forEach(([top, left, rows], i) => {
    notes.append(svg("text", { x: (left + 0.5) * CELL, y: (top + rows + 0.5) * CELL, textContent: i + 1 }));
  });

  const status = make("p", { className: "matching-status figure-verdict" });
  status.setAttribute("role", "status");
  const short = make("span", { className: "matching-short" });
  const table = make("table", { className: "matching-matrix" });
  const results = make("table", { className: "matching-scores" });
  const plot = svg("svg", { viewBox: "0 0 300 190", class: "matching-curve", role: "img" });
  const slider = make("input", { type: "range", min: 0.5, max: 0.95, step: 0.05, value: 0.5 });
  const asked = make("b");
  slider.addEventListener("input", () => { minIou = Number(slider.value); show(); });

  const arrows = { left: "←", right: "→", up: "↑", down: "↓" };
  const act = (action, ...step) => button(action[0].toUpperCase() + action.slice(1), () => change(action, ...step));
  const reset = startAgain(() => {
    objects = start; selected = "B"; minIou = 0.5; slider.value = 0.5;
    show();
  });
  const tools = make("div", { className: "matching-tools figure-buttons" },
    ...Object.entries(arrows).map(([way, arrow]) => {
      const move = button(arrow, () => change("move", ...STEPS[way]));
      move.setAttribute("aria-label", `Move ${way}`);
      return move;
    }),
    act("wider"), act("narrower"), act("taller"), act("shorter"), act("split"), act("merge"),
    act("delete"), act("add"), reset);
  tools.setAttribute("role", "group");
  tools.setAttribute("aria-label", "Change the selected object");

  const stage = figure.querySelector(".matching-stage");
  stage.replaceChildren(
    make("div", { className: "matching-seen" }, picture, tools,
      make("label", { className: "matching-ask" }, "A match needs an IoU of at least ", asked, slider), status),
    results,
    table, plot);
  show();

  function change(action, down, right) {
    const done = edit(objects, grid, action, selected, down, right);
    if (done.refused) return say(done.refused);
    ({ objects, name: selected } = done);
    return show();
  }

  function select(name) {
    if (name === selected) return;
    selected = name;
    show();
  }

  function say(words) {
    status.replaceChildren(words, short);
  }

  function show() {
    const found = paint(objects, grid);
    const matrix = iouMatrix(truth, found);
    const now = scores(matrix, minIou), before = scores(startMatrix, minIou);
    showObjects(found, matrix, now);
    showMatrix(matrix, now);
    showScores(now, before);
    showCurve(curve(matrix));
    asked.textContent = two(minIou);
    slider.setAttribute("aria-valuetext", `IoU ${two(minIou)}`);
    short.textContent = ` TP ${now.tp} · FP ${now.fp} · FN ${now.fn} · AP ${two(now.ap)} · PQ ${two(now.pq)}`;
    say(selected ? describe(selected, matrix, now.pairs) : "No object is left: add one, or start again.");
  }

  /** One group for each object, kept while it lives, so that it keeps the focus. */
  function showObjects(found, matrix, now) {
    for (const [name, group] of groups) {
      if (!objects.some((object) => object.name === name)) {
        const focused = group === document.activeElement;
        group.remove();
        groups.delete(name);
        if (focused) groups.get(selected)?.focus();
      }
    }
    for (const { name } of [...objects].sort(byName)) {
      if (!groups.has(name)) groups.set(name, draw(name));
      const group = groups.get(name);
      const [halo, shape, text] = group.children;
      const pixels = [...found.keys()].filter((i) => found[i] === number(name));
      const j = matrix.objects.indexOf(number(name));
      const hit = now.pairs.some((pair) => pair[1] === j);
      const path = outline(found, number(name));
      halo.setAttribute("d", path);
      shape.setAttribute("d", path);
      text.setAttribute("x", CELL * (mean(pixels.map((pixel) => pixel % grid.columns)) + 0.5));
      text.setAttribute("y", CELL * (mean(pixels.map((pixel) => Math.floor(pixel / grid.columns))) + 0.5));
      text.textContent = pixels.length ? name : "";
      group.dataset.state = hit ? "match" : "false";
      group.setAttribute("aria-pressed", name === selected);
      group.setAttribute("aria-label", `Object ${name}, ${hit ? "matched" : "false positive"}`);
    }
    const inOrder = [...groups.keys()].sort();
    inOrder.forEach((name, i) => {
      const group = groups.get(name);
      if (layer.children[i] !== group) layer.insertBefore(group, layer.children[i] ?? null);
    });
  }

  function draw(name) {
    const group = svg("g", { class: "matching-object", tabindex: 0, role: "button" },
      svg("path", { class: "matching-halo" }), svg("path", { class: "matching-shape" }), svg("text"));
    let grip = null; // where a drag began, and the objects as they were
    group.addEventListener("focus", () => select(name));
    group.addEventListener("keydown", (event) => {
      const way = event.key.replace("Arrow", "").toLowerCase();
      if (STEPS[way]) change(...(event.shiftKey ? [SHIFTED[way]] : ["move", ...STEPS[way]]));
      else if (event.key === "Delete" || event.key === "Backspace") change("delete");
      else if (event.key === "Enter" || event.key === " ") select(name);
      else return;
      event.preventDefault();
    });
    group.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      event.preventDefault();
      group.focus({ preventScroll: true });
      select(name);
      group.setPointerCapture(event.pointerId);
      grip = { x: event.clientX, y: event.clientY, before: objects, down: 0, right: 0 };
    });
    group.addEventListener("pointermove", (event) => {
      if (!grip) return;
      const pixel = picture.getBoundingClientRect().width / grid.columns;
      const down = Math.round((event.clientY - grip.y) / pixel);
      const right = Math.round((event.clientX - grip.x) / pixel);
      if (down === grip.down && right === grip.right) return;
      Object.assign(grip, { down, right });
      ({ objects } = edit(grip.before, grid, "move", name, down, right));
      show();
    });
    for (const end of ["pointerup", "pointercancel"]) group.addEventListener(end, () => { grip = null; });
    return group;
  }

  function showMatrix(matrix, now) {
    const head = (content, scope) => make("th", { scope, textContent: content });
    const rows = matrix.nuclei.map((nucleus, i) => make("tr", {}, head(nucleus, "row"),
      ...matrix.objects.map((_, j) => {
        const hit = now.pairs.some((pair) => pair[0] === i && pair[1] === j);
        const value = matrix.iou[i][j];
        return make("td", { className: hit ? "hit" : value ? "" : "none" }, value ? two(value) : "0",
          ...(hit ? [make("span", { textContent: " ✓" })] : []));
      }),
      make("td", { className: "verdict", textContent: now.pairs.some((pair) => pair[0] === i) ? "TP" : "FN" })));
    table.replaceChildren(
      make("caption", { textContent: "IoU of each nucleus (1–5) with each object; ✓ is a match" }),
      make("thead", {}, make("tr", {}, make("td"), ...matrix.objects.map((label) => head(letter(label), "col")),
        make("td"))),
      make("tbody", {}, ...rows),
      make("tfoot", {}, make("tr", {}, make("td"), ...matrix.objects.map((_, j) => make("td", { className: "verdict",
        textContent: now.pairs.some((pair) => pair[1] === j) ? "TP" : "FP" })), make("td"))));
  }

  function showScores(now, before) {
    const half = now.tp + now.fp / 2 + now.fn / 2;
    const rows = [
      ["tp", "true positives (TP)"], ["fp", "false positives (FP)"], ["fn", "false negatives (FN)"],
      ["precision", "precision", `${now.tp} / ${now.tp + now.fp}`],
      ["recall", "recall", `${now.tp} / ${now.tp + now.fn}`],
      ["f1", "F1", `${now.tp} / ${half}`],
      ["ap", "AP", `${now.tp} / ${now.tp + now.fp + now.fn}`],
      ["pq", "PQ", `${two(now.matched)} / ${half}`],
    ];
    const words = (key, from) => (["tp", "fp", "fn"].includes(key) ? from[key] : two(from[key]));
    results.replaceChildren(
      make("thead", {}, make("tr", {}, make("td"), make("td"), make("th", { scope: "col", textContent: "now" }),
        make("th", { scope: "col", textContent: "at first" }))),
      make("tbody", {}, ...rows.map(([key, name, sum = ""]) => {
        const value = make("td", { textContent: words(key, now) });
        value.dataset.score = key;
        return make("tr", {}, make("th", { scope: "row", textContent: name }),
          make("td", { className: "sum", textContent: sum }), value,
          make("td", { className: "first", textContent: words(key, before) }));
      })));
  }

  function showCurve(values) {
    const x = (iou) => 42 + ((iou - 0.5) / 0.45) * 246, y = (ap) => 150 - ap * 128;
    const points = (all) => all.map((ap, i) => `${x(THRESHOLDS[i])},${y(ap)}`).join(" ");
    const at = THRESHOLDS.findIndex((value) => Math.abs(value - minIou) < 1e-6);
    const word = (left, top, textContent, anchor = "middle") => svg("text", { x: left, y: top, textContent, "text-anchor": anchor });
    plot.setAttribute("aria-label", `AP over the IoU asked for. Now: ${values.map((ap, i) =>
      `${two(ap)} at ${two(THRESHOLDS[i])}`).join(", ")}.`);
    plot.replaceChildren(
      svg("path", { class: "matching-axis", d: `M42 22V150H288 M38 ${y(1)}h4 M38 ${y(0.5)}h4` }),
      svg("path", { class: "matching-cursor", d: `M${x(minIou)} 22V150` }),
      svg("polyline", { class: "matching-first", points: points(startCurve) }),
      svg("polyline", { class: "matching-now", points: points(values) }),
      ...values.map((ap, i) => svg("circle", { class: "matching-now", cx: x(THRESHOLDS[i]), cy: y(ap), r: i === at ? 6 : 3.5 })),
      word(34, y(1) + 5, "1", "end"), word(34, y(0.5) + 5, "0.5", "end"), word(34, y(0) + 5, "0", "end"),
      ...[0.5, 0.6, 0.7, 0.8, 0.9].map((iou) => word(x(iou), 167, iou)),
      word(165, 184, "IoU asked for"), word(42, 14, "AP: now solid, at first dashed", "start"));
  }

  function lines() {
    const down = Array.from({ length: grid.columns - 1 }, (_, i) => `M${(i + 1) * CELL} 0V${grid.rows * CELL}`);
    const across = Array.from({ length: grid.rows - 1 }, (_, i) => `M0 ${(i + 1) * CELL}H${grid.columns * CELL}`);
    return [...down, ...across].join("");
  }

  /** The outline of one label, as a path around its runs of pixels. */
  function outline(image, label) {
    const has = (row, column) => row >= 0 && column >= 0 && row < grid.rows && column < grid.columns &&
      image[row * grid.columns + column] === label;
    // Clockwise edges, from corner to corner; chained into closed loops so that they can be filled.
    const from = new Map();
    const edge = (a, b) => from.set(`${a}`, [...(from.get(`${a}`) ?? []), b]);
    for (let r = 0; r < grid.rows; r++) for (let c = 0; c < grid.columns; c++) {
      if (!has(r, c)) continue;
      if (!has(r - 1, c)) edge([c, r], [c + 1, r]);
      if (!has(r, c + 1)) edge([c + 1, r], [c + 1, r + 1]);
      if (!has(r + 1, c)) edge([c + 1, r + 1], [c, r + 1]);
      if (!has(r, c - 1)) edge([c, r + 1], [c, r]);
    }
    let path = "";
    while (from.size) {
      const first = from.keys().next().value;
      const loop = [];
      for (let at = first; from.has(at);) {
        const ends = from.get(at);
        const next = ends.pop();
        if (!ends.length) from.delete(at);
        loop.push(next.map((value) => value * CELL).join(" "));
        at = `${next}`;
      }
      path += `M${loop.join("L")}Z`;
    }
    return path;
  }
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / (values.length || 1);
