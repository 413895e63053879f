import assert from "node:assert/strict";
import test from "node:test";
import { marks, places, summary } from "../../theme/javascripts/quiz.js";

test("an option that was chosen is right or wrong, one that was left is missed or nothing", () => {
  assert.deepEqual(marks([true, true, false, false], [true, false, true, false]), [
    "right", "wrong", "missed", "",
  ]);
});

test("steps count where they stand in their place", () => {
  assert.equal(places([0, 1, 2]), 3);
  assert.equal(places([2, 0, 1]), 0);
  assert.equal(places([0, 2, 1]), 1);
});

test("the summary says how far the reader came", () => {
  assert.match(summary([], 4), /^4 questions/);
  assert.match(summary(["question-1"], 4), /^1 of 4/);
  assert.match(summary(["question-1", "question-2"], 2), /^All 2/);
});
