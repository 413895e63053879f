/**
 * What many files gave, to take along: two tables, and a zip of everything. No DOM.
 *
 * rows : of batch.js, in their order
 */

import { Zip, ZipDeflate, strToU8 } from "fflate";
import { unpacked } from "./batch.js";
import { medianDiameter } from "./measure.js";
import { MADE, csv, labelTiff, rois } from "./write.js";

/** One row an object, with the file's name; µm are empty where a file's pixel size is not known. */
export function objectTable(rows) {
  const done = rows.filter(({ problem }) => !problem);
  const widest = done.reduce((most, { table }) => (
    table.columns.length > most.length ? table.columns : most), []);
  return csv({
    columns: ["file", ...widest],
    rows: done.flatMap(({ name, table }) => {
      const places = widest.map((column) => table.columns.indexOf(column));
      return table.rows.map((row) => [name, ...places.map((place) => (place < 0 ? null : row[place]))]);
    }),
  });
}

/** One row a file: how many objects, how wide half of them are, or what was the matter. */
export function fileTable(rows) {
  return csv({
    columns: ["file", "objects", "median_diameter_px", "median_diameter_um", "width_px", "height_px",
      "pixel_width_um", "pixel_height_um", "plane", "problem"],
    rows: rows.map(({ name, problem, ...row }) => {
      if (problem) return [name, ...Array(8).fill(null), problem];
      const { count, table, width, height, pixelSize, plane } = row;
      const diameter = medianDiameter(table);
      const wide = diameter !== null && pixelSize ? diameter * Math.sqrt(pixelSize.x * pixelSize.y) : null;
      return [name, count, diameter, wide, width, height, pixelSize?.x ?? null, pixelSize?.y ?? null, plane, null];
    }),
  });
}

/** Names of files without their endings; a number tells two that would be alike apart. */
export function stems(names) {
  const taken = new Set();
  return names.map((name) => {
    const stem = name.replace(/\.(ome\.)?[^.]*$/i, "") || name;
    let own = stem;
    for (let number = 2; taken.has(own.toLowerCase()); number++) own = `${stem}_${number}`;
    taken.add(own.toLowerCase());
    return own;
  });
}

/**
 * A zip with the labels and ImageJ outlines of every file, both tables, and `texts`, {name: text}.
 *
 * onProgress(done, total) is told before each file. Returns a Blob.
 */
export async function archive(rows, texts, onProgress = () => {}) {
  const done = rows.filter(({ problem }) => !problem);
  const named = stems(done.map(({ name }) => name));
  const pieces = [];
  let failed = null;
  const zip = new Zip((error, piece) => {
    failed ??= error;
    pieces.push(piece);
  });
  const add = (name, bytes) => {
    const entry = Object.assign(new ZipDeflate(name, { level: 6 }), { mtime: MADE });
    zip.add(entry);
    entry.push(bytes, true);
    if (failed) throw failed;
  };
  for (const [name, text] of Object.entries({ ...texts, "objects.csv": objectTable(rows), "files.csv": fileTable(rows) })) {
    add(name, strToU8(text));
  }
  for (const [number, { labels, height, width, pixelSize }] of done.entries()) {
    onProgress(number, done.length);
    const all = await unpacked(labels);
    add(`labels/${named[number]}_labels.tif`, labelTiff(all, height, width, pixelSize));
    add(`rois/${named[number]}_rois.zip`, rois(all, height, width));
  }
  zip.end();
  return new Blob(pieces, { type: "application/zip" });
}
