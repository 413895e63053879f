import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { inflateSync } from "node:zlib";
import {
  arrival, check, flowErrors, gather, steered, unpack, walk,
} from "./figure.js";

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
      const { labels: raw } = gather(field, setting[0]);
      const ours = check(field, raw, flowErrors(field, raw), setting[1]);
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
    const errors = flowErrors(field, gather(field, 0).labels).slice(1);
    assert.equal(errors.length, fixture.errors.length);
    errors.forEach((error, i) => assert.ok(Math.abs(error - fixture.errors[i]) < 1e-3));
  });
}

/** A field of one flow everywhere: five times the arrow (down, right). */
const even = (rows, columns, down, right) => ({
  rows, columns, logit: new Float32Array(rows * columns).fill(1),
  flow: Float32Array.from({ length: 2 * rows * columns }, (_, i) =>
    (i < rows * columns ? down : right)),
});

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

test("where no pixel is above the threshold, nobody walks and nothing is found", () => {
  const { labels } = gather(field, 1000);
  assert.ok(labels.every((label) => label === 0));
  assert.deepEqual(check(field, labels, flowErrors(field, labels), 0.4), labels);
  const [y, x] = walk(field, steered(field, 1000), 50, 40).slice(-2);
  assert.deepEqual([y, x], [50, 40]);
});

test("holes are filled and specks dropped", () => {
  const small = { rows: 12, columns: 12 };
  const labels = new Int32Array(144);
  for (let row = 2; row < 8; row++) for (let column = 2; column < 8; column++) {
    labels[row * 12 + column] = 1;
  }
  labels[4 * 12 + 4] = 0;
  labels[11 * 12 + 11] = 2;
  const checked = check(small, labels, [0, 0, 0], 0.4);
  assert.equal(checked[4 * 12 + 4], 1);
  assert.equal(checked[11 * 12 + 11], 0);
  assert.ok(check(small, labels, [0, 0.5, 0], 0.4).every((label) => label === 0));
});
