/**
 * Grey values as the networks want them: StarDist's and Cellpose's percentiles, to the last bit.
 *
 * numpy computes percentiles of integers in 64 bits and those of float32 in 32, position included;
 * both libraries inherit that.
 */

const f32 = Math.fround;
const MOST_COUNTED = 65_535; // the largest value whose occurrences are counted instead of sorted
// Cellpose takes percentiles of a part of very large images: more than 224³ pixels.
const MANY = 224 ** 3;

/** Whether all values are whole numbers, as if they came from an image of integers. */
export function areWhole(values) {
  for (let i = 0; i < values.length; i++) if (!Number.isInteger(values[i])) return false;
  return true;
}

/** A function from a rank (0: smallest) to the value that has it. */
function ranks(values) {
  let [least, most, whole] = [Infinity, -Infinity, true];
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value < least) least = value;
    if (value > most) most = value;
    if (whole && !Number.isInteger(value)) whole = false;
  }
  if (!whole || most - least > MOST_COUNTED) {
    const sorted = Float32Array.from(values).sort();
    return (rank) => sorted[rank];
  }
  const counts = new Uint32Array(most - least + 1);
  for (let i = 0; i < values.length; i++) counts[values[i] - least]++;
  return (rank) => {
    let [at, passed] = [0, counts[0]];
    while (passed <= rank) passed += counts[++at];
    return at + least;
  };
}

/**
 * Percentiles of values, as numpy.percentile gives them.
 * wholeNumbers: compute as for an array of integers; else as for float32
 */
export function percentiles(values, wanted, wholeNumbers) {
  const round = wholeNumbers ? (x) => x : f32;
  const valueOf = ranks(values);
  return wanted.map((percent) => {
    const share = round(percent / 100);
    const position = round(round(values.length - 1) * share);
    const low = Math.min(values.length - 1, Math.floor(position));
    const [a, b] = [valueOf(low), valueOf(Math.min(values.length - 1, low + 1))];
    const part = round(position - low);
    const step = round(b - a);
    return part >= 0.5 ? round(b - round(step * round(1 - part))) : round(a + round(step * part));
  });
}

/** Grey values between the percentiles 1 and 99.8 → 0 to 1: csbdeep's normalize(). */
export function forStardist(values) {
  const [low, high] = percentiles(values, [1, 99.8], areWhole(values)).map(f32);
  const width = f32(f32(high - low) + f32(1e-20));
  return values.map((value) => f32(value - low) / width);
}

/** Grey values between the percentiles 1 and 99 → 0 to 1; all 0 where there is no contrast. */
export function forCellpose(values, height, width) {
  const [least, most] = extent(values);
  if (least === most) return values.slice();
  const [low, high] = percentiles(sample(values, height, width), [1, 99], false);
  const contrast = f32(high - low);
  if (!(contrast > 1e-3)) return new Float32Array(values.length);
  return values.map((value) => f32(value - low) / contrast);
}

function extent(values) {
  let [least, most] = [Infinity, -Infinity];
  for (let i = 0; i < values.length; i++) {
    if (values[i] < least) least = values[i];
    if (values[i] > most) most = values[i];
  }
  return [least, most];
}

/** The pixels that Cellpose takes percentiles of. */
function sample(values, height, width) {
  if (height * width <= MANY) return values;
  const [down, across] = [height, width].map((size) => Math.max(1, Math.floor(size / 224)));
  const chosen = [];
  for (let y = 0; y < height; y += down) {
    for (let x = 0; x < width; x += across) chosen.push(values[y * width + x]);
  }
  return Float32Array.from(chosen);
}
