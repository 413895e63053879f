/**
 * The worker: loads runtime and weights, runs a network, keeps its answer for other thresholds.
 *
 * Messages in: {id, kind: "ready", base, tool, own}, {id, kind: "run", base, tool, own, image, settings},
 * {id, kind: "again", settings}, {id, kind: "cancel"}; own as in engine.js. Messages out: {id, progress}, {id, result},
 * {id, error: {name, message}}.
 */

import { load } from "./assets.js";
import * as cellpose from "./cellpose.js";
import { EngineError } from "./errors.js";
import { Network, start } from "./network.js";
import { pause } from "./pause.js";
import { settingsOf } from "./settings.js";
import * as stardist from "./stardist.js";
import listed from "./weights/weights.json" with { type: "json" };

const NAMES = {
  stardist: "stardist_nuclei", "cellpose-nuclei": "cellpose_nuclei", "cellpose-cells": "cellpose_cells",
};
const RUNTIME = globalThis.LAB_RUNTIME; // {file, bytes, sha256}: the build puts it here

const KINDS = { ready, run, again };
const running = new Map(); // id → AbortController
let last = Promise.resolve(); // one task after the other
let started = false;
let network = null; // {key, run, close()}
let kept = null; // {tool, answer, settings}: of the last run

self.addEventListener("message", ({ data }) => {
  if (data.kind === "cancel") {
    running.get(data.id)?.abort();
    return;
  }
  const controller = new AbortController();
  running.set(data.id, controller);
  last = last.then(() => answer(data, controller.signal)).finally(() => running.delete(data.id));
});

async function answer({ id, kind, ...task }, signal) {
  try {
    const result = await KINDS[kind](id, task, signal);
    self.postMessage({ id, result }, result ? [result.labels.buffer, result.probability.buffer] : []);
  } catch (error) {
    const { name, message } = signal.aborted ? { name: "AbortError", message: "" } : error;
    self.postMessage({ id, error: { name, message } });
  }
}

/** Load what a tool needs, where it is not there yet. */
async function ready(id, { base, tool, own }, signal) {
  const tell = (step) => (done, total) => self.postMessage({ id, progress: { step, done, total } });
  if (!started) {
    start(await load(RUNTIME, base, tell("runtime"), signal));
    started = true;
  }
  const key = own?.key ?? tool;
  if (network?.key === key) return;
  await network?.close();
  network = null;
  const { file, bytes, sha256 } = own?.graph ?? listed[NAMES[tool]];
  const model = await load({ file: `weights/${file}`, bytes, sha256 }, base, tell("weights"), signal);
  const weights = own && new Uint8Array(await own.weights.arrayBuffer());
  network = Object.assign(await Network.open(model, weights), { key });
}

async function run(id, { base, tool: asked, own, image, settings }, signal) {
  kept = null; // its memory is needed
  await ready(id, { base, tool: asked, own }, signal);
  const tool = own?.like ?? asked;
  const { settings: model } = own ?? listed[NAMES[tool]];
  const chosen = settingsOf(tool, settings, model);
  const tick = async (done, total) => {
    self.postMessage({ id, progress: { step: "network", done, total } });
    await pause();
    signal.throwIfAborted();
  };
  const through = tool === "stardist"
    ? (pixels, height, width) => network.run(pixels, [1, height, width, 1])
    : (tile, height, width) => network.run(tile, [1, 2, height, width]);
  const library = tool === "stardist" ? stardist : cellpose;
  kept = { tool, model, answer: await library.predict(image, chosen, model, through, tick), settings: chosen };
  return found(id, signal);
}

async function again(id, { settings }, signal) {
  if (!kept) throw new EngineError("There is no result yet to apply thresholds to: run it first");
  const { scale, diameter } = kept.settings; // these need another run of the network
  kept.settings = settingsOf(kept.tool, { ...kept.settings, ...settings, scale, diameter }, kept.model);
  return found(id, signal);
}

async function found(id, signal) {
  self.postMessage({ id, progress: { step: "objects", done: 0, total: 1 } });
  await pause();
  signal.throwIfAborted();
  const { tool, answer, settings } = kept;
  const { height, width } = answer;
  const result = (tool === "stardist" ? stardist : cellpose).objects(answer, settings);
  return { ...result, height, width, settings };
}
