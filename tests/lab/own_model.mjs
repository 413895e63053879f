// Opens a reader's own model as the worker does. As a program it reads {runtime, zips: [file], noise, shape,
// outs: [file]} from standard input, writes what each network makes of noise, one output after the other,
// and prints the tools [{name, …} or {problem}] as JSON.
import { readFileSync, writeFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { Network, start } from "../../lab/network.js";
import { takeModel } from "../../lab/own_model.js";
import { TOOLS } from "../../lab/tools.js";

export async function opened(zip) {
  const tool = TOOLS[await takeModel(new Uint8Array(readFileSync(zip)), zip.split(/[\\/]/).at(-1))];
  const { graph, settings, weights } = tool.own;
  const model = gunzipSync(readFileSync(new URL(`../../lab/weights/${graph.file}`, import.meta.url)));
  return { tool, model: settings, network: await Network.open(model, new Uint8Array(await weights.arrayBuffer())) };
}

if (process.argv[1].endsWith("own_model.mjs")) {
  const { runtime, zips, noise, shape, outs } = JSON.parse(readFileSync(0, "utf8"));
  start(readFileSync(runtime));
  const told = [];
  for (const [i, zip] of zips.entries()) {
    try {
      const { tool, network } = await opened(zip);
      told.push(tool);
      if (!noise) continue;
      const answer = await network.run(new Float32Array(new Uint8Array(readFileSync(noise)).buffer), shape);
      writeFileSync(outs[i], Buffer.concat(["prob", "dist", "flow"].filter((name) => name in answer).map((name) => new Uint8Array(answer[name].slice().buffer))));
    } catch (error) {
      if (error.name !== "Unreadable") throw error;
      told.push({ problem: error.message });
    }
  }
  process.stdout.write(JSON.stringify(told));
}
