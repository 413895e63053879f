import assert from "node:assert/strict";
import test from "node:test";
import { fixture, unpacked } from "./fixtures/read.mjs";
import { Suppression } from "./nms.js";
import { Outline, paint, raysOf } from "./polygons.js";
import { objects } from "./stardist.js";

for (const { height, width, rays, threshold, scale, points, prob, dist, kept, labels } of fixture("nms")) {
  const flat = unpacked(points);
  const candidates = {
    count: flat.length / 2, prob: unpacked(prob), dist: unpacked(dist),
    y: flat.filter((_, i) => i % 2 === 0), x: flat.filter((_, i) => i % 2 === 1),
  };
  test(`at ${threshold}, those stay that StarDist keeps, in its order`, () => {
    // Clipper, StarDist's polygon library, rounds in more places than we follow.
    const ours = new Suppression(candidates, rays, threshold).above(-1);
    const [more, fewer] = [ours.filter((i) => !kept.includes(i)), kept.filter((i) => !ours.includes(i))];
    assert.ok(more.length + fewer.length <= 1, `more: ${more}, fewer: ${fewer}`);
    assert.deepEqual(ours.filter((i) => !more.includes(i)), kept.filter((i) => !fewer.includes(i)));
    assert.ok(kept.length > 40 && kept.length < candidates.count / 1.5);
  });

  test(`at ${threshold}, a lower probability goes on where a higher one ended`, () => {
    const going = new Suppression(candidates, rays, threshold);
    const sorted = [...candidates.prob].sort();
    for (const part of [0.8, 0.3, 0.9, 0]) {
      const probability = sorted[Math.floor(part * (sorted.length - 1))];
      const afresh = new Suppression(candidates, rays, threshold).above(probability);
      assert.deepEqual(going.above(probability), afresh);
    }
    assert.ok(going.above(sorted.at(-2)).length < going.above(-1).length);
  });

  test(`at scale ${scale}, labels are StarDist's to the pixel`, () => {
    const chosen = {
      count: kept.length, prob: candidates.prob.filter((_, i) => kept.includes(i)),
      y: candidates.y.filter((_, i) => kept.includes(i)), x: candidates.x.filter((_, i) => kept.includes(i)),
      dist: candidates.dist.filter((_, i) => kept.includes(Math.floor(i / rays))),
    };
    const network = {
      candidates: chosen, rays, scale, height, width, grid: 2, columns: width / 2,
      prob: new Float32Array((height * width) / 4), scaled: { height, width },
    };
    const found = objects(network, { probThreshold: 0, nmsThreshold: 1 });
    assert.equal(found.count, kept.length);
    const expected = unpacked(labels);
    assert.equal(found.labels.filter((label, i) => label !== expected[i]).length, 0);
  });
}

test("polygons that cross themselves share what lies in both", () => {
  const rays = raysOf(4);
  const square = new Outline(10, 10, [5, 5, 5, 5], rays);
  assert.equal(square.shared(square), square.area);
  assert.equal(square.sharedAtMost(new Outline(30, 30, [5, 5, 5, 5], rays)), 0);
  const bowTie = Object.assign(new Outline(0, 0, [1, 1, 1, 1], rays), {
    ys: [0, 4, 0, 4], xs: [0, 4, 4, 0], top: 0, bottom: 4, left: 0, right: 4, lines: null,
  });
  assert.equal(bowTie.shared(bowTie), 8);
});

test("a polygon is painted up to its border, and not beyond the image", () => {
  const labels = new Int32Array(16);
  paint(labels, 4, 4, [-2, -2, 1.5, 1.5], [1, 9, 9, 1], 3);
  assert.deepEqual([...labels], [0, 3, 3, 3, 0, 3, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0]);
});

test("a row that a polygon only touches gets nothing", () => {
  const labels = new Int32Array(16);
  paint(labels, 4, 4, [0.5, 2, 0.5], [1, 2, 3], 1);
  assert.deepEqual([...labels], [0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
});
