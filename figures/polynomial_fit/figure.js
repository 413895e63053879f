/**
 * Overfitting figure: a polynomial fitted to few pixels, and how it does on others.
 *
 * Model  fit(), value(), errorOf(), judge()  pure, no DOM
 * View   mount()  draws one <figure data-figure="polynomial_fit">
 *
 * Pixels are [distance from the rim, grey value]; coefficients begin with the constant, and stand for
 * powers of the distance divided by the reach.
 */

import { button, make, startAgain, svg } from "../_shared/elements.js";

/** Least squares by Householder reflections, as stable as numpy.polyfit. */
export function fit(pixels, degree, reach) {
  const width = degree + 1;
  const rows = pixels.map(([x, y]) => [...Array.from({ length: width }, (_, k) => (x / reach) ** k), y]);
  for (let k = 0; k < width; k++) {
    const norm = Math.hypot(...rows.slice(k).map((row) => row[k]));
    const v = rows.map((row, i) => (i < k ? 0 : row[k]));
    v[k] += v[k] < 0 ? -norm : norm;
    const square = v.reduce((sum, part) => sum + part * part, 0);
    for (let j = k; j <= width; j++) {
      const twice = (2 * rows.reduce((sum, row, i) => sum + v[i] * row[j], 0)) / square;
      rows.forEach((row, i) => { row[j] -= twice * v[i]; });
    }
  }
  const coefficients = new Array(width);
  for (let k = degree; k >= 0; k--) {
    let rest = rows[k][width];
    for (let j = k + 1; j < width; j++) rest -= rows[k][j] * coefficients[j];
    coefficients[k] = rest / rows[k][k];
  }
  return coefficients;
}

/** The polynomial at one distance. */
export function value(coefficients, x, reach) {
  return coefficients.reduceRight((sum, coefficient) => (sum * x) / reach + coefficient, 0);
}

/** Root of the mean squared error, in grey values. */
export function errorOf(coefficients, pixels, reach) {
  const squares = pixels.map(([x, y]) => (value(coefficients, x, reach) - y) ** 2);
  return Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length);
}

/** Every degree: coefficients, training and validation error. As many coefficients as few pixels. */
export function fits({ reach, few, validation }, training) {
  return few.map((_, degree) => {
    const coefficients = fit(training, degree, reach);
    return {
      coefficients,
      training: errorOf(coefficients, training, reach),
      validation: errorOf(coefficients, validation, reach),
    };
  });
}

/** What is happening at a degree, as one word: heart, over, under or fits. */
export function judge(all, degree) {
  const { training, validation } = all[degree];
  const best = Math.min(...all.map((one) => one.validation));
  if (training < 0.05) return "heart";
  if (validation <= 1.2 * best) return "fits";
  return all.slice(0, degree).some((one) => one.validation < validation / 1.1) ? "over" : "under";
}

/** A short number: more digits for small ones. */
export const say = (error) => (error >= 100 ? error.toFixed(0) : error.toFixed(1));

const START = 3, TOP = 40, GREY = 140;
const WORDS = {
  under: "Too simple: the curve cannot bend as the pixels do. Both errors are high.",
  fits: "It fits: the curve follows the rim, not the single pixels. Validation error near its lowest.",
  over: "Overfitting: the training error still falls, but between the training pixels the curve swings to where no pixel lies.",
  heart: "Learned by heart: the curve runs through every training pixel. Training error zero, and useless for all other pixels.",
};

export async function mount(figure) {
  const response = await fetch(new URL("./page.json", import.meta.url)).catch(() => null);
  if (!response?.ok) return; // the table stays
  const data = await response.json();
  const { reach, validation } = data;
  const known = { few: fits(data, data.few), many: fits(data, data.many) };
  let which;

  const scene = svg("svg", { viewBox: "0 0 360 270", role: "img" });
  const plot = svg("svg", { viewBox: "0 0 360 270", role: "img" });
  const slider = make("input", { type: "range", min: 0, max: data.few.length - 1, step: 1 });
  const now = make("b");
  const sets = ["few", "many"].map((name) => {
    const made = button(`${data[name].length} training pixels`, () => { which = name; show(); });
    made.dataset.set = name;
    return made;
  });
  const choice = make("div", { className: "overfitting-tools figure-buttons" }, ...sets, startAgain(reset));
  const errors = make("p", { className: "overfitting-errors" });
  const verdict = make("p", { className: "overfitting-verdict figure-verdict" });
  verdict.setAttribute("role", "status");
  slider.setAttribute("aria-label", "degree of the polynomial");
  slider.addEventListener("input", show);

  const titled = (title, ...children) => make("div", {}, make("p", { className: "overfitting-name" }, title), ...children);
  figure.querySelector(".overfitting-stage").replaceChildren(
    make("div", { className: "overfitting-pictures" },
      titled("the polynomial and the pixels", scene), titled("typical error, in grey values", plot)),
    make("label", { className: "overfitting-degree" }, "degree ", now, slider),
    choice, errors, verdict);
  reset();

  function reset() {
    which = "few";
    slider.value = START;
    show();
  }

  function show() {
    const degree = slider.valueAsNumber, one = known[which][degree];
    const state = judge(known[which], degree);
    figure.dataset.state = state;
    now.textContent = degree;
    slider.setAttribute("aria-valuetext", `degree ${degree}`);
    for (const made of sets) made.setAttribute("aria-pressed", String(made.dataset.set === which));
    errors.replaceChildren(`Degree ${degree}, so ${degree + 1} parameter${degree ? "s" : ""}. Error: training `,
      make("b", {}, say(one.training)), ", validation ", make("b", {}, say(one.validation)));
    verdict.textContent = WORDS[state];
    showScene(one);
    showPlot(degree);
  }

  function showScene({ coefficients }) {
    const x = (distance) => 46 + (300 * (distance + reach)) / (2 * reach), y = (grey) => 212 - (196 * grey) / GREY;
    const points = Array.from({ length: 401 }, (_, i) => -reach + (i * reach) / 200)
      .map((at) => `${x(at).toFixed(1)},${Math.min(Math.max(y(value(coefficients, at, reach)), -999), 1999).toFixed(1)}`);
    const inside = (pixels) => pixels.map(([at, grey]) => [x(at), y(Math.min(grey, GREY))]);
    scene.setAttribute("aria-label", `Grey values of ${data[which].length} training and ${validation.length
    } validation pixels over their distance from the rim, and the fitted polynomial.`);
    scene.replaceChildren(
      svg("path", { class: "overfitting-rim", d: `M${x(0)} 16V212` }),
      word(x(0) - 6, 14, "outside", "end"), word(x(0) + 6, 14, "in a nucleus", "start"),
      svg("svg", { x: 46, y: 16, width: 300, height: 196, viewBox: "46 16 300 196" },
        ...inside(validation).map(([cx, cy]) => svg("circle", { class: "overfitting-validation", cx, cy, r: 3.5 })),
        svg("polyline", { class: "overfitting-casing", points: points.join(" ") }),
        svg("polyline", { class: "overfitting-curve", points: points.join(" ") }),
        ...inside(data[which]).map(([cx, cy]) => svg("rect", { class: "overfitting-training", x: cx - 4, y: cy - 4, width: 8, height: 8 }))),
      svg("path", { class: "overfitting-axis", d: "M46 16V212H346" }),
      ...[0, 50, 100].map((grey) => word(40, y(grey) + 5, grey, "end")),
      ...[-10, -5, 0, 5, 10].map((at) => word(x(at), 230, `${at < 0 ? "−" : ""}${Math.abs(at)}`)),
      word(196, 252, "distance from the rim, pixels"));
  }

  function showPlot(degree) {
    const all = known[which];
    const x = (at) => 56 + (280 * at) / (all.length - 1), y = (error) => 212 - (182 * Math.min(error, TOP)) / TOP;
    const points = (kind) => all.map((one, at) => `${x(at).toFixed(1)},${y(one[kind]).toFixed(1)}`).join(" ");
    const { training, validation: other } = all[degree];
    plot.setAttribute("aria-label", `Errors over the degree. Validation: ${all.map((one, at) => `${say(one.validation)} at ${at}`).join(", ")}.`);
    plot.replaceChildren(
      svg("path", { class: "overfitting-rim", d: `M${x(degree)} 30V212` }),
      svg("polyline", { class: "overfitting-line-training", points: points("training") }),
      svg("polyline", { class: "overfitting-line-validation", points: points("validation") }),
      ...all.map((one, at) => (one.validation > TOP ? word(x(at), 25, "↑") : "")),
      svg("circle", { class: "overfitting-validation overfitting-now", cx: x(degree), cy: y(other), r: 6 }),
      svg("rect", { class: "overfitting-training", x: x(degree) - 5, y: y(training) - 5, width: 10, height: 10 }),
      svg("path", { class: "overfitting-axis", d: "M46 30V212H346" }),
      word(46, 12, "○ validation, solid    ■ training, dashed", "start"),
      ...[0, 10, 20, 30, 40].map((error) => word(40, y(error) + 5, error, "end")),
      ...[0, 2, 4, 6, 8, 10].map((at) => word(x(at), 230, at)),
      word(196, 252, "degree of the polynomial"));
  }
}

const word = (x, y, textContent, anchor = "middle") => svg("text", { x, y, textContent, "text-anchor": anchor });
