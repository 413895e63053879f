/**
 * Images in pieces that a network can take, and the answers together again.
 *
 * StarDist sees an image in one go. Where memory does not allow that, blocks with a rim as wide as
 * the network sees give the same numbers. Cellpose always cuts overlapping tiles and blends them,
 * and what it answers depends on where they lie.
 */

const f32 = Math.fround;
const TILE = 224; // pixels, Cellpose's
const OVERLAP = 0.1; // of a tile
const MULTIPLE = 16;
const EDGE = 8; // zeros that Cellpose puts around an image
const FADE = 7.5; // pixels over which a tile's weight falls, 20 pixels from its border

/** Where np.pad(…, "reflect") takes the pixel of an index beyond the end from. */
export function reflected(index, size) {
  if (size === 1) return 0;
  const period = 2 * (size - 1);
  const within = index % period;
  return within < size ? within : period - within;
}

/** Values made larger at the end, by reflection, to sides of a multiple. */
export function padToMultiple(values, height, width, multiple) {
  const [newHeight, newWidth] = [height, width].map((size) => Math.ceil(size / multiple) * multiple);
  if (newHeight === height && newWidth === width) return { values, height, width };
  const padded = new Float32Array(newHeight * newWidth);
  const columns = Int32Array.from({ length: newWidth }, (_, x) => reflected(x, width));
  for (let y = 0; y < newHeight; y++) {
    const row = reflected(y, height) * width;
    for (let x = 0; x < newWidth; x++) padded[y * newWidth + x] = values[row + columns[x]];
  }
  return { values: padded, height: newHeight, width: newWidth };
}

/**
 * Cut a side into as few blocks of at most `most` pixels as will do, all about as long, each with
 * `rim` pixels that its neighbours keep; at the ends of the side there are none.
 * All numbers are multiples of what the network needs. Returns [{from, to, keepFrom, keepTo}, …].
 */
export function blocks(size, most, rim, multiple) {
  if (size <= most) return [{ from: 0, to: size, keepFrom: 0, keepTo: size }];
  const count = Math.ceil((size - 2 * rim) / (most - 2 * rim));
  const length = Math.ceil((size + 2 * rim * (count - 1)) / count / multiple) * multiple;
  const cut = [];
  for (let from = 0, keepFrom = 0; keepFrom < size; from = keepFrom - rim) {
    const to = Math.min(size, from + length);
    const keepTo = to === size ? size : to - rim;
    cut.push({ from, to, keepFrom, keepTo });
    keepFrom = keepTo;
  }
  return cut;
}

/** A rectangle of one channel, as an array of its own. */
export function crop(values, width, top, bottom, left, right) {
  const part = new Float32Array((bottom - top) * (right - left));
  for (let y = top; y < bottom; y++) {
    part.set(values.subarray(y * width + left, y * width + right), (y - top) * (right - left));
  }
  return part;
}

/** How many zeros Cellpose puts before and after a side. */
export function cellposePad(size) {
  const missing = Math.ceil(size / MULTIPLE) * MULTIPLE - size;
  const before = EDGE + Math.floor(missing / 2);
  return [before, EDGE + missing - Math.floor(missing / 2)];
}

/** Where Cellpose's tiles begin on a padded side, and how long they are. */
export function cellposeTiles(size) {
  const length = Math.min(TILE, size);
  const count = size <= TILE ? 1 : Math.ceil(((1 + 2 * OVERLAP) * size) / TILE);
  const step = count > 1 ? (size - length) / (count - 1) : 0;
  const starts = Array.from({ length: count }, (_, i) =>
    (i === count - 1 ? size - length : Math.trunc(i * step)));
  return { length, starts };
}

/** How much a pixel of a tile counts, by its place along a side: 1 in the middle, less at the border. */
export function taper(length) {
  const middle = (TILE - 1) / 2;
  const whole = Float64Array.from({ length: TILE }, (_, i) =>
    1 / (1 + Math.exp((Math.abs(i - middle) - (TILE / 2 - 20)) / FADE)));
  const first = TILE / 2 - Math.floor(length / 2);
  return whole.subarray(first, first + length);
}

/**
 * Run Cellpose's network over an image, tile by tile, as its run_net() does.
 *
 * channels: two Float32Arrays, height × width, normalised
 * run: async function of a tile, Float32Array 2 × length × length, and its sides; answers with three
 * layers: down, right, logit
 * Returns [down, right, logit], each a Float32Array, height × width.
 */
export async function inTiles(channels, height, width, run, tick = () => {}) {
  const [[top, bottom], [left, right]] = [cellposePad(height), cellposePad(width)];
  const [tall, wide] = [height + top + bottom, width + left + right];
  const padded = channels.map((values) => {
    const whole = new Float32Array(tall * wide);
    for (let y = 0; y < height; y++) {
      whole.set(values.subarray(y * width, (y + 1) * width), (y + top) * wide + left);
    }
    return whole;
  });
  const [down, across] = [cellposeTiles(tall), cellposeTiles(wide)];
  const [rowWeight, columnWeight] = [taper(down.length), taper(across.length)];
  const size = down.length * across.length;
  const sums = [0, 1, 2].map(() => new Float32Array(tall * wide));
  const total = down.starts.length * across.starts.length;
  let done = 0;
  await tick(done, total);
  for (const startY of down.starts) {
    for (const startX of across.starts) {
      const tile = new Float32Array(2 * size);
      padded.forEach((values, channel) => tile.set(
        crop(values, wide, startY, startY + down.length, startX, startX + across.length), channel * size,
      ));
      const answer = await run(tile, down.length, across.length);
      sums.forEach((sum, layer) => {
        for (let y = 0, i = layer * size; y < down.length; y++) {
          for (let x = 0, at = (startY + y) * wide + startX; x < across.length; x++, i++, at++) {
            sum[at] += answer[i] * (rowWeight[y] * columnWeight[x]);
          }
        }
      });
      await tick(++done, total);
    }
  }
  const [rowSum, columnSum] = [weights(down, rowWeight, tall), weights(across, columnWeight, wide)];
  return sums.map((sum) => {
    const whole = new Float32Array(height * width);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        whole[y * width + x] = f32(sum[(y + top) * wide + x + left]) /
          (rowSum[y + top] * columnSum[x + left]);
      }
    }
    return whole;
  });
}

/** The weights of all tiles along a side, summed: a tile's weight is a product of two such. */
function weights({ starts, length }, weight, size) {
  const sum = new Float64Array(size);
  for (const start of starts) for (let i = 0; i < length; i++) sum[start + i] += weight[i];
  return sum;
}
