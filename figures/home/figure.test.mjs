import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { corners, growth, neighbour, points, reading } from "./figure.js";

const read = (path) => JSON.parse(readFileSync(new URL(path, import.meta.url), "utf-8"));
const { nuclei, cells, size } = read("./page.json");
const polygons = read("./answers.json"); // StarDist's own corners of every tenth, in pixels

test("the drawn corners are StarDist's, to half a pixel", () => {
  assert.equal(polygons.length, Math.ceil(nuclei.length / 10));
  polygons.forEach((polygon, tenth) => {
    const drawn = corners(nuclei[10 * tenth]);
    assert.equal(drawn.length, polygon.length);
    polygon.forEach(([x, y], k) => {
      const off = Math.hypot(drawn[k][0] / 2 - x, drawn[k][1] / 2 - y);
      assert.ok(off < 0.5, `nucleus ${10 * tenth}, ray ${k}: ${off} px`);
    });
  });
});

/** Pixels inside an outline of half pixels. */
function enclosed(tips) {
  const twice = tips.reduce((sum, [x, y], k) => {
    const [nextX, nextY] = tips[(k + 1) % tips.length];
    return sum + x * nextY - y * nextX;
  }, 0);
  return Math.abs(twice) / 2 / 4;
}

test("an area is what its outline encloses", () => {
  for (const nucleus of nuclei) {
    const inside = enclosed(corners(nucleus));
    // Neighbours and the image's border may hide a part: the outline is larger, never much smaller.
    assert.ok(inside > 0.85 * nucleus[2], `${inside} px around ${nucleus[2]} px`);
  }
  for (const cell of cells) {
    const inside = enclosed(points(cell));
    assert.ok(Math.abs(inside / cell[2] - 1) < 0.1, `${inside} px around ${cell[2]} px`);
  }
});

test("a nucleus grows from no ray to all of them, the left ones first", () => {
  const width = 2 * size[0];
  assert.equal(growth(0, width, 0, 32), 0);
  assert.equal(growth(0, width, 0.45, 32), 16);
  assert.equal(growth(0, width, 1, 32), 32);
  assert.equal(growth(width, width, 1, 32), 0);
  assert.equal(growth(width, width, 9, 32), 32);
  assert.equal(growth(width, width, Infinity, 32), 32);
});

test("a nucleus tells its area and that of its annotation", () => {
  assert.deepEqual(reading([0, 0, 544, 568, 1]), ["544 pixels", "Its annotation: 568 pixels."]);
  assert.deepEqual(reading([0, 0, 30, 0, 0]), ["30 pixels", "Nobody annotated it: a ghost."]);
  assert.match(reading([0, 0, 30, 300, 0])[1], /do not fit/);
});

test("arrows go to the nearest nucleus on that side, and stay where there is none", () => {
  const places = [[0, 0], [10, 2], [6, 9], [0, 8], [40, 0]];
  assert.equal(neighbour(places, 0, [1, 0]), 1);
  assert.equal(neighbour(places, 0, [0, 1]), 3);
  assert.equal(neighbour(places, 1, [1, 0]), 4);
  assert.equal(neighbour(places, 0, [-1, 0]), 0);
});

test("arrows reach every nucleus and every cell from the first one", () => {
  for (const rows of [nuclei, cells]) {
    const seen = new Set([0]);
    for (const index of seen) {
      for (const way of [[1, 0], [-1, 0], [0, 1], [0, -1]]) seen.add(neighbour(rows, index, way));
    }
    assert.equal(seen.size, rows.length);
  }
});
