import assert from "node:assert/strict";
import test from "node:test";
import { difference, fixture, unpacked } from "./fixtures/read.mjs";
import { CURES } from "./image_cures.js";
import { faults, measured } from "./image_faults.js";

const CHOSEN = {
  stardist: { probThreshold: 0.9, scale: 0.5 }, "cellpose-nuclei": { diameter: 99 }, "cellpose-cells": {},
};

for (const [name, { image, labels, values: expected, said, cured }] of Object.entries(fixture("image_faults"))) {
  const values = unpacked(image);
  const [height, width] = values.shape;
  const picture = { values, height, width };
  const found = labels && unpacked(labels);

  test(`${name}: what is measured is what Python measures`, () => {
    const { dark_side: darkSide, ...numbers } = expected;
    const ours = measured(picture, found);
    assert.equal(ours.darkSide, darkSide);
    for (const [key, value] of Object.entries(numbers)) {
      if (value === null) assert.equal(ours[key], null, key);
      else assert.ok(Math.abs(ours[key] - value) <= 1e-5 * (1 + Math.abs(value)), `${key}: ${ours[key]}, not ${value}`);
    }
  });

  for (const [tool, sentences] of Object.entries(said)) {
    test(`${name}, ${tool}: the same faults in the same words`, () => {
      const ours = faults(picture, found, tool, CHOSEN[tool]);
      const told = ours.map(({ name: fault, sentence, cure, amount }) => [fault, sentence, cure, amount]);
      const rounded = (found) => found.map(([...all]) => (typeof all[3] === "number" ? [...all.slice(0, 3), +all[3].toPrecision(5)] : all));
      assert.deepEqual(rounded(told), rounded(sentences));
    });
  }

  for (const [cure, mended] of Object.entries(cured)) {
    test(`${name}: the cure “${cure}” is Python's`, async () => {
      const theirs = unpacked(mended);
      const scale = theirs.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
      assert.ok(difference(await CURES[cure](picture, 60), theirs) <= 1e-6 * scale);
    });
  }
}
