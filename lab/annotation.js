/**
 * Read what people drew: a label image, a mask, ImageJ's ROIs or GeoJSON, as labels. No DOM.
 *
 * Numbers may have gaps. What was done to make labels of it is said in sentences.
 */

import { unzipSync } from "fflate";
import { Unreadable, open } from "./read.js";

/**
 * bytes, name : the file; height, width : the image's, which the annotation must have
 * Returns { labels: Int32Array(height*width), count, notes }. Throws Unreadable.
 */
export async function readAnnotation(bytes, name, { height, width, decodeJpeg }) {
  const begin = String.fromCharCode(...bytes.subarray(0, 4));
  const outlines = begin === "PK\x03\x04" ? fromZip(bytes, name)
    : begin === "Iout" ? [roi(bytes)].filter(Boolean)
    : /^\s*[[{]/.test(begin) ? fromGeojson(bytes, name) : null;
  const read = outlines ? fill(outlines, height, width, name)
    : await fromImage(bytes, name, { height, width, decodeJpeg });
  const count = new Set(read.labels.filter((label) => label)).size;
  if (!count) throw new Unreadable(`${name} holds no object`, "Give the file with the outlines or labels that people drew");
  return { ...read, count };
}

/* ------------------------------------------------------------------ images */

async function fromImage(bytes, name, { height, width, decodeJpeg }) {
  if (bytes[0] === 0xff && bytes[1] === 0xd8) {
    throw new Unreadable(`${name} is a JPEG, which invents new numbers at every edge`, "Save the annotation as TIFF or PNG");
  }
  const file = await open(bytes, name, { decodeJpeg });
  const [plane] = file.planes;
  if (plane.height !== height || plane.width !== width) throw otherSize(plane, name, height, width);
  const isColour = file.axes.length === 1 && file.axes[0].name === "colour";
  if (isColour) return fromColours(await Promise.all([0, 1, 2].map((n) => inTurn(file, n))), name);
  if (file.planes.length > 1) {
    throw new Unreadable(`${name} holds ${file.planes.length} planes`, "Save the one with the labels as a TIFF of its own");
  }
  const values = await file.read(0);
  if (values.some((value) => value < 0 || !Number.isInteger(value))) {
    throw new Unreadable(`${name} holds values that are no labels: fractions or numbers below 0`, "Save labels as whole numbers, 0 for the background");
  }
  const kinds = new Set(values);
  kinds.delete(0);
  if (kinds.size > values.length / 16) {
    throw new Unreadable(`${name} has ${kinds.size.toLocaleString("en")} different values: it looks like an image`, "Give the labels that people drew");
  }
  if (kinds.size === 1) return fromMask(values, [...kinds][0], height, width);
  return { labels: Int32Array.from(values), notes: [] };
}

/** Planes of one file share a decoded page: ask for them one after the other. */
let queue = Promise.resolve();
function inTurn(file, number) {
  queue = queue.then(() => file.read(number));
  return queue;
}

function otherSize(plane, name, height, width) {
  const is = `${name} has ${plane.width} × ${plane.height} pixels, the image ${width} × ${height}`;
  if (plane.height === width && plane.width === height) return new Unreadable(`${is}: it is turned`, "Turn it back, or swap its axes");
  const factor = plane.height / height;
  if (factor === plane.width / width) {
    return new Unreadable(`${is}: it was scaled by ${+factor.toFixed(3)}`, "Give the annotation in the size of the image; to resize labels, use nearest neighbours");
  }
  return new Unreadable(is, "Give the annotation of this very image");
}

/** Each colour is an object; the most frequent colour is the background. */
function fromColours([red, green, blue]) {
  const [numbers, counts] = [new Map(), []];
  const codes = Int32Array.from(red, (value, i) => (value * 65536) + (green[i] * 256) + blue[i]);
  for (const code of codes) {
    if (!numbers.has(code)) {
      numbers.set(code, counts.length);
      counts.push(0);
    }
    counts[numbers.get(code)]++;
  }
  const ground = numbers.has(0) ? numbers.get(0) : counts.indexOf(Math.max(...counts));
  const labels = codes.map((code) => {
    const number = numbers.get(code);
    return number === ground ? 0 : number < ground ? number + 1 : number;
  });
  const groundName = numbers.has(0) ? "black" : "the most frequent colour";
  return { labels, notes: [`The annotation is in colour: each colour was taken as one object, ${groundName} as the background.`] };
}

/** Pixels that touch, at corners too, are one object. */
function fromMask(values, value, height, width) {
  const labels = new Int32Array(values.length);
  let count = 0;
  for (let start = 0; start < values.length; start++) {
    if (!values[start] || labels[start]) continue;
    labels[start] = ++count;
    const stack = [start];
    while (stack.length) {
      const i = stack.pop();
      const [y, x] = [Math.floor(i / width), i % width];
      for (let ny = Math.max(0, y - 1); ny <= Math.min(height - 1, y + 1); ny++) {
        for (let nx = Math.max(0, x - 1); nx <= Math.min(width - 1, x + 1); nx++) {
          const j = ny * width + nx;
          if (!values[j] || labels[j]) continue;
          labels[j] = count;
          stack.push(j);
        }
      }
    }
  }
  return { labels, notes: [`The annotation is a mask of 0 and ${value}: pixels that touch were taken as one object. ` +
    "Objects that touch each other are one in such a mask, so scores are too low where they do."] };
}

/* ---------------------------------------------------------------- outlines */

function fromZip(bytes, name) {
  let files;
  try {
    files = unzipSync(bytes, { filter: (file) => file.name.endsWith(".roi") });
  } catch (error) {
    throw new Unreadable(`${name} is damaged or cut off (${error.message})`, "Save it again in ImageJ's ROI Manager");
  }
  const names = Object.keys(files);
  if (!names.length) throw new Unreadable(`${name} holds no ROIs`, "Give the zip that ImageJ's ROI Manager saves, or unpack it");
  return names.map((file) => roi(files[file])).filter(Boolean);
}

const [POLYGON, RECTANGLE, OVAL, FREEHAND, TRACED] = [0, 1, 2, 7, 8];

/** The rings of one ImageJ ROI; null of lines and points, which have no area. */
function roi(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const type = bytes[6];
  const [top, left, bottom, right] = [8, 10, 12, 14].map((at) => view.getInt16(at));
  const count = view.getUint16(16);
  const composite = view.getUint32(36);
  if (composite) return rings(Array.from({ length: composite }, (_, i) => view.getFloat32(64 + 4 * i)));
  if (type === RECTANGLE) return [[[left, top], [right, top], [right, bottom], [left, bottom]]];
  if (type === OVAL) {
    const [a, b] = [(right - left) / 2, (bottom - top) / 2];
    return [Array.from({ length: 256 }, (_, k) => {
      const angle = (2 * Math.PI * k) / 256;
      return [left + a + a * Math.cos(angle), top + b + b * Math.sin(angle)];
    })];
  }
  if (![POLYGON, FREEHAND, TRACED].includes(type)) return null;
  const isSubpixel = view.getUint16(50) & 128 && view.getUint16(4) >= 222;
  return [Array.from({ length: count }, (_, i) => (isSubpixel
    ? [view.getFloat32(64 + 4 * (count + i)), view.getFloat32(64 + 4 * (2 * count + i))]
    : [left + view.getInt16(64 + 2 * i), top + view.getInt16(64 + 2 * (count + i))]))];
}

/** ImageJ's paths: 0 begins a ring, 1 a straight line, 4 closes; 2 and 3 are curves. */
function rings(path) {
  const found = [];
  for (let i = 0; i < path.length;) {
    const step = path[i++];
    if (step === 0) found.push([]);
    if (step === 4) continue;
    i += step === 2 ? 2 : step === 3 ? 4 : 0; // of a curve, its end
    found.at(-1).push([path[i], path[i + 1]]);
    i += 2;
  }
  return found;
}

function fromGeojson(bytes, name) {
  let content;
  try {
    content = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw new Unreadable(`${name} is no GeoJSON (${error.message})`, "Export it again, in QuPath with File › Export objects as GeoJSON");
  }
  const features = Array.isArray(content) ? content : content.features ?? [content];
  return features.map(({ geometry }) => (geometry?.type === "Polygon" ? geometry.coordinates
    : geometry?.type === "MultiPolygon" ? geometry.coordinates.flat() : null)).filter(Boolean);
}

/** Labels of outlines: a pixel belongs to an object if its middle lies inside (even-odd rule). */
function fill(outlines, height, width, name) {
  const labels = new Int32Array(height * width);
  let [overlap, outside] = [0, 0];
  outlines.forEach((object, index) => {
    const ys = object.flatMap((ring) => ring.map(([, y]) => y));
    const xs = object.flatMap((ring) => ring.map(([x]) => x));
    outside += ys.reduce((a, b) => Math.max(a, b), 0) > height + 1 || xs.reduce((a, b) => Math.max(a, b), 0) > width + 1;
    const [low, high] = [ys.reduce((a, b) => Math.min(a, b)), ys.reduce((a, b) => Math.max(a, b))];
    for (let y = Math.max(0, Math.floor(low)); y < Math.min(height, Math.ceil(high)); y++) {
      const crossings = object.flatMap((ring) => crossed(ring, y + 0.5)).sort((a, b) => a - b);
      for (let k = 0; k + 1 < crossings.length; k += 2) {
        const end = Math.min(width, Math.ceil(crossings[k + 1] - 0.5));
        for (let x = Math.max(0, Math.ceil(crossings[k] - 0.5)); x < end; x++) {
          if (labels[y * width + x]) overlap++;
          else labels[y * width + x] = index + 1;
        }
      }
    }
  });
  if (outside > outlines.length / 10) {
    throw new Unreadable(`${outside} of ${outlines.length} outlines in ${name} lie outside the image`, "Give the annotation of this very image, in pixels");
  }
  const notes = overlap ? [`Outlines overlap in ${overlap.toLocaleString("en")} pixels; each went to the outline that comes first.`] : [];
  return { labels, notes };
}

/** Where a ring crosses the row through the middles of pixels at y. */
function crossed(ring, y) {
  const found = [];
  ring.forEach(([x1, y1], i) => {
    const [x2, y2] = ring[(i + 1) % ring.length];
    if ((y1 > y) !== (y2 > y)) found.push(x1 + ((y - y1) / (y2 - y1)) * (x2 - x1));
  });
  return found;
}
