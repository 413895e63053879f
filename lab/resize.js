/** Images in another size, each as the library does it whose image it is. */

const f32 = Math.fround;

/**
 * One line of OpenCV's bilinear resize: where each new pixel lies between two old ones.
 * Returns {low, high: Int32Array, part: Float32Array}: new = old[low]·(1 − part) + old[high]·part.
 */
function bilinearLine(from, to) {
  const [low, high, part] = [new Int32Array(to), new Int32Array(to), new Float32Array(to)];
  const scale = from / to;
  for (let i = 0; i < to; i++) {
    const at = f32((i + 0.5) * scale - 0.5);
    const floor = Math.floor(at);
    low[i] = Math.min(from - 1, Math.max(0, floor));
    high[i] = Math.min(from - 1, low[i] + 1);
    part[i] = floor < 0 || floor >= from - 1 ? 0 : at - floor;
  }
  return { low, high, part };
}

/** cv2.resize(…, INTER_LINEAR) of one channel: Cellpose's. */
export function bilinear(values, height, width, newHeight, newWidth) {
  if (height === newHeight && width === newWidth) return values;
  const [rows, columns] = [bilinearLine(height, newHeight), bilinearLine(width, newWidth)];
  const resized = new Float32Array(newHeight * newWidth);
  const lines = [new Float32Array(newWidth), new Float32Array(newWidth)];
  const held = [-1, -1]; // which old row each line holds, resized across
  const line = (row, other) => {
    const found = held.indexOf(row);
    if (found >= 0) return found;
    const free = held[0] === other ? 1 : 0;
    held[free] = row;
    const start = row * width;
    for (let x = 0; x < newWidth; x++) {
      const part = columns.part[x];
      lines[free][x] = f32(values[start + columns.low[x]] * f32(1 - part)) +
        f32(values[start + columns.high[x]] * part);
    }
    return free;
  };
  for (let y = 0; y < newHeight; y++) {
    const upper = lines[line(rows.low[y], rows.high[y])];
    const lower = lines[line(rows.high[y], rows.low[y])];
    const part = rows.part[y];
    const rest = f32(1 - part);
    for (let x = 0, at = y * newWidth; x < newWidth; x++, at++) {
      resized[at] = f32(upper[x] * rest) + f32(lower[x] * part);
    }
  }
  return resized;
}

/** The size that scipy gives a side: round(size × scale), halves to the even neighbour. */
export function zoomedSize(size, scale) {
  const exact = size * scale;
  const floor = Math.floor(exact);
  if (exact - floor === 0.5) return floor + (floor % 2);
  return Math.round(exact);
}

/** scipy.ndimage.zoom(…, order=1): StarDist's, first and last pixels stay where they are. */
export function zoom(values, height, width, scale) {
  const [newHeight, newWidth] = [zoomedSize(height, scale), zoomedSize(width, scale)];
  const zoomed = new Float32Array(newHeight * newWidth);
  const line = (from, to) => {
    const step = to > 1 ? (from - 1) / (to - 1) : 1;
    return Float64Array.from({ length: to }, (_, i) => i * step);
  };
  const [rows, columns] = [line(height, newHeight), line(width, newWidth)];
  for (let y = 0; y < newHeight; y++) {
    if (rows[y] > height - 1) continue; // by a rounding error beyond the last: scipy puts 0 there
    const top = Math.floor(rows[y]);
    const below = Math.min(height - 1, top + 1);
    const down = rows[y] - top;
    for (let x = 0; x < newWidth; x++) {
      if (columns[x] > width - 1) continue;
      const left = Math.floor(columns[x]);
      const right = Math.min(width - 1, left + 1);
      const across = columns[x] - left;
      zoomed[y * newWidth + x] =
        (values[top * width + left] * (1 - across) + values[top * width + right] * across) * (1 - down) +
        (values[below * width + left] * (1 - across) + values[below * width + right] * across) * down;
    }
  }
  return { values: zoomed, height: newHeight, width: newWidth };
}
