import assert from "node:assert/strict";
import { test } from "node:test";
import { unzipSync, strFromU8 } from "fflate";
import { inTurn, otherPlanes, packed, unpacked } from "./batch.js";
import { archive, fileTable, objectTable, stems } from "./batch_files.js";
import { measure } from "./measure.js";

const files = ["a.tif", "b.tif", "c.tif"].map((name) => ({ name }));

test("a file that fails becomes a row, and the next one is done", async () => {
  const rows = [];
  const whole = await inTurn(files, async ({ name }) => {
    if (name === "b.tif") throw new Error("b.tif is damaged.");
    return { count: 3 };
  }, { onRow: (row) => rows.push(row) });
  assert.equal(whole, true);
  assert.deepEqual(rows.map(({ name, count, problem }) => [name, count, problem]),
    [["a.tif", 3, undefined], ["b.tif", undefined, "b.tif is damaged."], ["c.tif", 3, undefined]]);
});

test("a cancel stops the rest and keeps what is done", async () => {
  const [abort, rows] = [new AbortController(), []];
  const whole = await inTurn(files, async ({ name }) => {
    if (name === "b.tif") abort.abort();
    abort.signal.throwIfAborted();
    return {};
  }, { signal: abort.signal, onRow: (row) => rows.push(row.name) });
  assert.equal(whole, false);
  assert.deepEqual(rows, ["a.tif"]);
});

const file = (name, names, axes = []) => ({ name, axes, planes: names.map((plane) => ({ name: plane })) });

test("a file with other planes is refused, and both are described", () => {
  const grey = file("grey.tif", ["grey"]);
  const pair = file("pair.tif", ["channel 1 of 2", "channel 2 of 2"], [{ name: "channel", size: 2 }]);
  assert.equal(otherPlanes(file("grey.png", ["page 1"]), grey), null);
  assert.equal(otherPlanes(pair, { ...pair }), null);
  assert.match(otherPlanes(pair, grey), /pair\.tif holds 2 channels, where grey\.tif holds one grey plane/);
  assert.match(otherPlanes(grey, pair), /grey\.tif holds one grey plane, where pair\.tif holds 2 channels/);
});

test("labels are packed and come back", async () => {
  const labels = Int32Array.from({ length: 4096 }, (_, i) => (i > 2000 ? 70_000 : 0));
  const small = await packed(labels);
  assert.ok(small.size < 500);
  assert.deepEqual(await unpacked(small), labels);
});

test("names that would be alike get a number", () => {
  assert.deepEqual(stems(["a.tif", "A.png", "b.ome.tif", "a_2.tif", "README"]), ["a", "A_2", "b", "a_2_2", "README"]);
});

async function rows() {
  const labels = Int32Array.of(1, 1, 0, 2);
  const row = async (name, pixelSize) => ({
    name, height: 2, width: 2, pixelSize, plane: "grey", count: 2, labels: await packed(labels),
    table: measure(labels, Float32Array.of(5, 7, 0, 9), 2, 2, pixelSize),
  });
  return [await row('one, "two".tif', null), { name: "bad.tif", problem: "bad.tif is empty, 0 bytes." }, await row("b.tif", { y: 0.5, x: 0.5 })];
}

test("the table of objects names the file of each and leaves unknown sizes empty", async () => {
  const [head, first, , third, ...more] = objectTable(await rows()).trimEnd().split("\n");
  assert.equal(head.slice(0, 47), "file,label,area_px,y_px,x_px,diameter_px,area_u");
  assert.match(first, /^"one, ""two""\.tif",1,2,0,0\.5,1\.595769,,,,,\d/);
  assert.match(third, /^b\.tif,1,2,0,0\.5,1\.595769,0\.5,0,0\.25,/);
  assert.equal(more.length, 1);
});

test("the table of files has every file, with what was the matter", async () => {
  const [, first, bad, last] = fileTable(await rows()).trimEnd().split("\n");
  assert.equal(first, '"one, ""two"".tif",2,1.362074,,2,2,,,grey,');
  assert.equal(bad, 'bad.tif,,,,,,,,,"bad.tif is empty, 0 bytes."');
  assert.equal(last, "b.tif,2,1.362074,0.6810371,2,2,0.5,0.5,grey,");
});

test("the zip has labels and outlines of every file that was done, and both tables", async () => {
  const told = [];
  const zip = unzipSync(new Uint8Array(await (await archive(await rows(), {}, (...is) => told.push(is))).arrayBuffer()));
  assert.deepEqual(Object.keys(zip).sort(), ["files.csv", "labels/b_labels.tif", 'labels/one, "two"_labels.tif',
    "objects.csv", "rois/b_rois.zip", 'rois/one, "two"_rois.zip']);
  assert.deepEqual(Object.keys(unzipSync(zip["rois/b_rois.zip"])), ["1.roi", "2.roi"]);
  assert.match(strFromU8(zip["files.csv"]), /bad\.tif/);
  assert.deepEqual(told, [[0, 2], [1, 2]]);
});
