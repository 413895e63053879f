// Writes the report cards of runs, as JSON. Standard input: [run]; `bytes` takes the place of its source.
import { readFileSync } from "node:fs";
import { batchCard, reportCard } from "../../lab/card.js";

const runs = JSON.parse(readFileSync(0, "utf8"));
const cards = await Promise.all(runs.map(({ bytes, rows, ...run }) => {
  if (rows) return batchCard(run, rows);
  if (run.score) run.score.annotated = new Map(run.score.annotated);
  return reportCard({ ...run, source: new Blob([bytes]) });
}));
process.stdout.write(JSON.stringify(cards));
