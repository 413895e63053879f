/** Star polygons: their corners, how far two of them overlap, and which pixels one covers. */

const f32 = Math.fround;

/**
 * Where a polygon lies in each row.
 *
 * ys, xs: its corners; rows top … bottom − 1 are looked at `at` pixels below their number
 * Returns {top, count, left, right}: Float64Arrays, one interval a row, or, where a row is cut more
 * than twice, {top, count, rows: [[left, right, left, right, …], …]}, by the non-zero rule.
 */
function spans(ys, xs, top, bottom, at) {
  const count = Math.max(0, bottom - top);
  const [left, right, met] = [new Float64Array(count), new Float64Array(count), new Uint8Array(count)];
  left.fill(1); // to the right of 0: nothing, in a row that no side crosses
  let simple = true;
  crossings(ys, xs, top, bottom, at, (row, x) => {
    if (met[row] === 0) {
      left[row] = right[row] = x;
    } else if (met[row] === 1) {
      if (x < left[row]) left[row] = x;
      else right[row] = x;
    } else {
      simple = false;
    }
    met[row]++;
  });
  if (simple) return { top, count, left, right };
  const rows = Array.from({ length: count }, () => []);
  crossings(ys, xs, top, bottom, at, (row, x, direction) => rows[row].push([x, direction]));
  return { top, count, rows: rows.map(inside) };
}

/** Tell every place where a side of a polygon crosses a row: row, x, and whether it goes down. */
function crossings(ys, xs, top, bottom, at, tell) {
  for (let k = 0, before = ys.length - 1; k < ys.length; before = k++) {
    const y0 = ys[before];
    const y1 = ys[k];
    if (y0 === y1) continue;
    const x0 = xs[before];
    const slope = (xs[k] - x0) / (y1 - y0);
    const down = y1 > y0;
    // Rows r with y0 ≤ r + at < y1, or the other way round.
    const first = Math.max(top, Math.ceil((down ? y0 : y1) - at));
    const last = Math.min(bottom, Math.ceil((down ? y1 : y0) - at));
    for (let row = first; row < last; row++) {
      tell(row - top, x0 + (row + at - y0) * slope, down ? 1 : -1);
    }
  }
}

/** Crossings [[x, direction], …] of a row → intervals [left, right, …]. */
function inside(met) {
  met.sort((one, other) => one[0] - other[0]);
  const intervals = [];
  let winding = 0;
  for (const [x, direction] of met) {
    if (winding === 0) intervals.push(x);
    winding += direction;
    if (winding === 0) intervals.push(x);
  }
  return intervals;
}

/** The intervals of one row. */
function intervalsOf({ left, right, rows }, row) {
  return rows ? rows[row] : [left[row], right[row]];
}

/** A polygon as StarDist's non-maximum suppression sees it: corners cut off to whole numbers. */
export class Outline {
  constructor(y, x, distances, rays) {
    this.ys = new Int32Array(rays.length);
    this.xs = new Int32Array(rays.length);
    this.place(y, x, distances, rays);
  }

  /** Become another polygon, in the same memory: most are looked at once and dropped. */
  place(y, x, distances, rays) {
    const { ys, xs } = this;
    let [top, bottom, left, right, area] = [Infinity, -Infinity, Infinity, -Infinity, 0];
    for (let k = 0; k < rays.length; k++) {
      const row = ys[k] = Math.trunc(f32(y + distances[k] * rays[k].sine));
      const column = xs[k] = Math.trunc(f32(x + distances[k] * rays[k].cosine));
      if (row < top) top = row;
      if (row > bottom) bottom = row;
      if (column < left) left = column;
      if (column > right) right = column;
    }
    for (let k = 0, before = rays.length - 1; k < rays.length; before = k++) {
      area += xs[before] * ys[k] - ys[before] * xs[k];
    }
    this.top = top;
    this.bottom = bottom;
    this.left = left;
    this.right = right;
    this.area = Math.abs(area) / 2;
    this.lines = null; // see spans()
    this.asked = -1; // the last candidate that it was compared with
    return this;
  }

  /** The most that two polygons can share: what their boxes do. */
  sharedAtMost(other) {
    const down = Math.min(this.bottom, other.bottom) - Math.max(this.top, other.top);
    const across = Math.min(this.right, other.right) - Math.max(this.left, other.left);
    return down > 0 && across > 0 ? down * across : 0;
  }

  /** The area that two polygons share. Corners are whole, so rows halfway between them are exact. */
  shared(other) {
    const [a, b] = [this.spans(), other.spans()];
    let area = 0;
    const end = Math.min(a.top + a.count, b.top + b.count);
    for (let row = Math.max(a.top, b.top); row < end; row++) {
      const [i, j] = [row - a.top, row - b.top];
      if (!a.rows && !b.rows) {
        const width = (a.right[i] < b.right[j] ? a.right[i] : b.right[j]) -
          (a.left[i] > b.left[j] ? a.left[i] : b.left[j]);
        if (width > 0) area += width;
        continue;
      }
      const [ours, theirs] = [intervalsOf(a, i), intervalsOf(b, j)];
      for (let k = 0; k < ours.length; k += 2) {
        for (let n = 0; n < theirs.length; n += 2) {
          area += Math.max(0, Math.min(ours[k + 1], theirs[n + 1]) - Math.max(ours[k], theirs[n]));
        }
      }
    }
    return area;
  }

  /**
   * The same area as StarDist's polygon library, Clipper, finds it: it rounds the corners of what two
   * polygons share to whole numbers. The area is summed along its border (Green's theorem): along
   * our sides inside the other, and along its sides inside ours.
   */
  sharedRounded(other) {
    return Math.abs(alongSides(this, other, true) + alongSides(other, this, false)) / 2;
  }

  /** Whether a point lies inside, by the non-zero rule; on the border: `border`. */
  holds(y, x, border) {
    let winding = 0;
    for (let k = 0, before = this.ys.length - 1; k < this.ys.length; before = k++) {
      const [y0, x0, y1, x1] = [this.ys[before], this.xs[before], this.ys[k], this.xs[k]];
      const side = (x1 - x0) * (y - y0) - (x - x0) * (y1 - y0);
      const between = Math.min(y0, y1) <= y && y <= Math.max(y0, y1) &&
        Math.min(x0, x1) <= x && x <= Math.max(x0, x1);
      if (Math.abs(side) < 1e-9 && between) return border;
      if (y0 <= y && y < y1 && side < 0) winding++;
      if (y1 <= y && y < y0 && side > 0) winding--;
    }
    return winding !== 0;
  }

  spans() {
    return this.lines ??= spans(this.ys, this.xs, this.top, this.bottom, 0.5);
  }
}

/** Twice the area that the sides of one outline inside another add, crossings rounded. */
function alongSides(one, other, border) {
  let sum = 0;
  for (let k = 0, before = one.ys.length - 1; k < one.ys.length; before = k++) {
    const [y0, x0, y1, x1] = [one.ys[before], one.xs[before], one.ys[k], one.xs[k]];
    if (y0 === y1 && x0 === x1) continue;
    const cuts = [0, ...crossedBy(y0, x0, y1, x1, other), 1];
    for (let i = 1; i < cuts.length; i++) {
      const middle = (cuts[i - 1] + cuts[i]) / 2;
      if (!other.holds(y0 + middle * (y1 - y0), x0 + middle * (x1 - x0), border)) continue;
      const [ya, yb] = [cuts[i - 1], cuts[i]].map((part) => Math.round(y0 + part * (y1 - y0)));
      const [xa, xb] = [cuts[i - 1], cuts[i]].map((part) => Math.round(x0 + part * (x1 - x0)));
      sum += xa * yb - ya * xb;
    }
  }
  return sum;
}

/** Where on its way, 0 to 1, a side is crossed by those of an outline, in order. */
function crossedBy(y0, x0, y1, x1, { ys, xs }) {
  const parts = [];
  for (let k = 0, before = ys.length - 1; k < ys.length; before = k++) {
    const [dy, dx] = [ys[k] - ys[before], xs[k] - xs[before]];
    const across = (x1 - x0) * dy - (y1 - y0) * dx;
    if (across === 0) continue; // parallel
    const [toY, toX] = [ys[before] - y0, xs[before] - x0];
    const part = (toX * dy - toY * dx) / across;
    const theirs = (toX * (y1 - y0) - toY * (x1 - x0)) / across;
    if (part > 0 && part < 1 && theirs >= 0 && theirs <= 1) parts.push(part);
  }
  return parts.sort((a, b) => a - b);
}

/** Give a label to the pixels of a polygon, its border included, as skimage.draw.polygon does. */
export function paint(labels, height, width, ys, xs, label) {
  let [least, most] = [Infinity, -Infinity];
  for (const y of ys) {
    if (y < least) least = y;
    if (y > most) most = y;
  }
  const top = Math.max(0, Math.ceil(least));
  const bottom = Math.min(height, Math.floor(most) + 1);
  const found = spans(ys, xs, top, bottom, 0);
  for (let row = 0; row < found.count; row++) {
    const start = (top + row) * width;
    const intervals = intervalsOf(found, row);
    for (let k = 0; k < intervals.length; k += 2) {
      const left = Math.max(0, Math.ceil(intervals[k]));
      const right = Math.min(width - 1, Math.floor(intervals[k + 1]));
      for (let x = left; x <= right; x++) labels[start + x] = label;
    }
  }
}

/** Sines and cosines of rays, as StarDist's C++ has them: from angles in 32 bits. */
export function raysOf(count) {
  const step = f32((2 * Math.PI) / count);
  return Array.from({ length: count }, (_, k) => {
    const angle = f32(step * k);
    return { sine: f32(Math.sin(angle)), cosine: f32(Math.cos(angle)) };
  });
}
