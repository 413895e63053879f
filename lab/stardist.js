/** StarDist: from an image to the network's answer, and from that to objects: predict_instances(). */

import { forStardist } from "./normalise.js";
import { Suppression } from "./nms.js";
import { paint } from "./polygons.js";
import { zoom } from "./resize.js";
import { blocks, crop, padToMultiple } from "./tiles.js";

const f32 = Math.fround;
const BORDER = 2; // pixels of the network's grid: nothing is found closer to the border
const SHORTEST = f32(1e-3); // distance, pixels
// Pixels at the cut side of a block that are not what they would be in the whole image: 94, as blocks
// begin at multiples of 16.
const RIM = 96;
// Pixels: the longest side of what goes through the network at once. Two such blocks hold 2048 pixels.
export const MOST = 1120;
// Candidates below are not kept, so that a slider cannot reach them: most of an image is such.
export const LEAST_PROB = 0.05;

/**
 * Run the network over an image.
 *
 * image: {height, width, channels: [Float32Array]}, as recorded
 * model: {grid, rays, multiple}
 * run: async function of pixels, height and width; answers with {prob, dist}
 * Returns what objects() needs.
 */
export async function predict(image, { scale }, model, run, tick = () => {}, most = MOST) {
  const normalised = forStardist(image.channels[0]);
  const scaled = scale === 1
    ? { values: normalised, height: image.height, width: image.width }
    : zoom(normalised, image.height, image.width, scale);
  const padded = padToMultiple(scaled.values, scaled.height, scaled.width, model.multiple);
  const { grid, rays } = model;
  const columns = padded.width / grid;
  const prob = new Float32Array((padded.height / grid) * columns);
  const found = new Candidates(rays);
  const rowBlocks = blocks(padded.height, most, RIM, model.multiple);
  const columnBlocks = blocks(padded.width, most, RIM, model.multiple);
  const total = rowBlocks.length * columnBlocks.length;
  let done = 0;
  await tick(done, total);
  for (const down of rowBlocks) {
    for (const across of columnBlocks) {
      const part = crop(padded.values, padded.width, down.from, down.to, across.from, across.to);
      const answer = await run(part, down.to - down.from, across.to - across.from);
      const width = (across.to - across.from) / grid;
      for (let row = down.keepFrom / grid; row < down.keepTo / grid; row++) {
        for (let column = across.keepFrom / grid; column < across.keepTo / grid; column++) {
          const from = (row - down.from / grid) * width + column - across.from / grid;
          const value = answer.prob[from];
          prob[row * columns + column] = value;
          const inside = row >= BORDER && row < padded.height / grid - BORDER &&
            column >= BORDER && column < columns - BORDER &&
            row * grid < scaled.height && column * grid < scaled.width;
          if (inside && value > LEAST_PROB) {
            found.add(row * columns + column, row * grid, column * grid, value,
              answer.dist.subarray(from * rays, (from + 1) * rays));
          }
        }
      }
      await tick(++done, total);
    }
  }
  const { height, width } = image;
  const sides = { height: scaled.height, width: scaled.width };
  return { height, width, scale, grid, rays, prob, columns, scaled: sides, candidates: found.inOrder() };
}

/** Candidates as they are found, block by block; then in the order of their pixels. */
class Candidates {
  constructor(rays) {
    Object.assign(this, { rays, count: 0, size: 0 });
    this.grow(1024);
  }

  grow(size) {
    const larger = (Type, old, length) => {
      const array = new Type(length);
      if (old) array.set(old);
      return array;
    };
    this.size = size;
    for (const name of ["at", "y", "x"]) this[name] = larger(Int32Array, this[name], size);
    this.prob = larger(Float32Array, this.prob, size);
    this.dist = larger(Float32Array, this.dist, size * this.rays);
  }

  add(at, y, x, prob, distances) {
    if (this.count === this.size) this.grow(2 * this.size);
    const i = this.count++;
    this.at[i] = at;
    this.y[i] = y;
    this.x[i] = x;
    this.prob[i] = prob;
    for (let k = 0; k < this.rays; k++) {
      this.dist[i * this.rays + k] = Math.max(SHORTEST, distances[k]);
    }
  }

  inOrder() {
    const { count, rays, at } = this;
    const order = Int32Array.from({ length: count }, (_, i) => i);
    if (order.some((_, i) => i > 0 && at[i] < at[i - 1])) order.sort((a, b) => at[a] - at[b]);
    const dist = new Float32Array(count * rays);
    order.forEach((i, k) => dist.set(this.dist.subarray(i * rays, (i + 1) * rays), k * rays));
    return {
      count, dist, y: this.y.slice(0, count).map((_, k) => this.y[order[k]]),
      x: this.x.slice(0, count).map((_, k) => this.x[order[k]]),
      prob: this.prob.slice(0, count).map((_, k) => this.prob[order[k]]),
    };
  }
}

/** Objects at these thresholds. Returns {labels, count, probability}. */
export function objects(kept, { probThreshold, nmsThreshold }) {
  const { candidates, rays, scale, height, width } = kept;
  if (kept.suppression?.threshold !== nmsThreshold) {
    kept.suppression = new Suppression(candidates, rays, nmsThreshold);
  }
  const survivors = kept.suppression.above(f32(probThreshold));
  const labels = new Int32Array(height * width);
  const sines = Array.from({ length: rays }, (_, k) => Math.sin((2 * Math.PI * k) / rays));
  const cosines = Array.from({ length: rays }, (_, k) => Math.cos((2 * Math.PI * k) / rays));
  const [ys, xs] = [new Float32Array(rays), new Float32Array(rays)];
  const larger = 1 / scale;
  for (let rank = survivors.length - 1; rank >= 0; rank--) { // the most probable comes on top
    const i = survivors[rank];
    for (let k = 0; k < rays; k++) {
      const distance = candidates.dist[i * rays + k];
      ys[k] = f32(f32(distance * sines[k]) * larger) + candidates.y[i] * larger;
      xs[k] = f32(f32(distance * cosines[k]) * larger) + candidates.x[i] * larger;
    }
    paint(labels, height, width, ys, xs, rank + 1);
  }
  kept.probability ??= probabilityOf(kept);
  return { labels, count: survivors.length, probability: kept.probability.slice() };
}

/** The network's probability for every pixel of the image. */
function probabilityOf({ prob, columns, grid, scaled, height, width }) {
  const probability = new Float32Array(height * width);
  const [down, across] = [scaled.height / height / grid, scaled.width / width / grid];
  for (let y = 0, at = 0; y < height; y++) {
    const row = Math.floor(y * down) * columns;
    for (let x = 0; x < width; x++, at++) probability[at] = prob[row + Math.floor(x * across)];
  }
  return probability;
}
