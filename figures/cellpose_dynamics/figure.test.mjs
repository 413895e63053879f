import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { inflateSync } from "node:zlib";
import { flowErrors, gather, masks, Walks } from "../_shared/cellpose_dynamics.js";
import { arrival, MIN_SIZE, placesOf, steered, STEPS, unpack, walk } from "./figure.js";

const read = (path) => JSON.parse(readFileSync(new URL(path, import.meta.url), "utf-8"));
const pages = { nuclei: read("./page.json"), cells: read("./page_cells.json") };
const fixtures = read("./answers.json");
const field = unpack(pages.nuclei);

/** For each mask of one label image, the best IoU with any mask of the other. */
function bestIous(first, second) {
  const [sizes, others, shared] = [new Map(), new Map(), new Map()];
  const add = (map, name) => map.set(name, (map.get(name) ?? 0) + 1);
  first.forEach((label, i) => {
    if (label) add(sizes, label);
    if (second[i]) add(others, second[i]);
    if (label && second[i]) add(shared, `${label} ${second[i]}`);
  });
  return [...sizes].map(([label, size]) => Math.max(0, ...[...others].map(([other, area]) => {
    const both = shared.get(`${label} ${other}`) ?? 0;
    return both / (size + area - both);
  })));
}

test("there is an answer for every example", () => {
  assert.deepEqual(Object.keys(fixtures), Object.keys(pages));
});

for (const [name, page] of Object.entries(pages)) {
  const fixture = fixtures[name];
  const field = unpack(page);

  test(`${name}: figure and fixture were made with the same weights`, () => {
    assert.equal(page.weights, fixture.weights);
  });

  for (const { setting, labels } of fixture.cases) {
    test(`${name}: the masks are those of Cellpose at ${setting}`, () => {
      const expected = inflateSync(Buffer.from(labels, "base64"));
      const [cellprobThreshold, flowThreshold] = setting;
      const ours = masks(field, { cellprobThreshold, flowThreshold, minSize: MIN_SIZE, steps: STEPS });
      assert.equal(new Set(ours).size, new Set(expected).size);
      for (const iou of [...bestIous(expected, ours), ...bestIous(ours, expected)]) {
        assert.ok(iou >= 0.95, `IoU ${iou}`);
      }
      const differ = ours.filter((label, i) => (label > 0) !== (expected[i] > 0)).length;
      assert.ok(differ <= 0.001 * ours.length, `${differ} pixels differ`);
    });
  }

  test(`${name}: pixels end where Cellpose says`, () => {
    const steps = steered(field, 0);
    fixture.starts.forEach(([row, column], i) => {
      const [y, x] = walk(field, steps, row, column).slice(-2);
      assert.ok(Math.hypot(y - fixture.ends[i][0], x - fixture.ends[i][1]) < 0.01);
    });
  });

  test(`${name}: the flow error of each mask is that of Cellpose`, () => {
    const errors = flowErrors(field, gather(field, new Walks(field, STEPS).from(0))).slice(1);
    assert.equal(errors.length, fixture.errors.length);
    errors.forEach((error, i) => assert.ok(Math.abs(error - fixture.errors[i]) < 1e-3));
  });
}

/** A field of one flow everywhere: five times the arrow (down, right). */
const even = (height, width, down, right) => {
  const all = (value) => new Float32Array(height * width).fill(value);
  return { height, width, logit: all(1), down: all(down), right: all(right) };
};

test("a step goes a fifth of the flow: the step by hand of the chapter", () => {
  const uniform = even(20, 20, 3, 4);
  const [, , row, column] = walk(uniform, steered(uniform, 0), 10, 4, 1);
  assert.ok(Math.abs(row - 10.6) < 1e-6 && Math.abs(column - 4.8) < 1e-6);
});

test("a pixel stops at the border, and arrives when it is within a pixel of its end", () => {
  const uniform = even(20, 20, 0, 5);
  const way = walk(uniform, steered(uniform, 0), 3, 9);
  assert.deepEqual([...way.slice(-2)], [3, 19]);
  assert.equal(arrival(way), 9);
});

test("the way of a pixel ends where the masks take it to end", () => {
  const { pixels, rows, columns } = new Walks(field, STEPS).from(0);
  const steps = steered(field, 0);
  for (let k = 0; k < pixels.length; k += 97) {
    const i = pixels[k];
    const way = walk(field, steps, Math.floor(i / field.width), i % field.width);
    assert.deepEqual([...way.slice(-2)], [rows[k], columns[k]]);
  }
});

test("where no pixel is above the threshold, nobody walks", () => {
  const [y, x] = walk(field, steered(field, 1000), 50, 40).slice(-2);
  assert.deepEqual([y, x], [50, 40]);
});

test("a place is the mean of where the pixels of a label end", () => {
  const walked = {
    pixels: Int32Array.of(0, 2, 3), rows: Float32Array.of(1, 3, 9), columns: Float32Array.of(2, 3, 9),
  };
  assert.deepEqual(placesOf(Int32Array.of(2, 0, 2, 0), walked), [undefined, undefined, { row: 2, column: 2.5 }]);
});
