/**
 * The report card of a run: the form of the page “Reporting”, filled in as far as the page knows, and
 * under "run" what it takes to find the same objects again. No DOM.
 *
 * run : as notebook.js has it; with `source`, the image's File, `annotation`, the name of the file that
 * it was scored against, and `agreement` of agreement.js with `other`, the tool compared with, or null
 */

import { card } from "../figures/report/figure.js";
import { TOOLS, isStardist, likeOf } from "./tools.js";
import listed from "./weights/weights.json" with { type: "json" };

const ORIGINAL = ["weights_best.h5", "model"]; // what the libraries load, and exports are made from

/** The card, ready for JSON. */
export async function reportCard(run) {
  const { tool, cell, nucleus, fileName, source, count, score, annotation, agreement, other } = run;
  return {
    ...filled(run, 1),
    run: {
      ...how(run),
      image: { file: fileName, sha256: await sha256(source), plane: cell.name, nuclei_plane: nucleus?.name ?? null },
      objects_found: count,
      score_against: score ? annotation : null,
      agreement_between_tools: agreement && agreement.f1 !== null
        ? { with: TOOLS[other].name, weights: TOOLS[other].weights, metric: "F1", iou_threshold: 0.5, value: rounded(agreement.f1) } : null,
    },
  };
}

/** The card of many files with the same settings; rows of batch.js. */
export function batchCard(run, rows) {
  const done = rows.filter(({ problem }) => !problem);
  const sizes = new Set(done.map(({ pixelSize }) => JSON.stringify(pixelSize)));
  const pixelSize = sizes.size === 1 ? done[0].pixelSize : null; // else files.csv has each one's
  return {
    ...filled({ ...run, pixelSize, score: null, settings: done[0].settings }, done.length),
    run: {
      ...how(run),
      images: done.map(({ name, plane, count }) => ({ file: name, plane, objects_found: count })),
      left_out: rows.filter(({ problem }) => problem).map(({ name, problem }) => ({ file: name, why: problem })),
    },
  };
}

function filled({ tool, settings, pixelSize, score }, images) {
  const { version, paper, objects } = TOOLS[tool];
  const parameters = parametersOf(tool, settings);
  const made = card({
    objects, count: images, tool: TOOLS[likeOf(tool)].name, version, reference: paper.split(",")[0], toolLicence: "BSD-3-Clause",
    ...weightsOf(tool), low: 1, high: isStardist(tool) ? 99.8 : 99, pixelSize: pixelSize?.x ?? "",
    parameters: Object.entries(parameters).map(([key, value]) => `${key} = ${value}`).join("\n"),
    ...(score && { testImages: 1, testObjects: score.annotated.size, score: rounded(score.scores.F1) }),
  });
  made.images.pixel_size_um = { y: pixelSize?.y ?? null, x: pixelSize?.x ?? null };
  return { ...made, parameters };
}

/** What the form asks about weights. What the page cannot know of an own model stays open. */
function weightsOf(tool) {
  const { weights, own } = TOOLS[tool];
  if (own) {
    return { weights: `${weights}/${own.file}`, sha256: own.sha256, trainingImages: own.images ?? "", origin: own.start === "nothing" ? "own" : "tuned" };
  }
  const { made_from: originals } = listed[weights];
  const original = ORIGINAL.find((file) => file in originals);
  return { weights: `${weights}/${original}`, sha256: originals[original], weightsLicence: "BSD-3-Clause", source: "the course's package bioimage_course" };
}

/** By the libraries' names; a diameter of null is Cellpose's None. */
function parametersOf(tool, settings) {
  const { probThreshold, nmsThreshold, scale, diameter, cellprobThreshold, flowThreshold, minSize } = settings;
  return isStardist(tool)
    ? { prob_thresh: rounded(probThreshold), nms_thresh: rounded(nmsThreshold), scale: rounded(scale ?? 1) }
    : { diameter: diameter ? rounded(diameter) : null, cellprob_threshold: rounded(cellprobThreshold),
      flow_threshold: rounded(flowThreshold), min_size: minSize };
}

function how({ tool, cures = [] }) {
  const { version, weights, own } = TOOLS[tool];
  const { name } = TOOLS[likeOf(tool)];
  const { file, sha256: hash } = own?.graph ?? listed[weights]; // of an own model, how it is put together
  return {
    program: `the course's page “Try your own image”: ONNX Runtime Web and a JavaScript version of ${name} ${version}`,
    network: { file, sha256: hash },
    ...(cures.length && { mended_before: cures.map(({ cure, amount }) => ({ cure, amount: amount ?? null })) }),
  };
}

const rounded = (value) => +Number(value).toPrecision(8);

/** The fingerprint of a file; null where the browser cannot tell, or the file is gone. */
async function sha256(file) {
  try {
    const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
    return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
  } catch {
    return null;
  }
}
