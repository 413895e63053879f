import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import {
  correlate, limits, nine, path, say, sumAt, written,
} from "./figure.js";

const load = (file) => JSON.parse(readFileSync(new URL(file, import.meta.url)));
const { start, cases } = load("./answers.json");
const shown = load("./page.json");
const { pixels, kernels } = shown;

for (const { name, weights, divisor, result } of cases) {
  test(`${name} agrees with scipy.ndimage.correlate at every place`, () => {
    const map = correlate(pixels, { weights, divisor });
    assert.equal(map.length, pixels.length - 2);
    map.forEach((line, row) => {
      assert.equal(line.length, result[row].length);
      line.forEach((value, column) => assert.ok(Math.abs(value - result[row][column]) < 1e-4));
    });
  });
}

test("the figure starts with the number of the chapter", () => {
  assert.equal(sumAt(pixels, ...shown.start, kernels[0]).result, start);
  assert.match(written(pixels, ...shown.start, kernels[0]).at(-1), new RegExp(` = ${start}$`));
});

test("the sum is written out row by row, with true minus signs", () => {
  const numbers = [[48, 67, 82], [53, 68, 101], [55, 70, 94]];
  assert.deepEqual(nine(numbers, 1, 1), [48, 67, 82, 53, 68, 101, 55, 70, 94]);
  const edges = { weights: [1, 0, -1, 2, 0, -2, 1, 0, -1], divisor: 1 };
  assert.deepEqual(written(numbers, 1, 1, edges), [
    "48 × 1 + 67 × 0 + 82 × −1 = −34",
    "53 × 2 + 68 × 0 + 101 × −2 = −96",
    "55 × 1 + 70 × 0 + 94 × −1 = −39",
    "−34 − 96 − 39 = −169",
  ]);
  const blur = { weights: Array(9).fill(1), divisor: 9 };
  assert.equal(written(numbers, 1, 1, blur).at(-1), "(197 + 222 + 219) ÷ 9 = 70.9");
});

test("numbers are short, and nothing is minus zero", () => {
  assert.equal(say(-0.004), "0");
  assert.equal(say(0.1 + 0.2), "0.3");
  assert.equal(say(-70.8889, 1), "−70.9");
});

test("middle grey is zero where results are clearly negative, else black is the lowest", () => {
  assert.deepEqual(limits([[-100, 50], [0, 169]]), [-169, 169]);
  assert.deepEqual(limits([[20, 30], [40, 168]]), [20, 168]);
  assert.deepEqual(limits([[-43, 227]]), [-43, 227]);
  assert.deepEqual(limits([[0, 0]]), [0, 0]);
});

test("a fast pointer leaves no gap", () => {
  const steps = path([5, 5], [8, 15]);
  assert.deepEqual(steps.at(-1), [8, 15]);
  let [row, column] = [5, 5];
  for (const [nextRow, nextColumn] of steps) {
    assert.ok(Math.max(Math.abs(nextRow - row), Math.abs(nextColumn - column)) === 1);
    [row, column] = [nextRow, nextColumn];
  }
  assert.deepEqual(path([5, 5], [5, 5]), [[5, 5]]);
});
