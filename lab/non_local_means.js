/** Non-local means, as skimage.restoration.denoise_nl_means(image, 5, 5, h) does them. No DOM. */

const PATCH = 4; // px: in its fast mode, scikit-image compares squares of 4 × 4 pixels for a patch of 5
const REACH = 5; // px: how far apart two places may lie, down and across
const MOST = 5; // of the distance of two patches: places that differ more count nothing

/**
 * Averages each pixel with those around which the image looks alike (Buades et al. 2005). The squares are
 * compared by running sums (Darbon et al. 2008).
 *
 * h: grey values; how much two patches may differ
 * pause: called after every shift of the image; lets the page answer meanwhile
 * Returns a Float32Array.
 */
export async function nonLocalMeans({ values, height, width }, h, pause = () => {}) {
  const half = PATCH / 2;
  const margin = half + REACH + 1;
  const [tall, wide] = [height + 2 * margin, width + 2 * margin];
  const image = mirrored(values, height, width, margin);
  const [sums, weights, totals] = Array.from({ length: 3 }, () => new Float64Array(tall * wide));
  const scale = 1 / ((PATCH + 1) ** 2 * h * h);
  for (let down = -REACH; down <= REACH; down++) {
    for (let across = 0; across <= REACH; across++) {
      const shift = down * wide + across;
      const [first, last] = [Math.max(0, -down), Math.min(tall, tall - down)];
      add(sums, image, wide, shift, { first, last, until: wide - across });
      // Every pair is met once, but those in one column twice, and a pixel with itself.
      const share = across ? 1 : 0.5;
      for (let y = Math.max(half, half - down); y < Math.min(tall - half, tall - half - down); y++) {
        const [above, below] = [(y - half) * wide, (y + half) * wide];
        for (let x = half; x < wide - half - across; x++) {
          const sum = sums[below + x + half] + sums[above + x - half] - sums[above + x + half] - sums[below + x - half];
          const distance = Math.max(0, sum) * scale;
          if (distance > MOST) continue;
          const here = y * wide + x;
          const weight = share * roughExp(-distance);
          weights[here] += weight;
          weights[here + shift] += weight;
          totals[here] += weight * image[here + shift];
          totals[here + shift] += weight * image[here];
        }
      }
      await pause();
    }
  }
  const result = new Float32Array(height * width);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const at = (y + margin) * wide + x + margin;
      result[i] = totals[at] / weights[at];
    }
  }
  return result;
}

const bits = new Float64Array(1);
const halves = new Int32Array(bits.buffer); // the upper one is second: every browser's numbers lie so

/** e to the power of x, up to 4 % off (Schraudolph 1999): what scikit-image takes, and both are to agree. */
function roughExp(x) {
  halves[1] = (2 ** 20 / Math.LN2) * x + 1023 * 2 ** 20 - 60801;
  return bits[0];
}

/** Running sums, from the upper left, of squared differences to the image moved by `shift`. */
function add(sums, image, wide, shift, { first, last, until }) {
  for (let y = first; y < last; y++) {
    let row = 0;
    for (let x = 0, at = y * wide; x < until; x++, at++) {
      row += (image[at] - image[at + shift]) ** 2;
      sums[at] = row + (y > first ? sums[at - wide] : 0);
    }
  }
}

/** The image with a margin that mirrors it; the last row and column are not repeated. */
function mirrored(values, height, width, margin) {
  const [down, across] = [places(height, margin), places(width, margin)];
  const image = new Float64Array(down.length * across.length);
  let at = 0;
  for (const y of down) for (const x of across) image[at++] = values[y * width + x];
  return image;
}

function places(size, margin) {
  const period = Math.max(1, 2 * (size - 1));
  return Array.from({ length: size + 2 * margin }, (_, i) => {
    const at = (((i - margin) % period) + period) % period;
    return at < size ? at : period - at;
  });
}
