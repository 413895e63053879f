import assert from "node:assert/strict";
import test from "node:test";
import { fixture, unpacked } from "../../lab/fixtures/read.mjs";
import { fillHolesAndDropSmall, masks, renumber } from "./cellpose_dynamics.js";

const { flow, logit, cases } = fixture("flows");
const arrows = unpacked(flow);
const [, height, width] = arrows.shape;
const field = {
  height, width, logit: unpacked(logit),
  down: arrows.subarray(0, height * width), right: arrows.subarray(height * width),
};

for (const { settings, labels } of cases) {
  test(`masks are Cellpose's to the pixel at ${JSON.stringify(settings)}`, () => {
    const expected = unpacked(labels);
    const found = masks(field, settings);
    assert.ok(Math.max(...expected) > 1);
    assert.deepEqual([...found], [...expected]);
  });
}

test("asked again with other thresholds, it is as if asked for the first time", () => {
  const settings = { cellprobThreshold: 0, flowThreshold: 0.4, minSize: 15, steps: 200 };
  const moves = [
    {}, { cellprobThreshold: 1.5 }, { cellprobThreshold: -1 }, { flowThreshold: 0.1 }, { minSize: 60 },
    { cellprobThreshold: 0.5, flowThreshold: 0 }, { steps: 40 }, { cellprobThreshold: 1.5 }, {},
  ];
  const seen = new Set();
  for (const move of moves) {
    const again = masks(field, { ...settings, ...move });
    const afresh = masks({ ...field }, { ...settings, ...move });
    assert.deepEqual([...again], [...afresh], JSON.stringify(move));
    seen.add(afresh.join());
  }
  assert.ok(seen.size > 4); // the moves change something
});

test("the cases differ, so that each setting counts", () => {
  assert.equal(new Set(cases.map(({ labels }) => labels.data)).size, cases.length);
});

test("nothing above the threshold is no object", () => {
  const settings = { cellprobThreshold: 99, flowThreshold: 0.4, minSize: 15, steps: 200 };
  assert.equal(Math.max(...masks(field, settings)), 0);
});

test("a hole is filled, a speck goes, and numbers have no gaps", () => {
  const drawn = Int32Array.from([
    2, 0, 3, 3, 3,
    0, 0, 3, 0, 3,
    0, 0, 3, 3, 3,
  ]);
  fillHolesAndDropSmall(drawn, 3, 5, 2);
  assert.deepEqual([...drawn], [0, 0, 1, 1, 1, 0, 0, 1, 1, 1, 0, 0, 1, 1, 1]);
});

test("labels are numbered as they are met", () => {
  const labels = Int32Array.of(0, 7, 7, 0, 3, 7);
  assert.equal(renumber(labels), 2);
  assert.deepEqual([...labels], [0, 1, 1, 0, 2, 1]);
});
