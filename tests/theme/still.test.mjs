import assert from "node:assert/strict";
import test from "node:test";
import { half, plain } from "../../theme/javascripts/still.js";

test("how a code is typed makes no difference", () => {
  for (const typed of ["ha17", "HA17", " Ha-17 ", "h.a.17"]) assert.equal(plain(typed), "ha17");
});

test("a code has one half, and both halves have codes", () => {
  const codes = Array.from({ length: 100 }, (_, i) => `ab${i}`);
  assert.deepEqual(codes.map(half), codes.map(half));
  const still = codes.filter((code) => half(code) === "still").length;
  assert.ok(still > 30 && still < 70, `${still} of 100`);
});
