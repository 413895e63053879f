import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { measure } from "./figure.js";

const read = (path) => JSON.parse(readFileSync(new URL(path, import.meta.url), "utf-8"));
const { pixels } = read("./page.json");

test("area and pieces are SciPy's at every threshold", () => {
  for (const { level, area, pieces } of read("./answers.json")) {
    assert.deepEqual(measure(pixels, level), { area, pieces }, `threshold ${level}`);
  }
});

test("corners do not connect, and an empty picture has no piece", () => {
  assert.deepEqual(measure([[9, 0], [0, 9]], 5), { area: 2, pieces: 2 });
  assert.deepEqual(measure([[9, 9], [0, 9]], 5), { area: 3, pieces: 1 });
  assert.deepEqual(measure([[0]], 5), { area: 0, pieces: 0 });
});
