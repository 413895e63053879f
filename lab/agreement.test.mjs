import assert from "node:assert/strict";
import { test } from "node:test";
import { agreement } from "./agreement.js";

/** Labels in one row of text, a character a pixel. */
const row = (text) => Int32Array.from(text, (letter) => Number(letter.trim()));

test("what fits is found by both, whatever its number", () => {
  const { both, places, f1 } = agreement(row("111  22 "), row("111  33 "));
  assert.deepEqual(both, [{ first: 1, second: 1 }, { first: 2, second: 3 }]);
  assert.deepEqual(places, []);
  assert.equal(f1, 1);
});

test("an object where the other tool has hardly anything is found by one alone", () => {
  const { both, places, f1 } = agreement(row("1111    22222"), row("1111 333    4"));
  assert.equal(both.length, 1);
  assert.deepEqual(places, [{ kind: "outlined", first: [2], second: [4] }, { kind: "alone", first: [], second: [3] }]);
  assert.equal(f1, 2 / 5);
});

test("one object here and two there is a different division, once", () => {
  const { both, places } = agreement(row("11111111 2222"), row("11112222 3  4"));
  assert.deepEqual(both, [{ first: 1, second: 1 }]);
  assert.deepEqual(places, [
    { kind: "divided", first: [1], second: [1, 2] }, { kind: "divided", first: [2], second: [3, 4] },
  ]);
});

test("one object each that does not fit is outlined differently", () => {
  const { both, places } = agreement(row("1111111111  "), row("       11111"));
  assert.deepEqual(both, []);
  assert.deepEqual(places, [{ kind: "outlined", first: [1], second: [1] }]);
});

test("neither order nor empty images confuse it", () => {
  const [a, b] = [row("11111111 2222 "), row("11112222  3  4")];
  const turned = (places) => places.map(({ kind, first, second }) => [kind, second, first].join()).sort();
  const plain = (places) => places.map(({ kind, first, second }) => [kind, first, second].join()).sort();
  assert.deepEqual(turned(agreement(a, b).places), plain(agreement(b, a).places));
  assert.equal(agreement(a, b).f1, agreement(b, a).f1);
  assert.deepEqual(agreement(row("   "), row("   ")), { both: [], places: [], f1: null });
  assert.equal(agreement(row("11 "), row("   ")).f1, 0);
});
