import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import {
  FAULTS, FIXES, METHODS, ap, apOf, corners, loser, outlines, reason, result, two, verdict,
} from "./figure.js";

const read = (path) => JSON.parse(readFileSync(new URL(path, import.meta.url), "utf-8"));
const page = read("./page.json");
const fixture = read("./answers.json");
const steps = [0, 1, 2, 3, 4, 5];

test("outlines come out as Python wrote them", () => {
  assert.ok(fixture.paths.length > 8);
  for (const [text, half] of fixture.paths) {
    assert.deepEqual(corners(text), half.map(([x, y]) => [x / 2, y / 2]));
  }
});

test("AP at every setting is that of StarDist's matching", () => {
  let compared = 0;
  for (const [key, methods] of Object.entries(fixture.scores)) {
    const [, name, step] = /^([a-z]+?)(\d?)$/.exec(key);
    for (const [method, fixes] of Object.entries(methods)) for (const [fix, expected] of Object.entries(fixes)) {
      const setting = { fault: step ? name : "blur", step: Number(step), method, fix: fix === "none" ? null : fix };
      assert.ok(Math.abs(apOf(page, setting) - expected) < 1e-5, `${key} ${method} ${fix}`);
      compared += 1;
    }
  }
  assert.equal(compared, 2 * (26 + 26 + 5 + 10));
});

test("every setting of the figure has a picture, outlines in the crop, and counts that add up", () => {
  for (const fault of Object.keys(FAULTS)) for (const step of steps) {
    for (const method of Object.keys(METHODS)) for (const fix of [null, ...Object.keys(FIXES)]) {
      const { picture, counts } = result(page, { fault, step, method, fix });
      const [x, y, width, height, left, top, zoom] = page.places[picture];
      assert.ok(x >= 0 && y >= 0 && width > 8 && height > 8);
      assert.ok(left <= 0 && top <= 0 && left + width / zoom >= page.side && top + height / zoom >= page.side);
      assert.equal(counts[0] + counts[2], page.nuclei);
      const lines = outlines(page, counts);
      assert.ok(lines.notFound.length <= counts[2] && lines.found.length <= counts[0] && lines.wrong.length <= counts[1]);
      for (const path of [...lines.found, ...lines.wrong, ...lines.notFound]) {
        for (const value of path.flat()) assert.ok(value >= -16 && value < page.side + 16, `${fault} ${step}: ${value}`);
      }
    }
  }
});

test("a picture as recorded is the same for all faults", () => {
  for (const method of Object.keys(METHODS)) {
    const first = result(page, { fault: "blur", step: 0, method });
    for (const fault of Object.keys(FAULTS)) assert.deepEqual(result(page, { fault, step: 0, method }), first);
  }
});

test("a fix that has nothing to undo changes nothing", () => {
  const rescaled = result(page, { fault: "noise", step: 4, method: "stardist", fix: "rescale" });
  assert.equal(rescaled.changed, false);
  assert.deepEqual(rescaled.counts, result(page, { fault: "noise", step: 4, method: "stardist", fix: null }).counts);
  assert.equal(result(page, { fault: "size", step: 4, method: "stardist", fix: "rescale" }).changed, true);
});

test("the verdict follows from the numbers", () => {
  assert.equal(verdict(0.4, 0.9, 0.93, true), "Mends it.");
  assert.equal(verdict(0.4, 0.6, 0.93, true), "Helps in part.");
  assert.equal(verdict(0.4, 0.45, 0.93, true), "Helps in part."); // 0.05 is enough
  assert.equal(verdict(0.4, 0.44, 0.93, true), "Makes no difference to speak of.");
  assert.equal(verdict(0.4, 0.36, 0.93, true), "Makes no difference to speak of.");
  assert.equal(verdict(0.4, 0.3, 0.93, true), "Harms.");
  assert.equal(verdict(0.4, 0.4, 0.93, false), "Changes nothing.");
});

test("every fault and fix has a reason, and Cellpose's own where it differs", () => {
  for (const fault of Object.keys(FAULTS)) for (const step of steps) {
    for (const method of Object.keys(METHODS)) for (const fix of Object.keys(FIXES)) {
      assert.match(reason({ fault, step, method, fix }), /^[A-Z].{20,}\.$/);
    }
  }
  assert.match(reason({ fault: "contrast", step: 3, method: "cellpose", fix: "renormalise" }), /Cellpose normalises/);
  assert.match(reason({ fault: "contrast", step: 0, method: "cellpose", fix: "renormalise" }), /already/);
});

test("who lost more is said only where the difference counts", () => {
  const made = (stardist, cellpose) => ({ results: {
    recorded: { none: [0, [9, 0, 1], [9, 0, 1]] }, blur5: { none: [0, stardist, cellpose] },
  } });
  assert.equal(loser(made([2, 0, 8], [6, 0, 4]), "blur", 5).more, "stardist");
  assert.equal(loser(made([6, 0, 4], [2, 0, 8]), "blur", 5).more, "cellpose");
  assert.equal(loser(made([60, 0, 40], [58, 0, 42]), "blur", 5).more, "same");
  assert.equal(ap([2, 2, 4]), 0.25);
});

test("numbers are rounded as on the page", () => {
  for (const [value, text] of [[0.125, "0.12"], [0.625, "0.62"], [0.925, "0.93"], [0.375, "0.38"], [1, "1.00"]]) {
    assert.equal(two(value), text);
  }
});
