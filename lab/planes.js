/**
 * Grey planes out of decoded colours, and the lines of Python that give the same. No DOM.
 *
 * Samples are arrays of one value per pixel: [red, green, blue] or [grey].
 */

const COLOURS = ["red", "green", "blue"];

/** Which of a picture's colours can be chosen: each one, their mean, and the mean upside down. */
export const CHOICES = [...COLOURS, "brightness", "inverted brightness"];

/** Whether three colours are one grey picture. */
export function isGrey([red, green, blue]) {
  return red.every((value, i) => value === green[i] && value === blue[i]);
}

/** One plane of a picture in colour: Float32Array. `most` is the largest value a pixel can have. */
export function colourPlane([red, green, blue], choice, most) {
  const own = COLOURS.indexOf(choice);
  if (own >= 0) return Float32Array.from([red, green, blue][own]);
  const mean = new Float32Array(red.length);
  for (let i = 0; i < mean.length; i++) mean[i] = (red[i] + green[i] + blue[i]) / 3;
  return choice === "brightness" ? mean : mean.map((value) => most - value);
}

/** The same in Python; `image` holds the colours last. */
export function colourLine(choice, most) {
  const own = COLOURS.indexOf(choice);
  if (own >= 0) return `image = image[..., ${own}]  # ${choice}`;
  const mean = "image[..., :3].mean(axis=-1, dtype=np.float32)";
  return choice === "brightness" ? `image = ${mean}  # brightness`
    : `image = ${most} - ${mean}  # brightness, upside down: dark objects become bright`;
}

/** Which colour to propose: of those that glow on black, the one with most contrast; else upside down. */
export function bestColour(samples) {
  const spreads = samples.map(spread);
  const means = samples.map((values) => values.reduce((sum, value) => sum + value, 0) / values.length);
  const most = Math.max(...samples.map((values) => values.reduce((a, b) => Math.max(a, b), 0)));
  // Tissue and bright field: a bright ground, dark objects.
  if ((means[0] + means[1] + means[2]) / 3 > 0.4 * most) return "inverted brightness";
  return COLOURS[spreads.indexOf(Math.max(...spreads))];
}

function spread(values) {
  let [sum, squares] = [0, 0];
  for (const value of values) {
    sum += value;
    squares += value * value;
  }
  return squares / values.length - (sum / values.length) ** 2;
}

/**
 * Values that are no numbers take the place of none: NaN becomes the smallest value there is, as
 * does −∞; +∞ becomes the largest. Returns how many there were.
 */
export function replaceNotNumbers(pixels) {
  let [low, high, bad] = [Infinity, -Infinity, 0];
  for (const value of pixels) {
    if (!Number.isFinite(value)) bad++;
    else {
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  if (!bad) return 0;
  if (bad === pixels.length) low = high = 0;
  for (let i = 0; i < pixels.length; i++) {
    if (!Number.isFinite(pixels[i])) pixels[i] = pixels[i] === Infinity ? high : low;
  }
  return bad;
}

/** The same in Python. */
export const NUMBERS_LINES = [
  "numbers = image[np.isfinite(image)]",
  "image = np.nan_to_num(image, nan=numbers.min(), neginf=numbers.min(), posinf=numbers.max())",
];
