// Reads each annotation that is named, for an image of a height and a width, and prints its labels
// or the sentence that refuses it, a line of JSON for each. Arguments: height, width, files.
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { readAnnotation } from "../../lab/annotation.js";

const [height, width, ...paths] = process.argv.slice(2);
for (const path of paths) {
  let said;
  try {
    const bytes = new Uint8Array(readFileSync(path));
    const { labels, ...more } = await readAnnotation(bytes, basename(path), { height: +height, width: +width });
    said = { labels: Array.from(labels), ...more };
  } catch (error) {
    said = { refused: error.message, name: error.name };
  }
  console.log(JSON.stringify(said));
}
