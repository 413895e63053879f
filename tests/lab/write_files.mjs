// Writes what the page offers for download: labels.tif, rois.zip, outlines.geojson, table.csv.
// Arguments: a folder with labels.raw (int32) and pixels.raw (float32), height, width, and the pixel
// size in µm as JSON.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { measure } from "../../lab/measure.js";
import { csv, geojson, labelTiff, rois } from "../../lab/write.js";

const [folder, height, width, size] = process.argv.slice(2).map((text, i) => (i ? JSON.parse(text) : text));
const numbers = (name, Kind) => new Kind(new Uint8Array(readFileSync(join(folder, name))).buffer);
const [labels, pixels] = [numbers("labels.raw", Int32Array), numbers("pixels.raw", Float32Array)];
const keep = (name, content) => writeFileSync(join(folder, name), content);
keep("labels.tif", labelTiff(labels, height, width, size));
keep("rois.zip", rois(labels, height, width));
keep("outlines.geojson", geojson(labels, height, width));
keep("table.csv", csv(measure(labels, pixels, height, width, size)));
