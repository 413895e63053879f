/** Of the many polygons that StarDist predicts for each object, keep the best: as stardist.nms does. */

import { Outline, raysOf } from "./polygons.js";

const CLOSE = 0.05; // so near to the threshold, what the library rounds decides
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
  for (const i of order) {
    const outline = new Outline(y[i], x[i], dist.subarray(i * rayCount, (i + 1) * rayCount), rays);
    const covered = squaresOf(outline);
    if (covered.some((square) => isBeaten(outline, squares.get(square), limit, i))) continue;
    kept.push(i);
    for (const square of covered) {
      if (!squares.has(square)) squares.set(square, []);
      squares.get(square).push(outline);
    }
  }
  return kept;
}

/** Whether one of these outlines leaves too little of another. */
function isBeaten(outline, better = [], limit, number) {
  for (const other of better) {
    if (other.asked === number) continue; // it touches several squares
    other.asked = number;
    const smaller = Math.min(other.area, outline.area) + 1e-10;
    // What boxes share is quickly told.
    if (!(Math.fround(other.sharedAtMost(outline) / smaller) > limit)) continue;
    let part = other.shared(outline) / smaller;
    if (Math.abs(part - limit) < CLOSE) {
      const rounded = other.sharedRounded(outline) / smaller;
      if (Math.abs(rounded - part) < CLOSE) part = rounded; // else sides lie on each other
    }
    if (Math.fround(part) > limit) return true;
  }
  return false;
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
