// Prints the score of each folder that is named, as JSON: truth.raw against predicted.raw (int32).
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { score } from "../../lab/score.js";

for (const folder of process.argv.slice(2)) {
  const labels = (name) => new Int32Array(new Uint8Array(readFileSync(join(folder, name))).buffer);
  const { annotated, predicted, ...more } = score(labels("truth.raw"), labels("predicted.raw"));
  console.log(JSON.stringify({ annotated: [...annotated], predicted: [...predicted], ...more }));
}
