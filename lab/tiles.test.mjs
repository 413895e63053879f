import assert from "node:assert/strict";
import test from "node:test";
import { difference, fixture } from "./fixtures/read.mjs";
import {
  blocks, cellposePad, cellposeTiles, crop, inTiles, padToMultiple, reflected, taper,
} from "./tiles.js";

const { cut, taper: tapers, reflected: reflections } = fixture("tiles");

for (const { size, pad, tiles } of cut) {
  test(`a side of ${size} is padded and cut as Cellpose does`, () => {
    assert.deepEqual(cellposePad(size), pad);
    const { starts, length } = cellposeTiles(size + pad[0] + pad[1]);
    assert.deepEqual(starts.map((start) => [start, start + length]), tiles);
  });
}

for (const [length, expected] of Object.entries(tapers)) {
  test(`a tile of ${length} is weighed as Cellpose does`, () => {
    const weights = taper(Number(length));
    const most = Math.max(...weights);
    assert.ok(difference(weights.map((weight) => weight / most), expected) < 1e-12);
  });
}

for (const { size, indices } of reflections) {
  test(`${size} pixels are continued by reflection as numpy does`, () => {
    assert.deepEqual(indices.map((_, i) => reflected(i, size)), indices);
  });
}

test("padding goes to the end", () => {
  const { values, height, width } = padToMultiple(Float32Array.of(1, 2, 3, 4, 5, 6), 2, 3, 4);
  assert.deepEqual([height, width], [4, 4]);
  assert.deepEqual([...values.slice(0, 8)], [1, 2, 3, 2, 4, 5, 6, 5]);
});

test("tiles of a network that changes nothing blend to the image", async () => {
  const [height, width] = [300, 250];
  const image = Float32Array.from({ length: height * width }, (_, i) => Math.sin(i) + (i % 7));
  const zeros = new Float32Array(image.length);
  let seen = 0;
  const run = async (tile, tall, wide) => {
    seen++;
    assert.deepEqual([tall, wide, tile.length], [224, 224, 2 * 224 * 224]);
    const answer = new Float32Array(3 * tall * wide);
    answer.set(tile);
    return answer;
  };
  const [first, second] = await inTiles([image, zeros], height, width, run);
  assert.equal(seen, 4);
  assert.ok(difference(first, image) < 1e-5);
  assert.equal(difference(second, zeros), 0);
});

test("blocks keep every pixel once, with a rim where there is a neighbour", () => {
  assert.deepEqual(blocks(512, 1120, 96, 16), [{ from: 0, to: 512, keepFrom: 0, keepTo: 512 }]);
  assert.deepEqual(blocks(2048, 1120, 96, 16), [
    { from: 0, to: 1120, keepFrom: 0, keepTo: 1024 }, { from: 928, to: 2048, keepFrom: 1024, keepTo: 2048 },
  ]);
  for (const size of [1136, 2048, 2064, 3104, 8192]) {
    const cutUp = blocks(size, 1120, 96, 16);
    assert.equal(cutUp[0].from, 0);
    assert.equal(cutUp.at(-1).to, size);
    cutUp.forEach(({ from, to, keepFrom, keepTo }, i) => {
      assert.ok(to - from <= 1120 && (to - from) % 16 === 0 && from % 16 === 0);
      assert.equal(keepFrom, cutUp[i - 1]?.keepTo ?? 0);
      assert.ok(from === 0 || keepFrom - from === 96);
      assert.ok(to === size || to - keepTo === 96);
    });
  }
});

test("a crop is what lies between the sides", () => {
  const image = Float32Array.from({ length: 20 }, (_, i) => i);
  assert.deepEqual([...crop(image, 5, 1, 3, 2, 4)], [7, 8, 12, 13]);
});
