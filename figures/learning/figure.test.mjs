import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import {
  MAP, answer, descend, examples, gradient, hills, judge, landscape, loss, rateAt, say, sumOf, threshold,
} from "./figure.js";

const read = (path) => JSON.parse(readFileSync(new URL(path, import.meta.url)));
const fixture = read("./answers.json");
const data = read("./page.json");
const chapter = read("../neuron/data.json");
const start = { weight: data.weight, bias: 0 };
const near = (found, expected, what) =>
  assert.ok(Math.abs(found - expected) <= 1e-5 * Math.max(1, Math.abs(expected)), `${what}: ${found}, not ${expected}`);

function walk(pixels, from, rate, held, steps) {
  const places = [{ ...from, loss: loss(pixels, from) }];
  while (places.length <= steps) places.push(descend(pixels, places.at(-1), rate, held));
  return places;
}

for (const [which, { slopes, walks }] of Object.entries(fixture)) {
  const pixels = examples(data, which);

  test(`loss and slopes of ${which} pixels are those of torch's autograd`, () => {
    assert.ok(slopes.length > 10);
    for (const [weight, bias, height, ofWeight, ofBias] of slopes) {
      near(loss(pixels, { weight, bias }), height, "loss");
      near(gradient(pixels, { weight, bias }).weight, ofWeight, "slope of the weight");
      near(gradient(pixels, { weight, bias }).bias, ofBias, "slope of the bias");
    }
  });

  test(`walks over ${which} pixels are those of NumPy, at every rate`, () => {
    for (const { rate, held, visited } of walks) {
      const places = walk(pixels, start, rate, held, data.steps);
      [1, 2, 3, data.steps].forEach((step, i) => {
        const { weight, bias, loss: height } = places[step];
        [weight, bias, height].forEach((value, k) => near(value, visited[i][k], `rate ${rate}, step ${step}`));
      });
    }
  });
}

test("one step with four pixels is the chapter's, done by hand", () => {
  const pixels = examples(data, "four");
  const next = descend(pixels, start, data.rate, true);
  near(gradient(pixels, start).bias, chapter.step.gradient, "gradient");
  near(next.bias, chapter.step.bias, "bias");
  near(loss(pixels, start), chapter.step.loss_before, "loss before");
  near(next.loss, chapter.step.loss_after, "loss after");
  assert.equal(sumOf(0, next.bias, data.rate), "0.00 − 4 × 0.447 = −1.79");
  Object.values(chapter.step.pixels).forEach((pixel, i) => near(answer(pixels.x[i], start), pixel.p, "answer"));
});

test("the walk over all pixels gives the numbers of the chapter", () => {
  const pixels = examples(data, "all");
  const places = walk(pixels, start, data.rate, true, data.steps);
  near(places[0].loss, chapter.loss_first, "first");
  near(places[1].loss, chapter.loss_second, "second");
  near(places.at(-1).loss, chapter.loss_last, "last");
  near(threshold(data, places.at(-1)), chapter.grey_last, "threshold");
  for (const { rate, loss_first: first, loss_last: last } of Object.values(chapter.rates)) {
    const others = walk(pixels, start, rate, true, data.steps);
    near(others[1].loss, first, "first");
    near(others.at(-1).loss, last, "last");
  }
});

test("shares of the pixels add up, and grey values become brightnesses", () => {
  const { x, y, n } = examples(data, "all");
  near(n.reduce((sum, share) => sum + share, 0), 1, "sum");
  assert.ok(y.every((share) => share >= 0 && share <= 1));
  near(x[data.grey.indexOf(data.low)], 0, "low");
  assert.deepEqual(examples(data, "four").y, [0, 0, 1, 1]);
});

test("the landscape begins at the lowest bias and weight, and is lowest beside the cross", () => {
  const pixels = examples(data, "all");
  const heights = landscape(pixels, [41, 51]);
  assert.deepEqual([heights.length, heights[0].length], [41, 51]);
  near(heights[0][0], loss(pixels, { weight: MAP.weight[0], bias: MAP.bias[0] }), "corner");
  near(heights[40][50], loss(pixels, { weight: MAP.weight[1], bias: MAP.bias[1] }), "corner");
  const [weight, bias] = data.lowest;
  const lowest = Math.min(...heights.map((row) => Math.min(...row)));
  assert.ok(loss(pixels, { weight, bias }) <= lowest);
  const slope = gradient(pixels, { weight, bias });
  assert.ok(Math.hypot(slope.weight, slope.bias) < 1e-3);
});

test("the walk is judged by its losses, by the slope and by the rate", () => {
  assert.equal(judge([1.4], 0.3, 4), "start");
  assert.equal(judge([1.4, 0.4], 0.3, 4), "down");
  assert.equal(judge([1.4, 2.5], 0.3, 30), "uphill");
  assert.equal(judge([1.4, 2.5, 1.3, 2.4, 1.2], 0.3, 30), "jumps");
  assert.equal(judge([1.4, 0.9, 1.1, 0.5, 0.7, 0.3], 0.3, 30), "zigzags");
  assert.equal(judge([0.2, 2.5, 1.3, 2, 1.2], 0.3, 30), "jumps"); // smaller jumps, but far above the start
  assert.equal(judge([1.4, 2.5, 1.3], 0.3, 30), "landed");
  assert.equal(judge([1.4, 1.38], 0.6, 0.1), "creeps");
  assert.equal(judge([1.4, 1.38], 0.6, 20), "across"); // a long step, for nothing
  assert.equal(judge([0.2, 0.199], 0.01, 4), "floor");
  assert.equal(judge([0.2, 0.2], 1e-6, 4), "flat");
  assert.equal(judge([9, 11, 3, ...Array(10).fill(1)], 1e-6, 4), "flat"); // long ago
});

test("at the rate of 100 that the task asks for, no step is praised", () => {
  const pixels = examples(data, "all");
  const words = [1, 2, 3, 4, 5].map((steps) => {
    const places = walk(pixels, start, 100, true, steps);
    return judge(places.map((place) => place.loss), Math.abs(gradient(pixels, places.at(-1)).bias), 100);
  });
  assert.deepEqual(words, ["uphill", "landed", "landed", "landed", "jumps"]);
});

test("the chapter's three learning rates creep, arrive and jump", () => {
  const pixels = examples(data, "all");
  const word = (rate) => {
    const places = walk(pixels, start, rate, true, data.steps);
    return judge(places.map((place) => place.loss), Math.abs(gradient(pixels, places.at(-1)).bias), rate);
  };
  assert.deepEqual([0.1, 4, 100].map(word), ["creeps", "flat", "jumps"]);
});

test("numbers, sums and rates are written as on the page", () => {
  assert.deepEqual([say(-4.3626), say(-0.001), say(0.1817, 3)], ["−4.36", "0.00", "0.182"]);
  assert.equal(sumOf(-16.04, 3.43, 100), "−16.04 − 100 × (−0.1947) = 3.43");
  assert.equal(sumOf(1, 1, 4), "1.00 − 4 × 0.000 = 1.00");
  assert.deepEqual([-1, 0, 0.6, 1.5, 2].map(rateAt), [0.1, 1, 4, 32, 100]);
  assert.equal(threshold(data, { weight: 0, bias: 1 }), null);
});

test("hills reach one and leave out what lies beyond", () => {
  const counts = { grey: [0, 1, 4, 9, 12], background: [1, 2, 6, 0, 99], nucleus: [0, 0, 1, 2, 99] };
  assert.deepEqual(hills(counts, 4, 12), { background: [0.5, 1, 0], nucleus: [0, 0.5, 1] });
});
