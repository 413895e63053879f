/**
 * What mends an image whose fault image_faults.js named, as src/bioimage_course/image_cures.py does
 * it. No DOM. Outlines may come from a cured image; brightness is measured in the recorded one.
 */

import { nonLocalMeans } from "./non_local_means.js";
import { pause } from "./pause.js";
import { uniform } from "./smooth.js";

const BACKGROUND = 101; // px: three running means of this width are nearly a Gaussian of 50 px

function extent(values) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

/** The standard deviation. */
function spread(values) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}

/**
 * By the names that the rules give them; each makes a Float32Array of { values, height, width }, or a
 * promise of one.
 */
export const CURES = {
  invert({ values }) {
    const [low, high] = extent(values);
    return Float32Array.from(values, (value) => high + low - value);
  },
  even(image) {
    const least = Math.min(0, extent(image.values)[0]);
    let light = { ...image, values: Float64Array.from(image.values, (value) => value - least) };
    for (let i = 0; i < 3; i++) light = uniform(light, BACKGROUND);
    const floor = Math.max(extent(light.values)[1] * 1e-3, Number.MIN_VALUE);
    return Float32Array.from(image.values, (value, i) => value / Math.max(light.values[i], floor));
  },
  cap: ({ values }, cap) => Float32Array.from(values, (value) => Math.min(value, cap)),
  denoise: (image) => nonLocalMeans(image, 0.8 * spread(image.values), pause),
};
