/** Cellpose: from an image to the network's answer, and from that to objects: CellposeModel.eval(). */

import { masks } from "../figures/_shared/cellpose_dynamics.js";
import { forCellpose } from "./normalise.js";
import { bilinear } from "./resize.js";
import { inTiles } from "./tiles.js";

const STEPS = 200; // that a pixel takes, at the size that the network saw

/**
 * Run the network over an image, tile by tile.
 *
 * image: {height, width, channels: [what to segment, nuclei if there are]}, as recorded
 * diameter: of the objects, in pixels, or null: the image keeps its size
 * model: {diameter, own}
 * run: async function of a tile, 2 × height × width, and its sides; answers with {flow}
 * Returns what objects() needs.
 */
export async function predict(image, { diameter }, model, run, tick = () => {}) {
  const { height, width } = image;
  // In 32 bits, as the library computes: 300 pixels times 0.84 are 251 there, and not 252.
  const f32 = Math.fround;
  const rescale = f32(model.diameter / f32(diameter > 0 ? diameter : model.own));
  const [newHeight, newWidth] = [height, width].map((size) => Math.trunc(f32(size * rescale)));
  const channels = image.channels.map((values) =>
    bilinear(forCellpose(values, height, width), height, width, newHeight, newWidth));
  if (channels.length < 2) channels.push(new Float32Array(newHeight * newWidth));
  const answer = await inTiles(channels, newHeight, newWidth,
    async (tile, tall, wide) => (await run(tile, tall, wide)).flow, tick);
  const [down, right, logit] = answer.map((layer) =>
    bilinear(layer, newHeight, newWidth, height, width));
  return { height, width, down, right, logit, steps: Math.trunc(f32(f32(1 / rescale) * STEPS)) };
}

/** Objects at these thresholds. Returns {labels, count, probability}. */
export function objects(kept, settings) {
  const labels = masks(kept, { ...settings, steps: kept.steps });
  let count = 0;
  for (let i = 0; i < labels.length; i++) if (labels[i] > count) count = labels[i];
  kept.probability ??= kept.logit.map((logit) => 1 / (1 + Math.exp(-logit)));
  return { labels, count, probability: kept.probability.slice() };
}
