/** Of the many polygons that StarDist predicts for each object, keep the best: as stardist.nms does. */

import { Outline, raysOf } from "./polygons.js";

const CELL = 32; // pixels: a side of the squares in which kept polygons are looked up

/**
 * Non-maximum suppression.
 *
 * candidates: {prob, y, x: typed arrays, dist: Float32Array, rays per candidate in a row}
 * chosen: numbers of the candidates to look at
 * threshold: one is dropped if a better one shares more than this part of the smaller of both areas
 * Returns the numbers of those that stay, the most probable first.
 */
export function suppress(candidates, chosen, rayCount, threshold) {
  const { prob, y, x, dist } = candidates;
  // Equal ones in the order of numpy's argsort()[::-1] as far as that has any.
  const order = Int32Array.from(chosen).sort((a, b) => prob[b] - prob[a] || b - a);
  const limit = Math.fround(threshold);
  const rays = raysOf(rayCount);
  const kept = [];
  const squares = new Map(); // square → kept outlines that touch it
  const asked = new Map(); // outline → the last candidate that it was compared with
  for (const i of order) {
    const outline = new Outline(y[i], x[i], dist.subarray(i * rayCount, (i + 1) * rayCount), rays);
    const covered = squaresOf(outline);
    const beaten = covered.some((square) => (squares.get(square) ?? []).some((better) => {
      if (asked.get(better) === i) return false;
      asked.set(better, i);
      if (!better.meets(outline)) return false;
      const smaller = Math.min(better.area, outline.area) + 1e-10;
      return Math.fround(better.shared(outline) / smaller) > limit;
    }));
    if (beaten) continue;
    kept.push(i);
    for (const square of covered) {
      if (!squares.has(square)) squares.set(square, []);
      squares.get(square).push(outline);
    }
  }
  return kept;
}

function squaresOf({ top, bottom, left, right }) {
  const squares = [];
  for (let row = Math.floor(top / CELL); row <= Math.floor(bottom / CELL); row++) {
    for (let column = Math.floor(left / CELL); column <= Math.floor(right / CELL); column++) {
      squares.push(row * 0x10000 + column);
    }
  }
  return squares;
}
