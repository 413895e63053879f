// What the width of an object means for a tool follows what was measured.
import assert from "node:assert/strict";
import { test } from "node:test";
import { sizeSetting } from "../../lab/view/controls.js";
import measured from "../../src/bioimage_course/image_faults.json" with { type: "json" };

const { small, large } = measured.tools.stardist;
const { width: own } = measured.own.stardist;

test("StarDist gets the image as it is between the widths that were measured, and resized beyond", () => {
  const inside = sizeSetting("stardist", large - 1);
  assert.equal(inside.scale, 1);
  assert.match(inside.text, new RegExp(`within the ${Math.round(small)} to ${Math.round(large)} px`));
  assert.equal(sizeSetting("stardist", 4 * own).scale, 0.25);
  assert.equal(sizeSetting("stardist", small / 2).scale, +(own / (small / 2)).toPrecision(2));
  assert.equal(sizeSetting("stardist", null).scale, 1);
});

test("Cellpose gets the width itself", () => {
  assert.deepEqual(sizeSetting("cellpose-nuclei", 33).diameter, 33);
  assert.match(sizeSetting("cellpose-nuclei", null).text, new RegExp(`${measured.own["cellpose-nuclei"].width} px wide`));
});
