/** Of the many polygons that StarDist predicts for each object, keep the best: as stardist.nms does. */

import { Outline, raysOf } from "./polygons.js";

const CLOSE = 0.05; // so near to the threshold, what the library rounds decides
const CELL = 32; // pixels: a side of the squares in which kept polygons are looked up

/**
 * Non-maximum suppression of candidates, the most probable first. Whether one stays depends on better
 * ones alone: so what stays above a high threshold is the beginning of what stays above a lower one,
 * and each candidate is looked at once.
 *
 * candidates: {count, prob, y, x: typed arrays, dist: Float32Array, rays per candidate in a row}
 * threshold: one is dropped if a better one shares more than this part of the smaller of both areas
 */
export class Suppression {
  constructor(candidates, rayCount, threshold) {
    const { count, prob } = candidates;
    Object.assign(this, { candidates, rayCount, threshold, rays: raysOf(rayCount) });
    // Equal ones in the order of numpy's argsort()[::-1] as far as that has any.
    this.order = Int32Array.from({ length: count }, (_, i) => i).sort((a, b) => prob[b] - prob[a] || b - a);
    this.next = 0; // the first in this order that was not looked at
    this.kept = [];
    this.squares = new Map(); // square → kept outlines that touch it
    this.dropped = null; // an outline whose memory the next one takes
  }

  /** The numbers of those above a probability that stay, the most probable first. */
  above(probability) {
    const { candidates: { prob }, order, kept } = this;
    while (this.next < order.length && prob[order[this.next]] > probability) this.look(order[this.next++]);
    const end = kept.findIndex((i) => !(prob[i] > probability));
    return end < 0 ? kept : kept.slice(0, end);
  }

  look(i) {
    const { candidates: { y, x, dist }, rayCount, rays, squares } = this;
    const distances = dist.subarray(i * rayCount, (i + 1) * rayCount);
    const outline = this.dropped?.place(y[i], x[i], distances, rays) ?? new Outline(y[i], x[i], distances, rays);
    const covered = squaresOf(outline);
    const limit = Math.fround(this.threshold);
    const isWorse = covered.some((square) => isBeaten(outline, squares.get(square), limit, i));
    this.dropped = isWorse ? outline : null;
    if (isWorse) return;
    this.kept.push(i);
    for (const square of covered) {
      if (!squares.has(square)) squares.set(square, []);
      squares.get(square).push(outline);
    }
  }
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
