import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { errorOf, fit, fits, judge, say, value } from "./figure.js";

const read = (path) => JSON.parse(readFileSync(new URL(path, import.meta.url)));
const fixture = read("./answers.json");
const data = read("./page.json");
const { reach } = data;
const near = (found, expected, far, what) =>
  assert.ok(Math.abs(found - expected) <= far, `${what}: ${found}, not ${expected}`);

for (const [name, degrees] of Object.entries(fixture)) {
  test(`curves and errors with ${name} pixels are numpy.polyfit's at every degree`, () => {
    const all = fits(data, data[name]);
    assert.equal(all.length, degrees.length);
    degrees.forEach(({ curve, training, validation }, degree) => {
      const fitted = all[degree];
      assert.equal(fitted.coefficients.length, degree + 1);
      curve.forEach((expected, i) => {
        const at = -reach + (2 * reach * i) / (curve.length - 1);
        near(value(fitted.coefficients, at, reach), expected, 1e-3, `degree ${degree} at ${at}`);
      });
      near(fitted.training, training, 1e-5, "training");
      near(fitted.validation, validation, 1e-4, "validation");
    });
  });
}

test("a polynomial finds itself again", () => {
  const truth = [3, -2, 0.5, 7];
  const pixels = [-9, -4, 0, 1, 5, 11].map((x) => [x, value(truth, x, reach)]);
  fit(pixels, 3, reach).forEach((coefficient, i) => near(coefficient, truth[i], 1e-9, `power ${i}`));
  assert.ok(errorOf(truth, pixels, reach) < 1e-9);
});

test("the training error never rises with the degree", () => {
  for (const name of ["few", "many"]) {
    const errors = fits(data, data[name]).map((one) => one.training);
    errors.forEach((error, i) => assert.ok(!i || error <= errors[i - 1] + 1e-9));
  }
});

test("few pixels are learned by heart at the highest degree, many are not", () => {
  const few = fits(data, data.few), many = fits(data, data.many);
  assert.deepEqual([judge(few, 0), judge(few, 3), judge(few, 11)], ["under", "fits", "heart"]);
  assert.ok([7, 8, 9, 10].some((degree) => judge(few, degree) === "over"));
  assert.deepEqual([judge(many, 0), judge(many, 11)], ["under", "fits"]);
  assert.ok(few[11].validation > 10 * many[11].validation);
});

test("errors are written short", () => {
  assert.deepEqual([say(12.316), say(1124.98), say(0)], ["12.3", "1125", "0.0"]);
});
