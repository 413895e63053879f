import assert from "node:assert/strict";
import test from "node:test";
import { difference, fixture, unpacked } from "./fixtures/read.mjs";
import { bilinear, zoom, zoomedSize } from "./resize.js";

const cases = fixture("resize");
const image = unpacked(cases.image);
const [height, width] = image.shape;

for (const packed of cases.bilinear) {
  const [newHeight, newWidth] = packed.shape;
  test(`${height}×${width} → ${newHeight}×${newWidth} as OpenCV does it`, () => {
    const resized = bilinear(image, height, width, newHeight, newWidth);
    assert.ok(difference(resized, unpacked(packed)) < 1e-6);
  });
}

for (const { scale, image: packed } of cases.zoom) {
  test(`zoomed by ${scale} as scipy does it`, () => {
    const zoomed = zoom(image, height, width, scale);
    assert.deepEqual([zoomed.height, zoomed.width], packed.shape);
    assert.ok(difference(zoomed.values, unpacked(packed)) < 1e-6);
  });
}

test("half a pixel goes to the even size, as Python rounds", () => {
  assert.deepEqual([5, 7, 9].map((size) => zoomedSize(size, 0.5)), [2, 4, 4]);
});
