import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import {
  decode, overlap, place, polygon, rays, suppress, verdict,
} from "./figure.js";

const read = (path) => JSON.parse(readFileSync(new URL(path, import.meta.url), "utf-8"));
const answer = decode(read("./page.json"));
const settings = read("./answers.json");

/** Candidates of four rays each, as in the chapter's worked example: [ray, row, column]. */
function squares(list) {
  const [side, probability] = [60, new Float32Array(60 * 60)];
  const distances = new Uint8Array(side * side * 4);
  const indices = list.map(([ray, row, column], rank) => {
    const index = row * side + column;
    probability[index] = 0.9 - 0.1 * rank;
    distances.fill(ray, 4 * index, 4 * index + 4);
    return index;
  });
  const example = {
    origin: [0, 0], shape: [side, side], grid: 1, rays: 4, step: 1, probability, distances, shapes: [],
  };
  return { example, indices };
}

const WORKED = squares([[10, 30, 30], [10, 32, 32], [10, 37, 37], [4, 28, 28]]); // A, B, C, D

test("the same objects as stardist.nms, the best one first, at 20 settings", () => {
  assert.equal(settings.length, 20);
  for (const { prob, nms, candidates, objects } of settings) {
    const ours = suppress(answer, prob, nms);
    assert.equal(ours.candidates.length, candidates, `candidates at ${prob}`);
    assert.deepEqual(ours.kept.map((i) => place(answer, i)), objects, `objects at ${prob}, ${nms}`);
  }
});

test("the settings make a difference", () => {
  assert.ok(new Set(settings.map(({ objects }) => objects.length)).size >= 4);
});

test("the overlaps of the worked example are those of the chapter", () => {
  const { example, indices: [a, ...others] } = WORKED;
  const expected = [0.8, 0.3, 1];
  others.forEach((other, i) => {
    assert.ok(Math.abs(overlap(example, a, other) - expected[i]) < 1e-6);
    assert.equal(overlap(example, a, other), overlap(example, other, a));
  });
});

test("the worked example keeps what the chapter says", () => {
  const { example, indices } = WORKED;
  const names = (nms) => suppress(example, 0.5, nms).kept.map((i) => "ABCD"[indices.indexOf(i)]).join("");
  assert.equal(names(0.4), "AC");
  assert.equal(names(0.2), "A");
  assert.equal(names(0.9), "ABC");
});

test("every candidate is kept, or suppressed by a better one that is kept", () => {
  const result = suppress(answer, answer.tuned.prob, answer.tuned.nms);
  const { candidates, kept, by } = result;
  assert.equal(candidates.length, kept.length + by.size);
  for (const [loser, winner] of by) {
    assert.ok(answer.probability[winner] > answer.probability[loser]);
    assert.ok(overlap(answer, winner, loser) > answer.tuned.nms);
    assert.equal(verdict(result, winner), "kept");
    assert.equal(verdict(result, loser), "suppressed");
  }
  const silent = answer.probability.findIndex((value) => value <= answer.tuned.prob);
  assert.equal(verdict(result, silent), "silent");
});

test("the first ray points right, and the ninth down", () => {
  const index = answer.probability.indexOf(Math.max(...answer.probability));
  const [row, column] = place(answer, index);
  const lengths = rays(answer, index);
  const corners = polygon(answer, index);
  assert.equal(corners.length, 32);
  assert.ok(Math.abs(corners[0][0] - column - lengths[0]) < 1e-4 && corners[0][1] === row);
  assert.ok(Math.abs(corners[8][1] - row - lengths[8]) < 1e-4 && Math.abs(corners[8][0] - column) < 1e-4);
});
