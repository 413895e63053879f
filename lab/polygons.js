/** Star polygons: their corners, how far two of them overlap, and which pixels one covers. */

const f32 = Math.fround;

/**
 * Rows of a polygon and where each lies inside it.
 * ys, xs: its corners; rows are looked at `at` pixels below their number.
 * Returns {top, rows: [[left, right, left, right, …], …]}, by the non-zero rule.
 */
function spans(ys, xs, top, bottom, at) {
  const rows = Array.from({ length: Math.max(0, bottom - top) }, () => []);
  const corners = ys.length;
  for (let k = 0, before = corners - 1; k < corners; before = k++) {
    const [y0, y1] = [ys[before], ys[k]];
    if (y0 === y1) continue;
    const [x0, slope] = [xs[before], (xs[k] - xs[before]) / (y1 - y0)];
    // Rows r with y0 ≤ r + at < y1, or the other way round.
    const first = Math.max(top, Math.ceil(Math.min(y0, y1) - at));
    const last = Math.min(bottom, Math.ceil(Math.max(y0, y1) - at));
    for (let row = first; row < last; row++) {
      rows[row - top].push(x0 + (row + at - y0) * slope, y1 > y0 ? 1 : -1);
    }
  }
  return { top, rows: rows.map(inside) };
}

/** Crossings [x, direction, x, direction, …] of a row → intervals [left, right, …]. */
function inside(crossings) {
  if (crossings.length === 4) {
    const [a, , b] = crossings;
    return a < b ? [a, b] : [b, a];
  }
  const order = [];
  for (let i = 0; i < crossings.length; i += 2) order.push(i);
  order.sort((i, j) => crossings[i] - crossings[j]);
  const intervals = [];
  let winding = 0;
  for (const i of order) {
    if (winding === 0) intervals.push(crossings[i]);
    winding += crossings[i + 1];
    if (winding === 0) intervals.push(crossings[i]);
  }
  return intervals;
}

/** A polygon as StarDist's non-maximum suppression sees it: corners cut off to whole numbers. */
export class Outline {
  constructor(y, x, distances, rays) {
    const [ys, xs] = [new Int32Array(rays.length), new Int32Array(rays.length)];
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
    Object.assign(this, { ys, xs, top, bottom, left, right, area: Math.abs(area) / 2, lines: null });
  }

  meets(other) {
    return this.left <= other.right && other.left <= this.right &&
      this.top <= other.bottom && other.top <= this.bottom;
  }

  /** The area that two polygons share. Corners are whole, so rows halfway between them are exact. */
  shared(other) {
    const [a, b] = [this.spans(), other.spans()];
    let area = 0;
    const end = Math.min(a.top + a.rows.length, b.top + b.rows.length);
    for (let row = Math.max(a.top, b.top); row < end; row++) {
      const [ours, theirs] = [a.rows[row - a.top], b.rows[row - b.top]];
      for (let i = 0; i < ours.length; i += 2) {
        for (let j = 0; j < theirs.length; j += 2) {
          area += Math.max(0, Math.min(ours[i + 1], theirs[j + 1]) - Math.max(ours[i], theirs[j]));
        }
      }
    }
    return area;
  }

  spans() {
    return this.lines ??= spans(this.ys, this.xs, this.top, this.bottom, 0.5);
  }
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
  const { rows } = spans(ys, xs, top, bottom, 0);
  rows.forEach((intervals, i) => {
    const start = (top + i) * width;
    for (let k = 0; k < intervals.length; k += 2) {
      const left = Math.max(0, Math.ceil(intervals[k]));
      const right = Math.min(width - 1, Math.floor(intervals[k + 1]));
      for (let x = left; x <= right; x++) labels[start + x] = label;
    }
  });
}

/** Sines and cosines of rays, as StarDist's C++ has them: from angles in 32 bits. */
export function raysOf(count) {
  const step = f32((2 * Math.PI) / count);
  return Array.from({ length: count }, (_, k) => {
    const angle = f32(step * k);
    return { sine: f32(Math.sin(angle)), cosine: f32(Math.cos(angle)) };
  });
}
