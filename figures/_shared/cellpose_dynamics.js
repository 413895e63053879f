/**
 * From Cellpose's flows to objects, as cellpose.dynamics 3.1.1.3 does it on a processor: pixels walk
 * along the flow, those that end in one place are one object, objects whose flow disagrees are
 * dropped, holes are filled, small ones go.
 *
 * A field is {height, width, down, right, logit}: Float32Arrays. Flows are five times as long as the
 * steps that pixels take. Labels are an Int32Array, 0 is background.
 */

const f32 = Math.fround;
const PAD = 20; // rows and columns around the histogram of ends
const PEAK = 10; // more pixels than this have to end in one place to be the seed of an object
const SOME = 2; // more than this for a place around it to belong to it
const ROUNDS = 5; // pixels by which a seed grows, and half a side of where it may
const LARGEST = 0.4; // of the image
const REMEMBERED = 2048 ** 2; // pixels: of a larger image, nothing is kept, as memory is short

const kept = new WeakMap(); // field → what its last thresholds left that others can use

/**
 * Objects of a field at these thresholds. `steps`: how many each pixel takes. Returns labels.
 *
 * Asked again for the same field, only what the other thresholds change is computed.
 */
export function masks(field, { cellprobThreshold, flowThreshold, minSize, steps }) {
  if (kept.get(field)?.walks.steps !== steps) kept.set(field, { walks: new Walks(field, steps) });
  const last = kept.get(field);
  if (last.threshold !== cellprobThreshold) {
    const all = gather(field, last.walks.from(cellprobThreshold));
    Object.assign(last, { threshold: cellprobThreshold, all, errors: null });
  }
  const errors = flowThreshold > 0 ? last.errors ??= flowErrors(field, last.all) : []; // 0: all pass
  const labels = check(field, last.all, errors, { flowThreshold, minSize });
  if (labels.length > REMEMBERED) kept.delete(field);
  return labels;
}

/**
 * Where the pixels of a field walk to. Only pixels above a threshold walk, and only they push others
 * on. So a walk holds for all thresholds that leave every pixel that it came by on the same side.
 */
export class Walks {
  constructor({ height, width, down, right, logit }, steps) {
    const size = height * width;
    Object.assign(this, { height, width, logit, steps });
    this.down = down.map((value) => value / 5);
    this.right = right.map((value) => value / 5);
    if (size > REMEMBERED) return;
    this.rows = new Float32Array(size);
    this.columns = new Float32Array(size);
    this.lowest = new Float32Array(size).fill(Infinity); // the walk is known from this threshold …
    this.below = new Float32Array(size).fill(-Infinity); // … to below this one
  }

  /** Returns {pixels: Int32Array above the threshold, rows, columns: Float32Arrays where each ends}. */
  from(threshold) {
    const { logit } = this;
    const limit = f32(threshold);
    let count = 0;
    for (let i = 0; i < logit.length; i++) if (logit[i] > limit) count++;
    const pixels = new Int32Array(count);
    const [rows, columns] = [new Float32Array(count), new Float32Array(count)];
    for (let i = 0, k = 0; i < logit.length; i++) {
      if (!(logit[i] > limit)) continue;
      if (this.rows && this.lowest[i] <= limit && limit < this.below[i]) {
        rows[k] = this.rows[i];
        columns[k] = this.columns[i];
      } else {
        this.walk(i, limit, rows, columns, k);
      }
      pixels[k++] = i;
    }
    return { pixels, rows, columns };
  }

  /** Let pixel i walk; put down where it ends. */
  walk(i, limit, rows, columns, k) {
    const { height, width, down, right, logit, steps } = this;
    let [row, column] = [Math.floor(i / width), i % width];
    let [most, least] = [-Infinity, Infinity]; // of what lies below the threshold, and above
    for (let step = 0; step < steps; step++) {
      const [top, left] = [row | 0, column | 0];
      const [y, x] = [f32(row - top), f32(column - left)];
      const a = top * width + left; // the four pixels around: a b above, c d below
      const b = left + 1 < width ? a + 1 : a;
      const c = top + 1 < height ? a + width : a;
      const d = c + b - a;
      const [la, lb, lc, ld] = [logit[a], logit[b], logit[c], logit[d]];
      let [p, q, r, s] = [(1 - y) * (1 - x), (1 - y) * x, y * (1 - x), y * x];
      if (la > limit) { if (la < least) least = la; } else { p = 0; if (la > most) most = la; }
      if (lb > limit) { if (lb < least) least = lb; } else { q = 0; if (lb > most) most = lb; }
      if (lc > limit) { if (lc < least) least = lc; } else { r = 0; if (lc > most) most = lc; }
      if (ld > limit) { if (ld < least) least = ld; } else { s = 0; if (ld > most) most = ld; }
      const byRow = f32(down[a] * p + down[b] * q + down[c] * r + down[d] * s);
      const byColumn = f32(right[a] * p + right[b] * q + right[c] * r + right[d] * s);
      const newRow = Math.min(height - 1, Math.max(0, f32(row + byRow)));
      const newColumn = Math.min(width - 1, Math.max(0, f32(column + byColumn)));
      if (newRow === row && newColumn === column) break; // here it stays
      row = newRow;
      column = newColumn;
    }
    rows[k] = row;
    columns[k] = column;
    if (!this.rows) return;
    this.rows[i] = row;
    this.columns[i] = column;
    this.lowest[i] = most;
    this.below[i] = least;
  }
}

/** Give one label to the pixels that end in one place; none to those that end nowhere special. */
export function gather({ height, width }, { pixels, rows, columns }) {
  const wide = width + 2 * PAD;
  const arrived = new Int32Array((height + 2 * PAD) * wide);
  const ends = pixels.map((_, k) => (Math.trunc(rows[k]) + PAD) * wide + Math.trunc(columns[k]) + PAD);
  for (const end of ends) arrived[end]++;

  const owner = new Int32Array(arrived.length);
  seedsOf(arrived, wide).forEach((seed, k) => grow(arrived, wide, seed, owner, k + 1));
  const labels = new Int32Array(height * width);
  for (let k = 0; k < pixels.length; k++) labels[pixels[k]] = owner[ends[k]];
  const sizes = sizesOf(labels);
  drop(labels, (label) => sizes[label] > LARGEST * labels.length);
  renumber(labels);
  return labels;
}

/** Places where more pixels end than anywhere within two pixels; the largest come last. */
function seedsOf(arrived, wide) {
  const seeds = [];
  for (let at = 2 * wide + 2; at < arrived.length - 2 * wide - 2; at++) {
    if (arrived[at] <= PEAK) continue;
    let highest = true;
    for (let y = -2; y <= 2 && highest; y++) {
      for (let x = -2; x <= 2; x++) {
        if (arrived[at + y * wide + x] > arrived[at]) highest = false;
      }
    }
    if (highest) seeds.push(at);
  }
  return seeds.sort((a, b) => arrived[a] - arrived[b] || a - b);
}

/** A seed takes what it reaches, in single steps, through places where some pixels end. */
function grow(arrived, wide, seed, owner, label) {
  let reached = new Set([seed]);
  for (let round = 0; round < ROUNDS; round++) {
    const next = new Set();
    for (const at of reached) {
      for (let y = -1; y <= 1; y++) {
        for (let x = -1; x <= 1; x++) {
          const near = at + y * wide + x;
          if (arrived[near] > SOME) next.add(near);
        }
      }
    }
    if (next.size === reached.size) break;
    reached = next;
  }
  for (const at of reached) owner[at] = label;
}

/**
 * For each label, how far the predicted flow is from the one that its shape would have: the mean
 * squared difference. [0] is unused.
 */
export function flowErrors({ width, down, right }, labels) {
  return boxes(labels, width).map((box) => {
    if (!box) return 0;
    const { top, left, bottom, right: end, pixels } = box;
    const wide = end - left + 3;
    const at = pixels.map((i) => (Math.floor(i / width) - top + 1) * wide + (i % width) - left + 1);
    const heat = diffused(at, wide, bottom - top + 3);
    let sum = 0;
    for (let k = 0; k < at.length; k++) {
      const i = at[k];
      const [y, x] = [heat[i + wide] - heat[i - wide], heat[i + 1] - heat[i - 1]];
      const length = 1e-60 + Math.sqrt(y * y + x * x);
      sum += (y / length - f32(down[pixels[k]] / 5)) ** 2 + (x / length - f32(right[pixels[k]] / 5)) ** 2;
    }
    return sum / at.length;
  });
}

/** Heat that spreads from the middle of an object: its gradient is the flow. */
function diffused(at, wide, tall) {
  let [row, column] = [0, 0];
  for (const i of at) {
    row += Math.floor(i / wide);
    column += i % wide;
  }
  row /= at.length;
  column /= at.length;
  let [centre, nearest] = [at[0], Infinity];
  for (const i of at) {
    const far = (i % wide - column) ** 2 + (Math.floor(i / wide) - row) ** 2;
    if (far < nearest) [centre, nearest] = [i, far];
  }
  const runs = runsOf(at);
  let [heat, next] = [new Float64Array(wide * tall), new Float64Array(wide * tall)];
  for (let round = 2 * (wide + tall); round > 0; round--) {
    heat[centre] += 1;
    spread(heat, next, runs, wide);
    [heat, next] = [next, heat];
  }
  return heat;
}

/** Pixels in rising order → [first, behind the last, …] of those without a gap. */
function runsOf(at) {
  const runs = [];
  for (let k = 0; k < at.length; k++) {
    if (at[k] !== at[k - 1] + 1) runs.push(at[k]);
    if (at[k] + 1 !== at[k + 1]) runs.push(at[k] + 1);
  }
  return Int32Array.from(runs);
}

/** One round: every pixel gets the mean of the nine around it. Here the check spends its time. */
function spread(heat, next, runs, wide) {
  for (let run = 0; run < runs.length; run += 2) {
    const first = runs[run];
    const end = runs[run + 1];
    // Sums of three, one above the other.
    let before = heat[first - 1 - wide] + heat[first - 1] + heat[first - 1 + wide];
    let here = heat[first - wide] + heat[first] + heat[first + wide];
    for (let i = first; i < end; i++) {
      const after = heat[i + 1 - wide] + heat[i + 1] + heat[i + 1 + wide];
      next[i] = (before + here + after) * (1 / 9);
      before = here;
      here = after;
    }
  }
}

/** The masks that pass: flow error not above the threshold, holes filled, not too small. */
export function check({ height, width }, labels, errors, { flowThreshold, minSize }) {
  const passed = labels.slice();
  drop(passed, (label) => errors[label] > flowThreshold);
  fillHolesAndDropSmall(passed, height, width, minSize);
  return passed;
}

/** As Cellpose's fill_holes_and_remove_small_masks(). */
export function fillHolesAndDropSmall(labels, height, width, minSize) {
  if (minSize > 0) dropSmall(labels, minSize);
  let number = 0;
  boxes(labels, width).forEach((box, label) => {
    if (box) fill(labels, width, box, label, ++number);
  });
  if (minSize > 0) dropSmall(labels, minSize);
}

/** Cellpose takes the k-th label for label k here, though there may be gaps before it. */
function dropSmall(labels, minSize) {
  const small = new Set();
  sizesOf(labels).filter((size, label) => label && size).forEach((size, k) => {
    if (size < minSize) small.add(k + 1);
  });
  drop(labels, (label) => small.has(label));
  renumber(labels);
}

/** Give a number to an object and to what it encloses: all that no way through its box's rim reaches. */
function fill(labels, width, { top, left, bottom, right }, label, number) {
  const [tall, wide] = [bottom - top + 1, right - left + 1];
  const outside = new Uint8Array(tall * wide);
  const open = [];
  const visit = (row, column) => {
    if (row < 0 || row >= tall || column < 0 || column >= wide) return;
    const i = row * wide + column;
    if (outside[i] || labels[(top + row) * width + left + column] === label) return;
    outside[i] = 1;
    open.push(i);
  };
  for (let row = 0; row < tall; row++) { visit(row, 0); visit(row, wide - 1); }
  for (let column = 0; column < wide; column++) { visit(0, column); visit(tall - 1, column); }
  while (open.length) {
    const i = open.pop();
    const [row, column] = [Math.floor(i / wide), i % wide];
    visit(row - 1, column); visit(row + 1, column); visit(row, column - 1); visit(row, column + 1);
  }
  for (let i = 0; i < outside.length; i++) {
    if (!outside[i]) labels[(top + Math.floor(i / wide)) * width + left + (i % wide)] = number;
  }
}

function drop(labels, isBad) {
  const bad = Uint8Array.from({ length: most(labels) + 1 }, (_, label) => (label && isBad(label) ? 1 : 0));
  for (let i = 0; i < labels.length; i++) if (bad[labels[i]]) labels[i] = 0;
}

/** Labels 1, 2, … in the order in which they are met. Returns how many. */
export function renumber(labels) {
  const names = new Int32Array(most(labels) + 1);
  let count = 0;
  for (let i = 0; i < labels.length; i++) {
    if (labels[i]) labels[i] = names[labels[i]] ||= ++count;
  }
  return count;
}

function most(labels) {
  let largest = 0;
  for (let i = 0; i < labels.length; i++) if (labels[i] > largest) largest = labels[i];
  return largest;
}

function sizesOf(labels) {
  const sizes = new Int32Array(most(labels) + 1);
  for (let i = 0; i < labels.length; i++) sizes[labels[i]]++;
  return sizes;
}

/** For each label, its pixels, and the first and last row and column; undefined where there is none. */
function boxes(labels, width) {
  const all = Array.from(sizesOf(labels), (size, label) => (label && size
    ? { top: Infinity, left: Infinity, bottom: 0, right: 0, pixels: new Int32Array(size), count: 0 }
    : undefined));
  for (let i = 0, row = -1; i < labels.length; i++) {
    if (i % width === 0) row++;
    const box = all[labels[i]];
    if (!box) continue;
    const column = i - row * width;
    if (box.count === 0) box.top = row;
    box.bottom = row;
    if (column < box.left) box.left = column;
    if (column > box.right) box.right = column;
    box.pixels[box.count++] = i;
  }
  return all;
}
