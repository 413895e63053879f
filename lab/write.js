/**
 * Write what a run gave, for other programs. No DOM.
 *
 *   labelTiff()  labels, 16 or 32 bits, with the pixel size as ImageJ writes it
 *   rois()       a zip of outlines for ImageJ's ROI Manager
 *   geojson()    outlines for QuPath
 *   csv()        the table of measure.js
 *
 * labels : Int32Array(height*width), 0 is background; pixelSize : { y, x } in µm or null
 */

import { strToU8, zipSync } from "fflate";
import { objects } from "./outlines.js";

/** The date of everything in a zip: the same run, the same file. */
export const MADE = "1980-01-02T12:00:00";

/** A label image as TIFF: Uint8Array. More than 65,535 objects need 32 bits. */
export function labelTiff(labels, height, width, pixelSize) {
  const bits = labels.reduce((a, b) => Math.max(a, b), 0) > 65535 ? 32 : 16;
  const description = strToU8(`ImageJ=1.54f\n${pixelSize ? "unit=micron\n" : ""}\0`);
  const size = labels.length * (bits / 8);
  const entries = [
    [254, 4, 1, 0], [256, 4, 1, width], [257, 4, 1, height], [258, 3, 1, bits],
    [259, 3, 1, 1], [262, 3, 1, 1], [270, 2, description.length, "description"],
    [273, 4, 1, "pixels"], [277, 3, 1, 1], [278, 4, 1, height], [279, 4, 1, size],
    [282, 5, 1, "x"], [283, 5, 1, "y"], [296, 3, 1, 1], [339, 3, 1, 1],
  ];
  const after = 8 + 2 + 12 * entries.length + 4;
  const places = { x: after, y: after + 8, description: after + 16 };
  places.pixels = places.description + description.length + (description.length % 2);
  places.pixels += (4 - (places.pixels % 4)) % 4; // so that 32-bit numbers are aligned
  const bytes = new Uint8Array(places.pixels + size);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x49492a00); // "II", 42: the low byte comes first
  view.setUint32(4, 8, true);
  view.setUint16(8, entries.length, true);
  entries.forEach(([tag, type, count, value], i) => {
    const at = 10 + 12 * i;
    view.setUint16(at, tag, true);
    view.setUint16(at + 2, type, true);
    view.setUint32(at + 4, count, true);
    view.setUint32(at + 8, places[value] ?? value, true);
  });
  for (const axis of ["x", "y"]) { // pixels per unit, as a fraction
    const [over, under] = pixelSize ? fraction(1 / pixelSize[axis]) : [1, 1];
    view.setUint32(places[axis], over, true);
    view.setUint32(places[axis] + 4, under, true);
  }
  bytes.set(description, places.description);
  const Numbers = bits === 16 ? Uint16Array : Uint32Array;
  new Numbers(bytes.buffer, places.pixels, labels.length).set(labels);
  return bytes;
}

/** A number as a fraction of two 32-bit numbers. */
function fraction(value) {
  const under = 10 ** Math.min(6, Math.max(0, 9 - Math.ceil(Math.log10(value))));
  return [Math.round(value * under), under];
}

/** Outlines for ImageJ: a zip with a file "LABEL.roi" for each object. */
export function rois(labels, height, width) {
  const found = objects(labels, height, width);
  const files = Object.fromEntries(found.map(({ label, parts }) => [`${label}.roi`, roi(parts, `${label}`)]));
  return zipSync(files, { level: 0, mtime: MADE });
}

const [POLYGON, RECTANGLE, SUBPIXEL] = [0, 1, 128];
const [MOVE, LINE, CLOSE] = [0, 1, 4];

/** One object as an ImageJ ROI: a polygon, or a composite where it has holes or several parts. */
function roi(parts, name) {
  const points = parts.flatMap(({ outer }) => outer);
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  const [right, bottom] = [Math.max(...xs), Math.max(...ys)];
  const isPolygon = parts.length === 1 && parts[0].holes.length === 0;
  const path = isPolygon ? [] : parts.flatMap(({ outer, holes }) => [outer, ...holes]).flatMap(segments);
  const count = isPolygon ? points.length : 0;
  const body = isPolygon ? 4 * count + 8 * count : 4 * path.length;
  const bytes = new Uint8Array(64 + body + 64 + 2 * name.length);
  const view = new DataView(bytes.buffer); // ROIs hold the high byte first
  bytes.set(strToU8("Iout"));
  view.setUint16(4, 228);
  bytes[6] = isPolygon ? POLYGON : RECTANGLE;
  [top, left, bottom, right, count].forEach((value, i) => view.setInt16(8 + 2 * i, value));
  if (isPolygon) {
    view.setUint16(50, SUBPIXEL);
    points.forEach(([x, y], i) => {
      view.setInt16(64 + 2 * i, x - left);
      view.setInt16(64 + 2 * (count + i), y - top);
      view.setFloat32(64 + 4 * count + 4 * i, x);
      view.setFloat32(64 + 8 * count + 4 * i, y);
    });
  } else {
    view.setUint32(36, path.length);
    path.forEach((value, i) => view.setFloat32(64 + 4 * i, value));
  }
  const second = 64 + body; // a second head holds where the name is
  view.setUint32(60, second);
  view.setUint32(second + 16, second + 64);
  view.setUint32(second + 20, name.length);
  [...name].forEach((letter, i) => view.setUint16(second + 64 + 2 * i, letter.charCodeAt(0)));
  return bytes;
}

function segments(ring) {
  return [...ring.flatMap(([x, y], i) => [i ? LINE : MOVE, x, y]), CLOSE];
}

/** Outlines for QuPath: a FeatureCollection, as text. Each object's name is its label. */
export function geojson(labels, height, width) {
  const features = objects(labels, height, width).map(({ label, parts }) => {
    const polygons = parts.map(({ outer, holes }) => [outer, ...holes].map((ring) => [...ring, ring[0]]));
    return {
      type: "Feature",
      geometry: polygons.length === 1 ? { type: "Polygon", coordinates: polygons[0] }
        : { type: "MultiPolygon", coordinates: polygons },
      properties: { objectType: "annotation", name: String(label) },
    };
  });
  return JSON.stringify({ type: "FeatureCollection", features });
}

/** A table as text: one row an object, the unit in the name of each column. Names may hold commas. */
export function csv({ columns, rows }) {
  const text = (value) => (value === null ? "" : typeof value === "string" ? quoted(value)
    : Number.isInteger(value) ? `${value}` : `${+value.toPrecision(7)}`);
  return [columns.join(","), ...rows.map((row) => row.map(text).join(","))].join("\n") + "\n";
}

function quoted(text) {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
