/** Images smoothed as scipy.ndimage does it; at the border, the last pixel goes on. No DOM. */

/** scipy.ndimage.gaussian_filter(…, sigma, mode="nearest"): { values: Float64Array, height, width }. */
export function gaussian({ values, height, width }, sigma) {
  const reach = Math.floor(4 * sigma + 0.5);
  const weights = Float64Array.from({ length: reach + 1 }, (_, i) => Math.exp((-0.5 * i * i) / (sigma * sigma)));
  const sum = weights.reduce((total, weight, i) => total + (i ? 2 : 1) * weight, 0);
  const filter = (line, out) => {
    const last = line.length - 1;
    for (let i = 0; i <= last; i++) {
      let value = line[i] * weights[0];
      for (let k = 1; k <= reach; k++) value += weights[k] * (line[Math.max(0, i - k)] + line[Math.min(last, i + k)]);
      out[i] = value / sum;
    }
  };
  return alongBoth({ values, height, width }, filter);
}

/** scipy.ndimage.uniform_filter(…, size, mode="nearest") for an odd size: a running mean. */
export function uniform({ values, height, width }, size) {
  const reach = size >> 1;
  const filter = (line, out) => {
    const last = line.length - 1;
    const at = (i) => line[Math.min(last, Math.max(0, i))];
    let sum = 0;
    for (let i = -reach; i <= reach; i++) sum += at(i);
    for (let i = 0; i <= last; i++) {
      out[i] = sum / size;
      sum += at(i + reach + 1) - at(i - reach);
    }
  };
  return alongBoth({ values, height, width }, filter);
}

/** First down the columns, then along the rows, as scipy. */
function alongBoth({ values, height, width }, filter) {
  const result = new Float64Array(values.length);
  const [column, filtered] = [new Float64Array(height), new Float64Array(height)];
  for (let x = 0; x < width; x++) {
    for (let y = 0; y < height; y++) column[y] = values[y * width + x];
    filter(column, filtered);
    for (let y = 0; y < height; y++) result[y * width + x] = filtered[y];
  }
  const row = new Float64Array(width);
  for (let y = 0; y < height; y++) {
    const line = result.subarray(y * width, (y + 1) * width);
    row.set(line);
    filter(row, line);
  }
  return { values: result, height, width };
}
