import assert from "node:assert/strict";
import test from "node:test";
import { difference, fixture, unpacked } from "./fixtures/read.mjs";
import { areWhole, forCellpose, forStardist, percentiles } from "./normalise.js";

const ASKED = [0, 1, 33.3, 50, 99, 99.8, 100];

for (const [name, { image, whole, percentiles: expected, stardist, cellpose }] of
  Object.entries(fixture("normalise"))) {
  const values = unpacked(image);
  const [height, width] = values.shape;

  test(`${name}: percentiles are numpy's to the last bit`, () => {
    assert.equal(areWhole(values), whole);
    assert.deepEqual(percentiles(values, ASKED, whole), expected);
  });

  test(`${name}: StarDist gets what csbdeep makes of it`, () => {
    assert.equal(difference(forStardist(values), unpacked(stardist)), 0);
  });

  test(`${name}: Cellpose gets what it makes of it itself`, () => {
    assert.equal(difference(forCellpose(values, height, width), unpacked(cellpose)), 0);
  });
}

test("whole numbers too far apart to be counted are sorted", () => {
  const values = Float32Array.from({ length: 101 }, (_, i) => i * 1e6);
  assert.deepEqual(percentiles(values, [0, 50, 100], true), [0, 5e7, 1e8]);
});

test("negative numbers, as a signed image has them, are counted too", () => {
  assert.deepEqual(percentiles(Float32Array.of(-3, 5, 1), [0, 50, 100], true), [-3, 1, 5]);
});
