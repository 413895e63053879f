// Reads every file that is named on the command line as the page does, and prints what it found:
// a line of JSON for each, with the values of all planes, or the sentence that refuses it.
import { existsSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { emptiness, open } from "../../lab/read.js";

// In place of the browser's own decoder: the pixels that Pillow sees, written beside the file.
const decodeJpeg = (path) => () => {
  if (!existsSync(`${path}.json`)) throw new Error("no decoder");
  return JSON.parse(readFileSync(`${path}.json`, "utf8"));
};

for (const path of process.argv.slice(2)) {
  let said;
  try {
    const file = await open(new Uint8Array(readFileSync(path)), basename(path), { decodeJpeg: decodeJpeg(path) });
    const { kind, type, axes, planes, best, pixelSize, notes } = file;
    const values = [];
    for (let number = 0; number < planes.length; number++) values.push(await file.read(number));
    said = { kind, type, axes, planes, best, pixelSize, notes, empty: values.map(emptiness),
      values: values.map((plane) => Array.from(plane)) };
  } catch (error) {
    said = { refused: error.message, name: error.name };
  }
  console.log(JSON.stringify({ file: basename(path), ...said }));
}
