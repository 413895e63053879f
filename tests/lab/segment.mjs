// Segments images with the lab's own modules, in Node instead of a browser's worker.
// Standard input:
// {model, tool, runtime, weights, own, move, most, images: [{height, width, channels: [file], out, settings}]}.
// Writes each one's labels (int32) to its file `out`; standard output: [{count, network, objects,
// sliders, held}], in seconds of processor time; sliders: if `move`, by threshold, until another value
// has its objects; held: bytes of memory after each piece of the image that went through the network.
import { readFileSync, writeFileSync } from "node:fs";
import * as cellpose from "../../lab/cellpose.js";
import { Network, start } from "../../lab/network.js";
import { settingsOf } from "../../lab/settings.js";
import * as stardist from "../../lab/stardist.js";
import { opened } from "./own_model.mjs";

const { tool, runtime, weights, own, images, move, most, ...task } = JSON.parse(readFileSync(0, "utf8"));
start(readFileSync(runtime));
const { network, model } = own ? await opened(own)
  : { network: await Network.open(readFileSync(weights)), model: task.model };
const isStardist = tool === "stardist";
const through = (values, height, width) =>
  network.run(values, isStardist ? [1, height, width, 1] : [1, 2, height, width]);
const library = isStardist ? stardist : cellpose;

const seconds = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

/** Move each threshold there and back, as a reader does; the median of what that takes. */
function moved(answer, chosen) {
  const steps = isStardist
    ? { probThreshold: 0.05, nmsThreshold: 0.05 }
    : { cellprobThreshold: 0.5, flowThreshold: 0.1, minSize: 5 };
  return Object.fromEntries(Object.entries(steps).map(([name, step]) => {
    const times = [1, 2, 1, 0, -1, -2, -1].map((times) => {
      const before = seconds();
      library.objects(answer, { ...chosen, [name]: chosen[name] + times * step });
      return seconds() - before;
    });
    library.objects(answer, chosen);
    return [name, times.sort((a, b) => a - b)[3]];
  }));
}

const told = [];
for (const { channels, height, width, settings, out } of images) {
  const chosen = settingsOf(tool, settings, model);
  const values = channels.map((file) => new Float32Array(new Uint8Array(readFileSync(file)).buffer));
  const held = [];
  const tick = (done) => { if (done) held.push(process.memoryUsage().rss); };
  const before = seconds();
  const answer = await library.predict({ height, width, channels: values }, chosen, model, through, tick, most);
  const between = seconds();
  const { labels, count } = library.objects(answer, chosen);
  const after = seconds();
  const sliders = move ? moved(answer, chosen) : {};
  told.push({ count, network: between - before, objects: after - between, sliders, held });
  writeFileSync(out, new Uint8Array(labels.buffer));
}
process.stdout.write(JSON.stringify({ images: told, memory: process.resourceUsage().maxRSS * 1024 }));
