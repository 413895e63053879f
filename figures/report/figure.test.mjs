import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import {
  FIELDS, applies, card, gap, ordinal, paragraph, parameters, problems, summary,
} from "./figure.js";

const HASH = "4ad678d0758eed6e55625f1b5ae30771e59adb79f1239e09b9772eac8846c3dd";
const FULL = {
  objects: "nuclei", images: "widefield fluorescence, DAPI", count: "4000", dimensions: "2",
  pixelSize: "0,325", tool: "StarDist", version: "0.9.2", reference: "Schmidt et al. 2018",
  weights: "2D_versatile_fluo", sha256: HASH.toUpperCase(), origin: "published",
  source: "https://example.org/weights.zip", weightsLicence: "CC0-1.0", toolLicence: "BSD-3-Clause",
  normalisation: "percentiles", low: "1", high: "99.8", scope: "each image",
  parameters: "prob_thresh = 0.479\nnms_thresh = 0.3", border: "removed", smallest: "30",
  corrected: "no", testImages: "4", testObjects: "312", metric: "F1", iou: "0.5", score: "0.91",
  hardware: "2 processor cores", data: "doi:1", dataLicence: "CC BY 4.0", code: "doi:2",
};
const with_ = (changes) => paragraph({ ...FULL, ...changes });
const texts = (fields) => problems(fields).map((problem) => problem.text);

test("a complete form makes a complete paragraph", () => {
  assert.deepEqual(problems(FULL), []);
  assert.equal(paragraph(FULL), [
    "We segmented nuclei in 4,000 images (widefield fluorescence, DAPI; pixel size 0.325 µm) with StarDist 0.9.2 (Schmidt et al. 2018).",
    "We used the weights “2D_versatile_fluo”, as published, unchanged (SHA-256 beginning with 4ad678d0758e; licence: CC0-1.0; source: https://example.org/weights.zip).",
    "Before prediction, intensities were scaled linearly so that the 1st and the 99.8th percentile of each image became 0 and 1.",
    "We set prob_thresh = 0.479 and nms_thresh = 0.3, and left all other parameters at their defaults.",
    "Objects that touched the border of the image or were smaller than 30 pixels were removed.",
    "The labels were not corrected by hand.",
    "On 4 annotated images of our own with 312 nuclei, F1 was 0.91 at an IoU threshold of 0.5.",
    "The segmentation ran on the following hardware: 2 processor cores.",
    "Images and labels are available at doi:1 (licence: CC BY 4.0), and the code at doi:2.",
  ].join(" "));
});

test("the form says what the page shows without it", () => {
  const shown = JSON.parse(readFileSync(new URL("./answers.json", import.meta.url), "utf-8"));
  assert.equal(paragraph(shown.fields), shown.paragraph);
  assert.equal(JSON.stringify(card(shown.fields)), JSON.stringify(shown.card)); // in this order
  assert.equal(paragraph({}), shown.template);
});

test("one is one, and more are many", () => {
  assert.match(with_({ count: "1" }), /in 1 image \(/);
  assert.match(with_({ count: "1", dimensions: "3", step: "1" }), /in 1 stack \(/);
  assert.match(with_({ testImages: "1", testObjects: "1" }), /On 1 annotated image of our own with 1 object,/);
  assert.match(with_({ smallest: "1" }), /smaller than 1 pixel were/);
  assert.match(with_({ origin: "own", trainingImages: "1" }), /from scratch on 1 annotated image \(/);
  assert.match(with_({ origin: "tuned", trainingImages: "2" }), /fine-tuned on 2 annotated images \(/);
});

test("what was trained here was checked on other images", () => {
  assert.match(with_({ origin: "tuned", trainingImages: "9" }), /312 nuclei, not used in training, F1 was/);
  assert.doesNotMatch(paragraph(FULL), /not used in training/);
});

test("one, two and three parameters, and none", () => {
  assert.match(with_({ parameters: "diameter = 30" }), /We set diameter = 30, and left all other/);
  assert.match(with_({ parameters: "a=1\nb: 2\n\nc = x" }), /We set a = 1, b = 2 and c = x, and left/);
  assert.match(with_({ parameters: "None" }), /We left all parameters at their defaults\./);
  assert.deepEqual(parameters({ parameters: "a = 1e-3\nchannels = [0, 0]\nd =" }),
    { a: 0.001, channels: "[0, 0]", d: "" });
  assert.deepEqual(texts({ ...FULL, parameters: "diameter =\nniter" }),
    ["List of parameters has no value for diameter and niter."]);
});

test("what was removed, in all four combinations", () => {
  assert.match(with_({ border: "kept" }), /Objects that were smaller than 30 pixels were removed, and those at the border were kept\./);
  assert.match(with_({ smallest: "" }), /Objects that touched the border of the image were removed\./);
  assert.match(with_({ border: "kept", smallest: "" }), /No objects were removed afterwards, and those at the border were kept\./);
});

test("three dimensions have voxels, stacks and a step", () => {
  const deep = { dimensions: "3", step: "1" };
  assert.match(with_(deep), /in 4,000 stacks \(widefield fluorescence, DAPI; voxels of 0.325 × 0.325 × 1 µm\)/);
  assert.match(with_(deep), /border of the stack or were smaller than 30 voxels/);
  assert.match(with_(deep), /On 4 annotated stacks/);
  assert.deepEqual(card({ ...FULL, ...deep }).images.pixel_size_um, { z: 1, y: 0.325, x: 0.325 });
  assert.deepEqual(texts({ ...FULL, dimensions: "3", pixelSize: "" }), [
    "Pixel size is missing: readers cannot compare volumes.",
    "Step between planes is missing: readers cannot compare volumes.",
  ]);
});

test("ordinals", () => {
  const said = [0.1, 1, 2, 3, 4, 11, 12, 13, 21, 22, 97.5, 99, 99.8, 100].map(ordinal);
  assert.deepEqual(said, ["0.1st", "1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st",
    "22nd", "97.5th", "99th", "99.8th", "100th"]);
});

test("an empty form names everything that is missing, and each gap stands in the paragraph", () => {
  const found = problems({});
  assert.ok(found.every((problem) => problem.missing));
  assert.ok(texts({}).includes("Pixel size is missing: readers cannot compare areas."));
  const nowhere = found.map((problem) => problem.field)
    .filter((name) => !paragraph({}).includes(gap(name)));
  assert.deepEqual(nowhere, ["toolLicence"]); // that one belongs to the card alone
  assert.deepEqual(card({}).missing, found.map((problem) => problem.field));
});

test("each field that is missing is named, and one by one", () => {
  for (const { name, optional, initial } of FIELDS) {
    const found = problems({ ...FULL, [name]: " " }).map((problem) => problem.field);
    assert.deepEqual(found, optional || initial || !applies(FULL, name) ? [] : [name], name);
  }
});

test("what cannot be right is said", () => {
  assert.deepEqual(texts({ ...FULL, count: "1,5" }), ["Number of images must be a whole number above 0."]);
  assert.deepEqual(texts({ ...FULL, pixelSize: "0" }), ["Pixel size must be a number above 0."]);
  assert.deepEqual(texts({ ...FULL, pixelSize: "0.3 µm" }), ["Pixel size must be a number above 0."]);
  assert.deepEqual(texts({ ...FULL, low: "99.9" }), ["Upper percentile must be above the lower one."]);
  assert.deepEqual(texts({ ...FULL, score: "91" }), ["Value of the score must be a number from 0 to 1."]);
  assert.deepEqual(texts({ ...FULL, sha256: "4ad6" }),
    ["SHA-256 of the weights must have 64 characters, 0 to 9 and a to f."]);
  assert.match(texts({ ...FULL, scope: "each tile" })[0], /^Percentiles of each tile: neighbouring tiles/);
});

test("what does not apply is neither asked for nor in the card", () => {
  const plain = { ...FULL, normalisation: "none", step: "2", trainingImages: "7" };
  assert.deepEqual(problems(plain), []);
  assert.deepEqual(card(plain).normalisation, { method: "none" });
  assert.equal(card(plain).weights.training_images, null);
  assert.match(paragraph(plain), /Intensities were not normalised before prediction\./);
});

test("the card is valid JSON with numbers as numbers and what is missing as null", () => {
  const read = JSON.parse(JSON.stringify(card({ ...FULL, hardware: "" })));
  assert.equal(read.images.count, 4000);
  assert.equal(read.check.value, 0.91);
  assert.deepEqual(read.parameters, { prob_thresh: 0.479, nms_thresh: 0.3 });
  assert.equal(read.weights.sha256, HASH);
  assert.equal(read.hardware, null);
  assert.deepEqual(read.missing, ["hardware"]);
  for (const key of ["tool", "weights", "parameters", "normalisation", "images", "hardware"]) {
    assert.ok(key in read, key);
  }
});

test("spaces and full stops that were typed do not show", () => {
  assert.match(with_({ objects: " cell   nuclei. ", code: "doi:2." }), /We segmented cell nuclei in/);
  assert.match(with_({ code: " doi:2. " }), /the code at doi:2\.$/);
});

test("the English holds in every combination", () => {
  const choices = {
    count: ["", "1", "2"], dimensions: ["2", "3"], reference: ["", "Schmidt et al. 2018"],
    origin: ["published", "tuned", "own"], trainingImages: ["", "1", "5"],
    normalisation: ["percentiles", "none"], parameters: ["", "none", "a = 1", "a = 1\nb = 2"],
    border: ["kept", "removed"], smallest: ["", "1", "30"], corrected: ["no", "yes"],
    testImages: ["", "1", "4"], testObjects: ["", "1", "9"], metric: ["F1", "AP", "PQ"],
  };
  for (const { name, options } of FIELDS) {
    choices[name] ??= options ? Object.keys(options) : [FULL[name] ?? "1", ""];
  }
  let seed = 7;
  const pick = (values) => {
    seed = (seed * 1103515245 + 12345) % 2 ** 31;
    return values[Math.floor((seed / 2 ** 31) * values.length)];
  };
  const draw = () => Object.fromEntries(Object.entries(choices).map(([n, values]) => [n, pick(values)]));
  const all = Array.from({ length: 3000 }, draw);
  for (const [name, values] of Object.entries(choices)) { // each choice was met, and often
    for (const value of values) assert.ok(all.filter((f) => f[name] === value).length > 300, name);
  }
  for (const fields of all) {
    const said = paragraph(fields);
    assert.doesNotMatch(said, /undefined|null|NaN|\[object|  | [.,;)]|\(\s|\.\.|,,|\(\)/, said);
    assert.doesNotMatch(said, /\b1 (images|stacks|pixels|voxels|nuclei|annotated images|annotated stacks)\b/, said);
    assert.doesNotMatch(said, /\b([02-9]|\d\d+) (image|stack|pixel|voxel|object|annotated image)\b/, said);
    for (const sentence of said.split(/(?<=[.]) (?=[A-Z])/)) {
      assert.match(sentence, /^[A-Z].*\.$/s, said);
      assert.equal(sentence.split("(").length, sentence.split(")").length, said);
    }
  }
});

test("the summary counts in good English", () => {
  assert.equal(summary([]), "Complete: nothing is missing.");
  assert.equal(summary(problems({ ...FULL, code: "" })), "1 field is missing.");
  assert.equal(summary(problems({ ...FULL, code: "", data: "", score: "9" })),
    "2 fields are missing and 1 field needs another look.");
});
