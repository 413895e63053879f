/** Numbers into pictures: RGBA, 8 bits, as a canvas takes them. No DOM. */

const SAMPLED = 200_000; // values that are enough to know the percentiles of

/** Two values between which a plane is shown: [black, white], percentiles 0.5 and 99.8. */
export function range(pixels) {
  const step = Math.max(1, Math.floor(pixels.length / SAMPLED));
  const some = Float32Array.from({ length: Math.floor(pixels.length / step) }, (_, i) => pixels[i * step]).sort();
  const at = (share) => some[Math.min(some.length - 1, Math.round(share * (some.length - 1)))];
  const [low, high] = [at(0.005), at(0.998)];
  return high > low ? [low, high] : [some[0], some.at(-1) > some[0] ? some.at(-1) : some[0] + 1];
}

/** A plane in grey; with a second one in blue over it. Dim objects are made brighter. */
export function shown(pixels, nuclei = null) {
  const grey = stretched(pixels);
  const blue = nuclei ? stretched(nuclei) : grey;
  const rgba = new Uint8ClampedArray(4 * pixels.length);
  for (let i = 0; i < pixels.length; i++) {
    rgba[4 * i] = rgba[4 * i + 1] = grey[i];
    rgba[4 * i + 2] = Math.max(grey[i], blue[i]);
    rgba[4 * i + 3] = 255;
  }
  return rgba;
}

const GAMMA = Uint8ClampedArray.from({ length: 1025 }, (_, i) => 255 * (i / 1024) ** 0.8);

function stretched(pixels) {
  const [low, high] = range(pixels);
  const out = new Uint8ClampedArray(pixels.length);
  const factor = 1024 / (high - low);
  for (let i = 0; i < pixels.length; i++) {
    out[i] = GAMMA[Math.min(1024, Math.max(0, Math.round((pixels[i] - low) * factor)))];
  }
  return out;
}

/** A square thumbnail of a plane: the nearest pixels. */
export function thumbnail(pixels, height, width, side) {
  const scale = Math.min(height, width) / side;
  const [top, left] = [(height - scale * side) / 2, (width - scale * side) / 2];
  const small = Float32Array.from({ length: side * side }, (_, i) => {
    const y = Math.floor(top + (Math.floor(i / side) + 0.5) * scale);
    const x = Math.floor(left + ((i % side) + 0.5) * scale);
    return pixels[y * width + x];
  });
  return shown(small);
}

/** Every object as an area of one colour; neighbours in number differ. */
export function masks(labels) {
  const rgba = new Uint8ClampedArray(4 * labels.length);
  for (let i = 0; i < labels.length; i++) {
    if (!labels[i]) continue;
    const [red, green, blue] = colour(labels[i]);
    rgba[4 * i] = red;
    rgba[4 * i + 1] = green;
    rgba[4 * i + 2] = blue;
    rgba[4 * i + 3] = 150;
  }
  return rgba;
}

const colours = new Map();
function colour(label) {
  if (!colours.has(label)) {
    const hue = (label * 0.618034 * 360) % 360; // the golden ratio: far from its neighbours
    const part = (n) => {
      const k = (n + hue / 30) % 12;
      return 255 * (0.6 - 0.36 * Math.max(-1, Math.min(k - 3, 9 - k, 1)));
    };
    colours.set(label, [part(0), part(8), part(4)]);
  }
  return colours.get(label);
}

/** A map between 0 and 1, from clear to amber. */
export function heat(values) {
  const rgba = new Uint8ClampedArray(4 * values.length);
  for (let i = 0; i < values.length; i++) {
    const value = Math.min(1, Math.max(0, values[i]));
    rgba[4 * i] = 240;
    rgba[4 * i + 1] = 120 + 100 * value;
    rgba[4 * i + 2] = 41 + 60 * value;
    rgba[4 * i + 3] = 235 * value;
  }
  return rgba;
}

/** A length for a scale bar: 1, 2 or 5 times a power of ten, near a fifth of the width. */
export function barLength(width) {
  const wanted = width / 5;
  const power = 10 ** Math.floor(Math.log10(wanted));
  return [5, 2, 1].map((factor) => factor * power).find((length) => length <= wanted);
}
