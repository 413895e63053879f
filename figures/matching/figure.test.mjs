import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import {
  MOST, THRESHOLDS, box, curve, describe, edit, iouMatrix, match, names, paint, scores, two,
} from "./figure.js";

const read = (path) => JSON.parse(readFileSync(new URL(path, import.meta.url)));
const fixture = read("./answers.json");
const data = read("./page.json");
const grid = { rows: data.rows, columns: data.columns };
const start = Object.entries(data.objects).map(([name, place]) => ({ name, pixels: box(place, grid) }));
const image = (text) => Uint8Array.from(text, Number);
const truth = image(fixture.cases[0].truth);

function follow(edits, objects = start) {
  return edits.reduce((now, [action, name, down, right]) => {
    const done = edit(now, grid, action, name, down, right);
    assert.equal(done.refused, undefined);
    return done.objects;
  }, objects);
}

test("scores are StarDist's, for every label image at every IoU", () => {
  assert.deepEqual(THRESHOLDS, fixture.thresholds);
  assert.ok(fixture.cases.length > 20);
  for (const { truth: annotated, found, scores: expected } of fixture.cases) {
    const matrix = iouMatrix(image(annotated), image(found));
    THRESHOLDS.forEach((minIou, i) => {
      const now = scores(matrix, minIou);
      for (const [name, value] of Object.entries(expected[i])) {
        assert.ok(Math.abs(now[name] - value) < 1e-5, `${name} at ${minIou}: ${now[name]}, not ${value}`);
      }
    });
    assert.deepEqual(curve(matrix).map((ap) => ap.toFixed(5)), expected.map(({ ap }) => ap.toFixed(5)));
  }
});

test("names are the course's, for every label image", () => {
  const words = new Set();
  for (const { truth: annotated, found, names: expected } of fixture.cases) {
    const matrix = iouMatrix(image(annotated), image(found));
    const became = names(matrix, scores(matrix).pairs);
    assert.deepEqual(became, expected);
    for (const word of [...became.nuclei, ...became.objects]) words.add(word);
  }
  assert.deepEqual([...words].sort(), ["badly outlined", "found", "ghost", "merged", "missed", "split"]);
});

test("edits make the label images that Python painted", () => {
  const edited = fixture.cases.filter(({ edits }) => edits);
  assert.ok(edited.length > 10);
  for (const { edits, found } of edited) {
    assert.equal(paint(follow(edits), grid).join(""), found, JSON.stringify(edits));
  }
});

test("the matrix counts pixels as the page's table does", () => {
  const { shared, covered, iou } = iouMatrix(truth, paint(start, grid));
  assert.deepEqual([shared[1][1], covered[1][1]], [12, 20]);
  assert.deepEqual([shared[2][3], covered[2][3]], [24, 32]);
  assert.deepEqual([shared[3][3], covered[3][3]], [8, 32]);
  assert.deepEqual([shared[4][4], covered[4][4]], [8, 24]);
  assert.equal(iou[0][0], 1);
});

test("matching takes as many pairs as it can, and then the best", () => {
  assert.deepEqual(match([[0.5, 0.5], [0.5, 0]]), [[0, 1], [1, 0]]);
  assert.deepEqual(match([[0.5], [0.5]]).length, 1);
  assert.deepEqual(match([[0.7, 0.2], [0.1, 0.6]]), [[0, 0], [1, 1]]);
  assert.deepEqual(match([[], []]), []);
  assert.deepEqual(match([]), []);
});

test("objects stay in the image, grow and shrink by a row, and never vanish", () => {
  const far = follow([["move", "A", -99, 99]]).at(-1).pixels;
  assert.deepEqual(far, box([0, 15, 4, 4], grid));
  const same = follow([["wider", "A"], ["narrower", "A"], ["taller", "A"], ["shorter", "A"]]).at(-1);
  assert.deepEqual([...same.pixels].sort((a, b) => a - b), box(data.objects.A, grid));
  const least = follow(Array.from({ length: 9 }, (_, i) => [i % 2 ? "shorter" : "narrower", "A"])).at(-1);
  assert.equal(least.pixels.length, 1);
});

test("what cannot be done is refused, with a reason", () => {
  const one = [{ name: "A", pixels: [0] }];
  assert.match(edit(one, grid, "split", "A").refused, /cannot be split/);
  assert.match(edit(one, grid, "merge", "A").refused, /no other/);
  assert.match(edit([], grid, "move", null, 0, 1).refused, /Select/);
  assert.match(edit([{ name: "A", pixels: [...Array(228).keys()] }], grid, "add", "A").refused, /free place/);
  const full = Array.from({ length: MOST }, (_, i) => ({ name: "ABCDEFGH"[i], pixels: [i, i + 1] }));
  assert.match(edit(full, grid, "split", "A").refused, /room for 8/);
  assert.throws(() => edit(start, grid, "fly", "A"), /no such action/);
});

test("a split gives a new letter, a merge one object, a removal the next selection", () => {
  const split = edit(start, grid, "split", "D");
  assert.deepEqual(split.objects.map(({ name }) => name), ["A", "B", "C", "E", "F", "D"]);
  const again = edit(split.objects, grid, "merge", "D");
  assert.deepEqual(again.objects.map(({ name }) => name), ["A", "B", "C", "E", "D"]);
  assert.equal(edit(start, grid, "delete", "B").name, "C");
  assert.equal(edit(start, grid, "delete", "E").name, "D");
});

test("words say what an object shares with the nuclei below it", () => {
  const matrix = iouMatrix(truth, paint(start, grid));
  const { pairs } = scores(matrix);
  assert.equal(describe("B", matrix, pairs), "B and nucleus 2: 12 shared / 20 covered = 0.60, a match.");
  assert.match(describe("D", matrix, pairs), /nucleus 3: 24 .*a match; and nucleus 4: 8 shared .*no match \(nucleus 4 is merged\)\.$/);
  assert.match(describe("E", matrix, pairs), /0\.33, no match \(nucleus 5 is badly outlined\): a false positive\.$/);
  assert.match(describe("C", matrix, pairs), /on no nucleus: a ghost/);
  assert.match(describe("Z", matrix, pairs), /does not count/);
});

test("numbers are rounded as on the page", () => {
  const rounded = { 0.125: "0.12", 0.375: "0.38", 0.625: "0.62", 0.875: "0.88", 0.47: "0.47", 0.75: "0.75", 1: "1.00" };
  for (const [value, text] of Object.entries(rounded)) assert.equal(two(Number(value)), text);
});
