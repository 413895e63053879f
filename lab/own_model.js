/**
 * A reader's own model: a zip that the notebook "Train on your images" wrote becomes a tool. No DOM.
 *
 * The zip holds model.json and weights.bin, as bioimage_course.own_model.write_for_page packs them: all
 * numbers of the network, and not how they are put together. That are the graphs in lab/weights/.
 */

import { strFromU8, unzipSync } from "fflate";
import { hasHash } from "./hash.js";
import { TOOLS } from "./tools.js";
import { Unreadable } from "./unreadable.js";
import graphs from "./weights/graphs.json" with { type: "json" };

const FORMAT = "own model for the page, version 1";
const WRITE = "Section 8 of the notebook “Train on your images” writes a file for this page: choose that one";
const AGAIN = "Copy it again, or let section 8 of the notebook write it again";
const OTHERWISE = "Use it in the notebook “Your own images” instead";
const OBJECTS = { nuclei: "nucleus", cells: "cell" };
const MOST = 100e6; // bytes: no file of this page unpacks to more

/**
 * Make a tool of a model's file, and put it among TOOLS.
 *
 * bytes: Uint8Array; fileName: for what is said
 * Returns its key. Throws Unreadable, with a sentence, where the page cannot run it.
 */
export async function takeModel(bytes, fileName) {
  const { model, weights } = unpacked(bytes, fileName);
  const kind = String(model.tool).toLowerCase();
  const graph = Object.hasOwn(graphs, kind) && graphs[kind];
  if (!graph || model.layout !== graph.layout) {
    throw new Unreadable(`${fileName} holds a model of another architecture than this page runs (${model.tool})`, OTHERWISE);
  }
  if (weights.length !== 4 * graph.numbers || !await hasHash(weights, model.sha256)) {
    throw new Unreadable(`${fileName} is damaged: its numbers are not those that were written`, AGAIN);
  }
  if (!new Float32Array(weights.buffer, weights.byteOffset, graph.numbers).every(Number.isFinite)) {
    throw new Unreadable(`${fileName} holds numbers that are not finite: the training went astray`, "Train again, with a tenth of the learning rate");
  }
  const settings = { ...graph.settings, ...settingsOf(kind, model, fileName) };
  const key = `own-${model.sha256.slice(0, 12)}`;
  TOOLS[key] = toolOf(model, kind, { key, graph, settings, weights: new Blob([weights]) });
  return key;
}

/** What the zip holds: model.json, read, and the bytes of weights.bin. */
function unpacked(bytes, fileName) {
  const names = [];
  let files;
  try {
    files = unzipSync(bytes, {
      filter({ name, originalSize }) {
        names.push(name);
        return ["model.json", "weights.bin"].includes(name) && originalSize < MOST;
      },
    });
  } catch {
    if (bytes[0] === 0x50 && bytes[1] === 0x4b) throw new Unreadable(`${fileName} is damaged or cut off`, AGAIN); // PK
    throw new Unreadable(`${fileName} is no model for this page`, WRITE);
  }
  if (files["model.json"] && files["weights.bin"]) {
    const model = described(files["model.json"]);
    if (model?.format === FORMAT && typeof model.sha256 === "string") return { model, weights: files["weights.bin"] };
    throw new Unreadable(`${fileName} was written for another version of this page`, "Let section 8 of the notebook write it again, with the course of today");
  }
  const has = (pattern) => names.some((name) => pattern.test(name));
  if (has(/\.roi$/i)) throw new Unreadable(`${fileName} holds outlines for ImageJ, and no model`, "Drop it under Score, once there is a result");
  if (has(/(^|\/)data\.pkl$/)) {
    throw new Unreadable(`${fileName} is a model as Cellpose saves it, and the page cannot open that`, `${WRITE}. Models of Cellpose 4 (cpsam) are too large for a page`);
  }
  if (has(/(^|\/)card\.json$|weights_best\.h5$/)) {
    throw new Unreadable(`${fileName} holds the whole folder of a model`, "Choose the file in it that ends in _for_the_page.zip; section 8 of the notebook writes it");
  }
  throw new Unreadable(`${fileName} holds no model`, WRITE);
}

function described(bytes) {
  try {
    return JSON.parse(strFromU8(bytes));
  } catch {
    return null;
  }
}

/** The settings that belong to the model: thresholds or diameters. */
function settingsOf(kind, { settings }, fileName) {
  const within = kind === "stardist"
    ? { probThreshold: [0, 1], nmsThreshold: [0, 1] } : { diameter: [1, 1000], own: [1, 1000] };
  return Object.fromEntries(Object.entries(within).map(([name, [least, most]]) => {
    const value = settings?.[name];
    if (!(Number.isFinite(value) && value >= least && value <= most)) {
      throw new Unreadable(`${fileName} has no ${name} between ${least} and ${most}`, AGAIN);
    }
    return [name, value];
  }));
}

/** An entry of TOOLS. It works like one of the three, with which it shares version and paper. */
function toolOf({ tool, name, objects, trained = {} }, kind, own) {
  const like = kind === "stardist" ? kind : objects === "cells" ? "cellpose-cells" : "cellpose-nuclei";
  const { version, paper } = TOOLS[like];
  const known = Object.hasOwn(OBJECTS, objects);
  const images = Number.isInteger(trained.images) ? trained.images : null;
  return {
    name: String(name), title: String(name), weights: String(name), version, paper,
    objects: known ? objects : "objects", one: known ? OBJECTS[objects] : "object",
    text: `Your own ${tool} model${images ? `, trained on ${images} image${images === 1 ? "" : "s"}` : ""}.`,
    typical: Math.round(kind === "stardist" ? trained.diameter || 0 : own.settings.own) || null, // px across
    own: { ...own, like, images, start: trained.start, file: String(trained.weights), sha256: String(trained.sha256), channel: trained.channel ?? null },
  };
}
