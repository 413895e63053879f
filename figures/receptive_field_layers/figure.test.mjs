import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import {
  KINDS, SCALINGS, follow, grow, interval, room, verdict, view,
} from "./figure.js";

const load = (file) => JSON.parse(readFileSync(new URL(file, import.meta.url)));
const cases = load("./answers.json");
const shown = load("./page.json");

for (const { layers, sides, step } of cases) {
  test(`${layers.join(" ")}: as found by following every pixel`, () => {
    const rows = grow(layers);
    assert.deepEqual(rows.map((row) => row.smallest), sides);
    assert.equal(rows.at(-1).after, step);
  });
}

test("a layer adds its reach times the step: exactly, and after upsampling on average", () => {
  for (const { layers } of cases) {
    let side = 1;
    grow(layers).forEach(({ reach, step, smallest, largest }, i) => {
      side += reach * step;
      const before = layers.slice(0, i + 1);
      const places = 2 ** before.filter((layer) => layer === "u2").length;
      const all = Array.from({ length: places }, (_, place) => {
        const [first, last] = interval(before, place);
        return last - first + 1;
      });
      assert.ok(Math.abs(all.reduce((a, b) => a + b) / places - side) < 1e-9);
      assert.deepEqual([smallest, largest], [Math.min(...all), Math.max(...all)]);
    });
  }
});

test("the table of the chapter", () => {
  const rows = grow(["c3", "c3", "p2", "c3", "c3", "p2", "c3", "c3"]);
  assert.deepEqual(rows.map((row) => row.smallest), [3, 5, 6, 10, 14, 16, 24, 32]);
  assert.deepEqual(rows.map((row) => row.after), [1, 1, 2, 2, 2, 4, 4, 4]);
  assert.deepEqual(rows.map(({ reach, step }) => [reach, step]).slice(2, 5), [[1, 1], [2, 2], [2, 2]]);
  assert.deepEqual(grow([]), []);
});

test("one output's pixels lie where it lies", () => {
  assert.deepEqual(interval([], 7), [7, 7]);
  assert.deepEqual(interval(["c5"], 7), [5, 9]);
  assert.deepEqual(interval(["c3d2"], 7), [5, 9]);
  assert.deepEqual(interval(["p2"], 7), [14, 15]);
  assert.deepEqual(interval(["p2", "u2"], 7), [6, 7]);
  assert.deepEqual(interval(["u2"], -1), [-1, -1]);
});

test("every preset is made of layers that the figure has, and leaves room for more", () => {
  for (const { layers } of shown.presets) {
    assert.ok(layers.every((layer) => layer in KINDS));
    assert.ok(room(layers, "p2") && room(layers, "u2"));
  }
  assert.ok(!room(Array(SCALINGS).fill("p2"), "p2"));
  assert.ok(room(Array(SCALINGS).fill("p2"), "c3"));
});

test("the verdict compares with the median nucleus", () => {
  assert.match(verdict(23, 24, 512), /part/);
  assert.match(verdict(24, 24, 512), /a whole nucleus/);
  assert.match(verdict(72, 24, 512), /neighbours/);
  assert.match(verdict(513, 24, 512), /image/);
});

test("the view holds the field, and stays inside the image with the pixel", () => {
  assert.deepEqual([11, 51, 52, 188, 350, 900].map((side) => view(side, 512)), [64, 64, 128, 256, 512, 512]);
  assert.equal(follow(100, 130, 64, 512), 100); // in the middle half: nothing moves
  assert.equal(follow(100, 150, 64, 512), 102);
  assert.equal(follow(100, 110, 64, 512), 94);
  assert.equal(follow(0, 3, 64, 512), 0);
  assert.equal(follow(300, 511, 64, 512), 448);
  assert.equal(follow(7, 300, 512, 512), 0);
});
