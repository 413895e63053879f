/**
 * What is wrong with an image, before a network is blamed: rules with measured thresholds. No DOM.
 *
 * src/bioimage_course/image_faults.py has the same rules, step by step, and says what each measures;
 * limits and sentences of both stand beside it.
 */

import { percentiles } from "./normalise.js";
import { gaussian } from "./smooth.js";
import RULES from "../src/bioimage_course/image_faults.json" with { type: "json" };

const FIRST = ["inverted", "speck", "uneven"]; // what must be cured first
const ALWAYS = ["strict", "diameter", "clipped", "dark", "border"];
const HIDDEN = { noisy: ["blurred", "small"], empty: ["blurred", "small", "large"] }; // it brings them with it
export const MOST = 3;
const SIDE = 1024; // px: of a larger image the middle is measured
const BINS = 64;
const ENOUGH = 11; // px: small objects are enlarged to this width
const TILES = 4;
const LEAST_LIGHT = 0.003;
const SEPARATE = 0.66; // share of the variance between two groups; one bell-shaped heap has 0.64
const STEEPEST = 97; // percentile of the slopes at edges
const WIDENED = 6; // px: what smoothing and the microscope add to a width
const WIDE = 50; // px: what is narrower is hardly bright ground
const HAZE = 3; // times as wide as what is bright in it: bright ground, not objects
const DIGITS = { whole: 0, one: 1, edge: 1, two: 2 };

/**
 * image : { values: numbers, height, width }, as recorded, or as a cure left it
 * labels : Int32Array of the same size, or null
 * settings : { diameter, scale, probThreshold }, those that were chosen
 * Returns [{ name, title, value, sentence, cure, amount, anchor }]: at most three, the most urgent first.
 */
export function faults(image, labels, tool, settings = {}) {
  return named(measured(image, labels), tool, settings).slice(0, MOST);
}

/** The faults that measured values speak of, the most urgent first. */
export function named(values, tool, settings = {}) {
  const limits = RULES.tools[tool];
  const numbers = { ...values, ...chosen(values, tool, settings) };
  let found = Object.keys(RULES.faults).filter((name) => {
    const value = numbers[name];
    if (!(name in limits) || value === null || value === undefined) return false;
    return RULES.faults[name].below ? value < limits[name] : value > limits[name];
  });
  if (found.some((name) => FIRST.includes(name))) found = found.filter((name) => [...FIRST, ...ALWAYS].includes(name));
  for (const [name, hidden] of Object.entries(HIDDEN)) {
    if (found.includes(name)) found = found.filter((other) => !hidden.includes(other));
  }
  return found.map((name) => fault(name, numbers[name], values, tool));
}

function chosen({ width, blurred }, tool, { diameter, scale, probThreshold }) {
  const seen = width === null ? null : width * (scale || 1);
  const found = { small: seen, large: seen, blurred: blurred === null ? null : blurred * Math.sqrt(scale || 1) };
  if (tool !== "stardist" && diameter) {
    delete found.small;
    delete found.large;
    found.diameter = width ? Math.max(diameter / width, width / diameter) : null;
  }
  const own = RULES.own[tool].prob_thresh;
  if (own !== undefined && probThreshold !== undefined) found.strict = probThreshold - own;
  return found;
}

function fault(name, value, values, tool) {
  const { title, sentence, cure, told, anchor } = RULES.faults[name];
  const words = {
    value: tell(told, value, values), side: values.darkSide,
    width: (values.width ?? 0).toFixed(0), own: RULES.own[tool].width,
  };
  return {
    name, title, value, cure, anchor,
    amount: cure === "cap" ? values.cap : size(cure, values.width, tool),
    sentence: sentence.replace(/\{(\w+)\}/g, (_, word) => words[word]),
  };
}

/** The setting that shows a tool objects of a size that it knows; null if that is no cure. */
function size(cure, width, tool) {
  if (!["shrink", "enlarge", "measure"].includes(cure)) return null;
  if (tool !== "stardist") return { diameter: +width.toPrecision(3) };
  const wanted = cure === "enlarge" ? ENOUGH : RULES.own[tool].width;
  return { scale: +(wanted / width).toPrecision(2) };
}

function tell(how, value, { width, blurred }) {
  if (how === "width") return width.toFixed(0);
  if (how === "percent") return value < 0.1 ? String(+(100 * value).toPrecision(2)) : (100 * value).toFixed(0);
  if (how === "fall") return (100 * Math.exp(-value)).toFixed(0);
  return (how === "edge" ? blurred * Math.sqrt(width) : value).toFixed(DIGITS[how]);
}

/* ---------------------------------------------------------------- measure */

/** Numbers that say how an image is: by the faults' names, and width, cap, darkSide. */
export function measured(image, labels = null) {
  const [fall, darkSide] = fallOfLight(image);
  const part = middle(image);
  const [low, high] = percentiles(part.values, [1, 99.8], true);
  const values = {
    ...limits(part.values, low, high),
    uneven: fall, darkSide, border: labels && cut(labels, image.height, image.width), speck: 0, cap: null,
  };
  let smooth = gaussian(part, 1);
  const [black, middling, white] = percentiles(smooth.values, [1, 50, 99.8], true);
  values.inverted = white > black ? (middling - black) / (white - black) : 0;
  let shown = part;
  if (values.inverted > 0.5) [shown, smooth] = [negative(part), negative(smooth)];
  else [values.speck, values.cap] = speck(smooth);
  return { ...values, ...objects(shown, smooth) };
}

const negative = ({ values, ...size }) => ({ values: Float64Array.from(values, (value) => -value), ...size });

function middle({ values, height, width }) {
  const [top, left] = [height, width].map((side) => Math.max(0, (side - SIDE) >> 1));
  const [rows, columns] = [Math.min(height, SIDE), Math.min(width, SIDE)];
  const part = new Float64Array(rows * columns);
  for (let y = 0; y < rows; y++) {
    const from = (top + y) * width + left;
    part.set(values.subarray(from, from + columns), y * columns);
  }
  return { values: part, height: rows, width: columns };
}

/** The share of pixels at the highest value, and how many grey values lie between the limits. */
function limits(values, low, high) {
  const [most, different] = [values.reduce((a, b) => Math.max(a, b)), new Set()];
  let at = 0;
  for (let i = 0; i < values.length; i++) {
    if (values[i] === most) at++;
    if (values[i] >= low && values[i] <= high) different.add(values[i]);
  }
  return { clipped: at < values.length ? at / values.length : null, dark: different.size };
}

/** Otsu's threshold between two limits: { bright: Uint8Array, any, difference, share }. */
function divide(values, low, high, bins = BINS) {
  const bright = new Uint8Array(values.length);
  if (!(high > low)) return { bright, any: false, part: 0, difference: 0, share: 0 };
  const clip = (value) => Math.min(high, Math.max(low, value));
  const numbers = new Uint16Array(values.length);
  const counts = new Float64Array(bins);
  for (let i = 0; i < values.length; i++) {
    numbers[i] = Math.min(Math.floor(((clip(values[i]) - low) / (high - low)) * bins), bins - 1);
    counts[numbers[i]]++;
  }
  const all = counts.reduce((sum, count, i) => sum + count * i, 0);
  let [below, sum, best, most] = [0, 0, 0, -1];
  for (let i = 0; i < bins - 1; i++) {
    below += counts[i];
    sum += counts[i] * i;
    const above = values.length - below;
    const between = below * above * (sum / below - (all - sum) / above) ** 2;
    if (between > most) [best, most] = [i, between];
  }
  let [count, upper, lower, squares] = [0, 0, 0, 0];
  const mean = values.reduce((total, value) => total + clip(value), 0) / values.length;
  for (let i = 0; i < values.length; i++) {
    const value = clip(values[i]);
    squares += (value - mean) ** 2;
    if (numbers[i] > best) {
      bright[i] = 1;
      count++;
      upper += value;
    } else lower += value;
  }
  const part = count / values.length;
  const difference = upper / count - lower / (values.length - count);
  const share = (part * (1 - part) * difference ** 2) / (squares / values.length);
  return { bright, any: count > 0, part, difference, share };
}

/** How wide bright objects are, how grainy and how soft; whether there are any. */
function objects(image, smooth) {
  const found = { empty: oneHeap(gaussian(image, 3).values), noisy: null, blurred: null, width: null };
  const { bright, difference, width } = brightObjects(smooth);
  if (width === null) return found;
  found.width = width;
  const grain = grains(image);
  if (grain.length) found.noisy = percentiles(grain, [50], true)[0] / (6 * 0.6745) / difference;
  const steepness = steepEdges(smooth, bright);
  if (steepness.length) {
    const [steep] = percentiles(steepness, [STEEPEST], true);
    if (steep > 0) found.blurred = difference / steep / Math.sqrt(found.width);
  }
  return found;
}

/** Which pixels are objects, and how wide they are; of bright ground, what is brightest in it. */
function brightObjects({ values, height, width: across }) {
  const { bright, any, difference } = divide(values, ...percentiles(values, [1, 99.8], true));
  if (!any || difference <= 0) return { width: null };
  const width = widthOf(bright, height, across);
  const part = values.filter((_, i) => bright[i]);
  const brightest = divide(part, ...percentiles(part, [1, 99.8], true));
  if (brightest.any && brightest.difference > 0) {
    let at = 0;
    const inner = bright.map((is) => (is ? brightest.bright[at++] : 0));
    const narrow = widthOf(inner, height, across);
    if (width > Math.max(WIDE, HAZE * narrow)) return { bright: inner, difference: brightest.difference, width: narrow };
  }
  return { bright, difference, width };
}

/** How wide bright pieces are (px), as if they were discs. */
function widthOf(bright, height, across) {
  let [sum, count] = [0, 0];
  const distances = distance(bright, height, across);
  for (let i = 0; i < bright.length; i++) if (bright[i]) [sum, count] = [sum + distances[i], count + 1];
  return Math.sqrt(Math.max(1, (6 * (sum / count - 0.25)) ** 2 - WIDENED ** 2));
}

/** How far grey values reach to the bright side, in how far to the dark; null if they form two heaps. */
function oneHeap(values) {
  const [least, dark, middling, bright] = percentiles(values, [1, 2, 50, 99.8], true);
  if (divide(values, least, bright).share >= SEPARATE) return null;
  if (middling > dark) return (bright - middling) / (middling - dark);
  return bright > middling ? null : 0;
}

/** How much each pixel differs from its neighbours, a slope left out. */
function grains({ values, height, width }) {
  const grain = new Float64Array(Math.max(0, (height - 2) * (width - 2)));
  for (let y = 1, at = 0; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++, at++) {
      const i = y * width + x;
      grain[at] = Math.abs(values[i - width - 1] - 2 * values[i - width] + values[i - width + 1] -
        2 * values[i - 1] + 4 * values[i] - 2 * values[i + 1] +
        values[i + width - 1] - 2 * values[i + width] + values[i + width + 1]);
    }
  }
  return grain;
}

function steepEdges({ values, height, width }, bright) {
  const found = [];
  const slope = (i, step, at, last) => {
    if (last === 0) return 0;
    if (at === 0) return values[i + step] - values[i];
    if (at === last) return values[i] - values[i - step];
    return (values[i + step] - values[i - step]) / 2;
  };
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (!bright[i]) continue;
      const inside = (y === 0 || bright[i - width]) && (y === height - 1 || bright[i + width]) &&
        (x === 0 || bright[i - 1]) && (x === width - 1 || bright[i + 1]);
      if (!inside) found.push(Math.hypot(slope(i, width, y, height - 1), slope(i, 1, x, width - 1)));
    }
  }
  return Float64Array.from(found);
}

/** For each bright pixel, how far the nearest dark one is: two passes (Meijster and others, 2000). */
function distance(bright, height, width) {
  const far = height + width;
  const down = new Int32Array(bright.length);
  for (let x = 0; x < width; x++) {
    let above = far;
    for (let y = 0, i = x; y < height; y++, i += width) down[i] = above = bright[i] ? Math.min(far, above + 1) : 0;
    for (let y = height - 2, i = y * width + x; y >= 0; y--, i -= width) down[i] = Math.min(down[i], down[i + width] + 1);
  }
  const found = new Float64Array(bright.length);
  const [at, from] = [new Int32Array(width), new Int32Array(width)];
  for (let y = 0; y < height; y++) {
    const row = y * width;
    const to = (x, i) => (x - i) ** 2 + down[row + i] ** 2;
    const meet = (i, u) => Math.floor((u * u - i * i + down[row + u] ** 2 - down[row + i] ** 2) / (2 * (u - i)));
    let q = 0;
    at[0] = from[0] = 0;
    for (let u = 1; u < width; u++) {
      while (q >= 0 && to(from[q], at[q]) > to(from[q], u)) q--;
      if (q < 0) [q, at[0]] = [0, u];
      else {
        const next = 1 + meet(at[q], u);
        if (next < width) {
          q++;
          at[q] = u;
          from[q] = next;
        }
      }
    }
    for (let x = width - 1; x >= 0; x--) {
      found[row + x] = Math.sqrt(to(x, at[q]));
      if (x === from[q]) q--;
    }
  }
  return found;
}

/** By how much the background gets darker across the image: [natural logarithm, side]. */
function fallOfLight({ values, height, width }) {
  const [down, across] = [height, width].map((side) => Math.max(1, Math.floor(side / SIDE)));
  const [rows, columns] = [Math.ceil(height / down), Math.ceil(width / across)];
  if (Math.min(rows, columns) < TILES) return [0, "left"];
  const part = (top, bottom, left, right) => {
    const some = new Float64Array((bottom - top) * (right - left));
    for (let y = top, at = 0; y < bottom; y++) {
      for (let x = left; x < right; x++, at++) some[at] = values[y * down * width + x * across];
    }
    return some;
  };
  const floor = LEAST_LIGHT * percentiles(part(0, rows, 0, columns), [99.8], true)[0];
  if (!(floor > 0)) return [0, "left"];
  const edge = (side, i) => Math.floor((i * side) / TILES);
  const logs = Array.from({ length: TILES ** 2 }, (_, i) => {
    const [y, x] = [Math.floor(i / TILES), i % TILES];
    const tile = part(edge(rows, y), edge(rows, y + 1), edge(columns, x), edge(columns, x + 1));
    return Math.log(Math.max(percentiles(tile, [20], true)[0], floor));
  });
  const at = (i) => (i + 0.5) / TILES - 0.5;
  let weight = 0;
  for (let i = 0; i < TILES; i++) weight += TILES * at(i) ** 2;
  const mean = logs.reduce((sum, value) => sum + value) / logs.length;
  let [slopeDown, slopeAcross, spread] = [0, 0, 0];
  logs.forEach((value, i) => {
    slopeDown += (value * at(Math.floor(i / TILES))) / weight;
    slopeAcross += (value * at(i % TILES)) / weight;
    spread += (value - mean) ** 2;
  });
  const explained = spread > 0 ? (weight * (slopeDown ** 2 + slopeAcross ** 2)) / spread : 0;
  const upright = Math.abs(slopeDown) > Math.abs(slopeAcross) + 1e-9; // not by a rounding error
  const side = upright ? (slopeDown > 0 ? "top" : "bottom") : slopeAcross > 0 ? "left" : "right";
  return [(Math.abs(slopeDown) + Math.abs(slopeAcross)) * explained, side];
}

/** How much brighter one or two small pieces are than what else is there: [times, where to cap]. */
function speck(smooth) {
  const { values, height, width } = smooth;
  const { bright, part, difference } = divide(values, ...percentiles(values, [1, 99.9], true), 256);
  if (!(part > 0 && part < 0.02) || pieces(bright, height, width, 3) > 2) return [0, null];
  let near = bright;
  for (let step = 0; step < 4; step++) near = widened(near, height, width);
  const rest = values.filter((_, i) => !near[i]);
  if (!rest.length) return [0, null];
  const others = divide(rest, ...percentiles(rest, [1, 99.8], true));
  if (!(others.difference > 0) || others.share < SEPARATE) return [0, null];
  const ground = rest.filter((_, i) => !others.bright[i]);
  const cap = ground.reduce((sum, value) => sum + value, 0) / ground.length + 2 * others.difference;
  return [difference / others.difference, cap];
}

/** How many pieces, which touch at sides, bright pixels form; counting ends at `enough`. */
function pieces(bright, height, width, enough) {
  const seen = Uint8Array.from(bright);
  let count = 0;
  for (let start = 0; start < seen.length && count < enough; start++) {
    if (!seen[start]) continue;
    count++;
    const stack = [start];
    seen[start] = 0;
    while (stack.length) {
      for (const i of neighbours(stack.pop(), height, width)) {
        if (!seen[i]) continue;
        seen[i] = 0;
        stack.push(i);
      }
    }
  }
  return count;
}

function widened(bright, height, width) {
  const wide = Uint8Array.from(bright);
  bright.forEach((is, i) => {
    if (is) for (const j of neighbours(i, height, width)) wide[j] = 1;
  });
  return wide;
}

function neighbours(i, height, width) {
  const x = i % width;
  const found = [];
  if (x > 0) found.push(i - 1);
  if (x < width - 1) found.push(i + 1);
  if (i >= width) found.push(i - width);
  if (i < (height - 1) * width) found.push(i + width);
  return found;
}

/** Share of the objects that touch the border; null of fewer than five. */
export function cut(labels, height, width) {
  const [all, touching] = [new Set(), new Set()];
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (labels[i] <= 0) continue;
      all.add(labels[i]);
      if (y === 0 || x === 0 || y === height - 1 || x === width - 1) touching.add(labels[i]);
    }
  }
  return all.size >= 5 ? touching.size / all.size : null;
}
