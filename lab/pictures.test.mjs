import assert from "node:assert/strict";
import test from "node:test";
import { barLength, heat, masks, range, shown, thumbnail } from "./pictures.js";

test("an image is shown between two percentiles, so that one hot pixel does not darken it", () => {
  const pixels = Float32Array.from({ length: 10_000 }, (_, i) => i % 100);
  pixels[5] = 60_000;
  const [low, high] = range(pixels);
  assert.ok(low <= 1 && high < 110, `${low} to ${high}`);
});

test("an image of one value has a range, too", () => {
  const [low, high] = range(new Float32Array(100).fill(7));
  assert.ok(high > low);
});

test("grey is grey, and nuclei lie over it in blue", () => {
  const pixels = Float32Array.from({ length: 400 }, (_, i) => i);
  const grey = shown(pixels);
  assert.deepEqual([grey[800], grey[801], grey[803]], [grey[802], grey[802], 255]);
  const both = shown(new Float32Array(400).map((_, i) => i), pixels.slice().reverse());
  assert.ok(both[2] > both[0], "dark in the cells, bright in the nuclei");
});

test("a thumbnail is a square from the middle", () => {
  const pixels = Float32Array.from({ length: 20 * 40 }, (_, i) => (i % 40 < 10 || i % 40 >= 30 ? 0 : 9 + (i % 2)));
  const small = thumbnail(pixels, 20, 40, 10);
  assert.equal(small.length, 400);
  const one = thumbnail(new Float32Array(20 * 40).map((_, i) => Number(i === 10 * 40 + 20)), 20, 40, 20);
  assert.equal(one.filter((value, i) => i % 4 === 0 && value).length, 1);
});

test("background stays clear, neighbours differ in colour", () => {
  const rgba = masks(Int32Array.of(0, 1, 2, 1));
  assert.equal(rgba[3], 0);
  assert.notDeepEqual([...rgba.slice(4, 7)], [...rgba.slice(8, 11)]);
  assert.deepEqual([...rgba.slice(4, 8)], [...rgba.slice(12, 16)]);
});

test("a probability of 0 is clear and one of 1 nearly solid", () => {
  const rgba = heat(Float32Array.of(0, 1, 2, -1));
  assert.deepEqual([rgba[3], rgba[7], rgba[11], rgba[15]], [0, 235, 235, 0]);
});

test("a scale bar is 1, 2 or 5 times a power of ten, and fits", () => {
  assert.deepEqual([100, 256, 51, 0.7].map(barLength), [20, 50, 10, 0.1]);
});
