/** Read PNG: grey and colours with 1 to 16 bits, palettes; transparency is left out. No DOM. */

import { convertIndexedToRgb, decode } from "fast-png";
import { CHOICES, bestColour, colourLine, colourPlane, isGrey } from "./planes.js";

export async function openPng(bytes, { name, checkSize }) {
  const header = new DataView(bytes.buffer, bytes.byteOffset);
  const [width, height] = [header.getUint32(16), header.getUint32(20)];
  checkSize(name, height, width); // before anything is unpacked
  const png = decode(bytes);
  const notes = [];
  let { data, channels, depth } = png;
  if (png.palette) {
    [data, channels] = [convertIndexedToRgb(png), 3];
    if (data.length > 3 * width * height) channels = 4;
    depth = 8;
    notes.push("The file holds numbers of colours in a palette; they were turned into the colours.");
  } else if (depth < 8) data = unpack(data, width, height, depth);
  const most = depth === 1 ? 1 : Math.max(255, 2 ** depth - 1);
  const colours = channels >= 3;
  if (channels === 2 || channels === 4) notes.push("Transparency was left out.");
  const samples = Array.from({ length: colours ? 3 : 1 }, (_, sample) => (
    Float32Array.from({ length: width * height }, (_, i) => data[i * channels + sample])
  ));
  const python = reading(png, depth, colours);
  return { kind: "PNG", type: `${depth}-bit`, pixelSize: null, ...picture(samples, {
    height, width, most, notes, python,
  }) };
}

/** What a single picture offers, in colour or grey: axes, planes, notes, read(). */
export function picture(samples, { height, width, most, notes, python }) {
  const size = { height, width };
  const grey = samples.length === 1;
  if (grey || isGrey(samples)) {
    const lines = grey ? python.lines : [...python.lines, "image = image[..., 0]  # all colours are alike"];
    const plane = { name: "grey", places: [], ...size, python: { ...python, lines } };
    return { axes: [], planes: [plane], best: 0, notes, read: async () => samples[0].slice() };
  }
  const planes = CHOICES.map((choice, place) => ({
    name: choice, places: [place], ...size,
    python: { ...python, lines: [...python.lines, colourLine(choice, most)] },
  }));
  return {
    axes: [{ name: "colour", size: planes.length }], planes, notes,
    best: CHOICES.indexOf(bestColour(samples)),
    read: async (number) => colourPlane(samples, CHOICES[number], most),
  };
}

/** Several pixels a byte, each row on bytes of its own. 2 and 4 bits become 8, as Pillow does it. */
function unpack(data, width, height, depth) {
  const most = 2 ** depth - 1;
  const scale = depth === 1 ? 1 : 255 / most;
  const row = Math.ceil((width * depth) / 8);
  const out = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const bit = x * depth;
      out[y * width + x] = scale * ((data[y * row + (bit >> 3)] >> (8 - depth - (bit & 7))) & most);
    }
  }
  return out;
}

function reading(png, depth, colours) {
  if (depth === 16 && colours) { // Pillow would drop half of the bits
    return { imports: ["import imagecodecs"], lines: [
      'with open(path, "rb") as file:',
      "    image = imagecodecs.png_decode(file.read())",
    ] };
  }
  const converted = png.palette ? '.convert("RGB")' : "";
  const numbers = depth === 1 ? ".astype(int)" : "";
  const lines = [`image = np.array(Image.open(path)${converted})${numbers}`];
  if (png.channels === 2 && !png.palette) lines.push("image = image[..., 0]  # without transparency");
  return { imports: ["from PIL import Image"], lines };
}
