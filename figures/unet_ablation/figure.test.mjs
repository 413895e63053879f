import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import {
  corners, explain, figures, mapName, outputFor, rows, shapeOf, title, verdict,
} from "./figure.js";

const read = (path) => JSON.parse(readFileSync(new URL(path, import.meta.url), "utf-8"));
const answer = read("./page.json");
const fixture = read("./answers.json");

/** The stages of a network with this many levels and this many poolings before the U. */
function network(depth, before) {
  const levels = Array.from({ length: depth }, (_, level) => level);
  return [
    { kind: "input", level: null },
    ...Array.from({ length: before }, () => ({ kind: "full", level: null })),
    ...levels.map((level) => ({ kind: "down", level })),
    { kind: "bottom", level: null },
    ...levels.reverse().map((level) => ({ kind: "up", level })),
    { kind: "output", level: null },
  ];
}

test("the outlines are those of StarDist, for every set of cut connections", () => {
  assert.equal(fixture.length, 2 ** answer.skips.length);
  assert.equal(answer.outputs.length, fixture.length);
  const inside = (value) => Math.min(Math.max(value, 0), 255 * answer.step);
  for (const { cut, outlines } of fixture) {
    const output = outputFor(answer, cut);
    assert.deepEqual(output.cut, cut);
    assert.equal(output.objects, outlines.length);
    output.outlines.forEach((text, i) => {
      const drawn = corners(answer, text);
      assert.equal(drawn.length, answer.rays);
      drawn.forEach((corner, k) => corner.forEach((value, axis) => {
        assert.ok(Math.abs(value - inside(outlines[i][k][axis])) <= answer.step / 2 + 0.06);
      }));
    });
  }
});

test("the order in which connections are cut does not matter", () => {
  const levels = answer.skips.map(({ level }) => level);
  assert.equal(outputFor(answer, levels), outputFor(answer, levels.reverse()));
  assert.equal(outputFor(answer, levels), answer.outputs.at(-1));
  assert.equal(outputFor(answer, []), answer.outputs[0]);
});

test("the U has room for every stage, whatever the network", () => {
  for (const depth of [1, 2, 3, 4]) {
    for (const before of [0, 1, 2]) {
      const stages = network(depth, before);
      const drawn = rows(stages);
      assert.equal(drawn.length, depth + before + 2);
      const placed = drawn.flatMap(({ left, right }) => (right === undefined ? [left] : [left, right]));
      assert.deepEqual(placed.sort((a, b) => a - b), stages.map((_, i) => i));
      for (const { left, right, level } of drawn) {
        if (level !== null) assert.equal(stages[right].level, stages[left].level);
      }
      assert.equal(drawn[before].right, stages.length - 1); // above the end of the way up
      assert.equal(new Set(stages.filter(({ kind }) => kind !== "full").map((s) => title(s).short)).size,
        stages.length - before);
    }
  }
});

test("every stage is told with its own numbers", () => {
  answer.stages.forEach((stage, i) => {
    const words = explain(answer, i);
    for (const count of stage.channels) assert.ok(words.includes(String(count)), words);
    if (stage.kind === "up") assert.ok(words.includes(`${stage.below + stage.across}.`), words);
    assert.ok(!/undefined|NaN/.test(words + shapeOf(answer, i)), words);
    assert.ok(shapeOf(answer, i).startsWith(stage.shape.join(" × ")));
  });
  assert.ok(shapeOf(answer, answer.stages.length - 1).endsWith(` × ${answer.rays}`));
});

test("the four distances are named as StarDist's rays turn: first right, then down", () => {
  const stage = answer.stages.at(-1);
  assert.deepEqual(stage.maps.map((map) => mapName(answer, stage, map)), [
    "probability", "distance to the right", "distance down", "distance to the left", "distance up",
  ]);
});

test("the verdict follows the numbers", () => {
  const whole = { cut: [], objects: 9, matched: 7, highest: 0.9, sharpness: 100, iou: 0.8 };
  const say = (changed) => verdict(
    { threshold: 0.5, nuclei: 8, outputs: [whole] }, { ...whole, cut: [0], ...changed });
  assert.equal(verdict({ nuclei: 8, outputs: [whole] }, whole),
    "Nothing is cut: 9 objects, 7 of 8 whole nuclei matched.");
  assert.equal(say({ sharpness: 80, objects: 5, matched: 4 }),
    "The edges are softer. Objects: 4 fewer than uncut. Matched nuclei: 3 fewer than uncut.");
  assert.equal(say({ sharpness: 120, objects: 10, matched: 8 }),
    "The edges are sharper. Objects: 1 more than uncut. Matched nuclei: 1 more than uncut.");
  assert.equal(say({ sharpness: 99 }),
    "The edges are as sharp as before. Objects: as many as uncut. Matched nuclei: as many as uncut.");
  assert.match(say({ highest: 0.4, objects: 0, matched: 0, sharpness: 50 }),
    /^Nothing is found: the highest probability is 0\.40, and the threshold 0\.50\.$/);
});

test("the table shows the stored numbers", () => {
  for (const output of answer.outputs) {
    const shown = Object.fromEntries(figures(answer, output));
    assert.equal(shown["Objects found"], String(output.objects));
    assert.equal(shown["Whole nuclei matched"], `${output.matched} of ${answer.nuclei}`);
    assert.equal(shown.Sharpness, `${output.sharpness} %`);
  }
});
