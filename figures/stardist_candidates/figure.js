/**
 * StarDist figure: rays and probability of every pixel, and non-maximum suppression live.
 *
 * Model  decode(), polygon(), overlap(), suppress(), verdict()  pure, no DOM;
 *        tested against stardist.nms in figure.test.mjs
 * View   mount()  draws one <figure data-figure="stardist_candidates">
 *
 * An answer is what compute.py stored: the network's probability and distances
 * for every second pixel of a crop. A candidate is the index of such a pixel, row by row.
 */

import { make, startAgain } from "../_shared/elements.js";

const FADED = 0.16; // how much of a suppressed outline stays
const SECONDS = 0.12; // until two thirds of a change are done

/** The stored answer with its texts as arrays, and room for what is computed once. */
export function decode(stored) {
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return {
    ...stored,
    image: bytes(stored.image),
    probability: new Float32Array(bytes(stored.probability).buffer),
    distances: bytes(stored.distances),
    shapes: [],
  };
}

/** Row and column of a candidate, in pixels of the whole image. */
export function place({ origin, shape, grid }, index) {
  return [origin[0] + grid * Math.floor(index / shape[1]), origin[1] + grid * (index % shape[1])];
}

/** The lengths of a candidate's rays, in pixels. */
export function rays({ distances, rays: count, step }, index) {
  return Array.from(distances.subarray(index * count, (index + 1) * count), (unit) => unit * step);
}

/** The corners [x, y] of a candidate; in 32-bit numbers, so that StarDist's rounding comes out. */
export function polygon(answer, index) {
  const [row, column] = place(answer, index);
  const angle = Math.fround(2 * Math.PI / answer.rays);
  return rays(answer, index).map((length, k) => {
    const along = (wave) =>
      Math.fround(Math.fround(length) * Math.fround(wave(Math.fround(angle * k))));
    return [Math.fround(column + along(Math.cos)), Math.fround(row + along(Math.sin))];
  });
}

/** What a path covers in each row of pixels: {y: [from, to, from, to, …]}, in the row's middle. */
function spans(path) {
  const crossings = {};
  path.forEach(([x, y], i) => {
    const [nextX, nextY] = path[(i + 1) % path.length];
    const turn = Math.sign(nextY - y);
    for (let row = Math.min(y, nextY); row < Math.max(y, nextY); row++) {
      (crossings[row] ??= []).push([x + (row + 0.5 - y) * (nextX - x) / (nextY - y), turn]);
    }
  });
  for (const [row, list] of Object.entries(crossings)) {
    let winding = 0;
    crossings[row] = list.sort((a, b) => a[0] - b[0]).flatMap(([x, turn]) => {
      const before = winding;
      winding += turn;
      return !before || !winding ? [x] : [];
    });
  }
  return crossings;
}

/** A candidate as StarDist compares it: its corners cut to whole pixels, its area, its rows. */
function shapeOf(answer, index) {
  return answer.shapes[index] ??= (() => {
    const path = polygon(answer, index).map((corner) => corner.map(Math.trunc));
    const twice = path.reduce((sum, [x, y], i) => {
      const [nextX, nextY] = path[(i + 1) % path.length];
      return sum + x * nextY - y * nextX;
    }, 0);
    return { area: Math.abs(twice) / 2, rows: spans(path) };
  })();
}

/** Shared area of two candidates divided by the smaller of their areas. */
export function overlap(answer, first, second) {
  const [a, b] = [shapeOf(answer, first), shapeOf(answer, second)];
  let shared = 0;
  for (const row in a.rows) {
    const [left, right] = [a.rows[row], b.rows[row]];
    if (!right) continue;
    for (let i = 0; i < left.length; i += 2) {
      for (let j = 0; j < right.length; j += 2) {
        shared += Math.max(
          0, Math.min(left[i + 1], right[j + 1]) - Math.max(left[i], right[j]));
      }
    }
  }
  return shared / (Math.min(a.area, b.area) + 1e-10);
}

/**
 * Non-maximum suppression, as in stardist.nms.
 *
 * Returns the candidates and the kept ones, the best first, and for each suppressed one which
 * kept candidate took its place: {candidates, kept, by: Map}.
 */
export function suppress(answer, probThresh, nmsThresh) {
  const { probability } = answer;
  const candidates = [...probability.keys()]
    .filter((index) => probability[index] > Math.fround(probThresh))
    .sort((a, b) => probability[b] - probability[a]);
  const kept = [];
  const by = new Map();
  candidates.forEach((winner, rank) => {
    if (by.has(winner)) return;
    kept.push(winner);
    for (const other of candidates.slice(rank + 1)) {
      if (!by.has(other) && overlap(answer, winner, other) > nmsThresh) by.set(other, winner);
    }
  });
  return { candidates, kept, by };
}

/** What became of a pixel: "kept", "suppressed" or, below the threshold, "silent". */
export function verdict({ kept, by }, index) {
  if (by.has(index)) return "suppressed";
  return kept.includes(index) ? "kept" : "silent";
}

export async function mount(figure) {
  const response = await fetch(new URL("./page.json", import.meta.url)).catch(() => null);
  if (!response?.ok) {
    figure.dataset.failed = ""; // the style sheet shows the text again
    return;
  }
  const answer = decode(await response.json());
  const { shape, grid, tuned } = answer;
  const [height, width] = shape.map((size) => size * grid);
  const calm = matchMedia("(prefers-reduced-motion: reduce)");

  const canvas = make("canvas", { className: "stardist-picture", tabIndex: 0 });
  canvas.setAttribute("role", "application");
  canvas.setAttribute("aria-label",
    "Nuclei with the network's outlines. Arrow keys choose the pixel whose rays are shown.");
  const prob = slider("Probability threshold", "prob_thresh", 0.05, 0.9, 0.01);
  const nms = slider("Overlap threshold", "nms_thresh", 0, 0.9, 0.05);
  const counts = make("p", { className: "stardist-counts" });
  counts.setAttribute("role", "status");
  const pixel = make("p", { className: "stardist-pixel figure-verdict" });
  pixel.setAttribute("aria-live", "polite");
  const key = make("p", {
    className: "stardist-key",
    textContent: "Thick, with a dot: kept. Faint: suppressed. White: the rays of your pixel.",
  });
  const panel = make("div", { className: "stardist-panel" },
    prob.label, nms.label, startAgain(start), key, counts, pixel);
  const stage = figure.querySelector(".stardist-stage");
  stage.replaceChildren(canvas, panel);
  stage.classList.add("mounted");

  const picture = paintImage(answer, width, height);
  const pen = canvas.getContext("2d");
  const amber = getComputedStyle(figure).getPropertyValue("--amber");
  const outlines = []; // paths of the candidates, made when they are first drawn
  const strength = new Float32Array(shape[0] * shape[1]); // how strongly each outline is drawn
  let goal = new Float32Array(strength.length);
  let result, chosen, frame, before;

  prob.input.addEventListener("input", update);
  nms.input.addEventListener("input", update);
  canvas.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
    if (!step[event.key]) return;
    event.preventDefault();
    const [down, right] = step[event.key];
    choose(Math.floor(chosen / shape[1]) + down, chosen % shape[1] + right);
  });
  const point = (event) => {
    const box = canvas.getBoundingClientRect();
    choose(
      Math.round(((event.clientY - box.top) / box.height * height - 0.5) / grid),
      Math.round(((event.clientX - box.left) / box.width * width - 0.5) / grid),
    );
  };
  canvas.addEventListener("pointermove", point);
  canvas.addEventListener("pointerdown", point);
  new ResizeObserver(() => {
    canvas.width = Math.round(canvas.clientWidth * devicePixelRatio);
    canvas.height = Math.round(canvas.clientWidth * devicePixelRatio * height / width);
    draw();
  }).observe(canvas);
  start();

  function start() {
    prob.input.value = tuned.prob;
    nms.input.value = tuned.nms;
    const best = answer.probability.indexOf(Math.max(...answer.probability));
    chosen = best + 2; // beside the winner: its rays differ, its outline is nearly the same
    update();
  }

  function choose(row, column) {
    const inside = (value, size) => Math.min(Math.max(value, 0), size - 1);
    const next = inside(row, shape[0]) * shape[1] + inside(column, shape[1]);
    if (next === chosen) return;
    chosen = next;
    describe();
    draw();
  }

  function update() {
    for (const { input, value } of [prob, nms]) value.textContent = input.valueAsNumber.toFixed(2);
    result = suppress(answer, prob.input.valueAsNumber, nms.input.valueAsNumber);
    const many = (n, word) => `${n} ${word}${n === 1 ? "" : "s"}`;
    counts.replaceChildren(
      `${many(result.candidates.length, "candidate")} → `,
      make("strong", { textContent: many(result.kept.length, "object") }));
    goal = new Float32Array(strength.length);
    for (const index of result.candidates) goal[index] = result.by.has(index) ? FADED : 1;
    describe();
    cancelAnimationFrame(frame);
    before = performance.now();
    move(before + (calm.matches ? Infinity : 0));
  }

  function describe() {
    const lengths = rays(answer, chosen);
    const [row, column] = place(answer, chosen);
    const name = (index) => `(${place(answer, index).join(", ")})`;
    const fate = {
      kept: () => "It is above the threshold, and no better candidate overlaps it too much: kept.",
      suppressed: () => {
        const winner = result.by.get(chosen);
        return `Suppressed: it overlaps the better candidate ${name(winner)} by `
          + `${overlap(answer, winner, chosen).toFixed(2)}.`;
      },
      silent: () => "Not above the probability threshold: it proposes nothing.",
    };
    pixel.replaceChildren(
      make("strong", { textContent: `Pixel (${row}, ${column})` }),
      `: probability ${answer.probability[chosen].toFixed(2)}, ${lengths.length} rays of `
      + `${Math.min(...lengths).toFixed(1)} to ${Math.max(...lengths).toFixed(1)} px. `,
      fate[verdict(result, chosen)]());
  }

  /** One step towards the goal; another one follows while something still changes. */
  function move(now) {
    const share = 1 - Math.exp((before - now) / 1000 / SECONDS);
    before = now;
    let moving = false;
    goal.forEach((value, index) => {
      const left = (value - strength[index]) * (1 - share);
      strength[index] = Math.abs(left) < 0.01 ? value : value - left;
      moving ||= strength[index] !== value;
    });
    draw();
    if (moving && canvas.isConnected) frame = requestAnimationFrame(move);
  }

  /** A path [[x, y], …] of the whole image on the canvas, where pixel centres lie at halves. */
  function trace(corners) {
    const path = new Path2D();
    for (const [x, y] of corners) {
      path.lineTo(x - answer.origin[1] + 0.5, y - answer.origin[0] + 0.5);
    }
    path.closePath();
    return path;
  }

  function draw() {
    const scale = canvas.width / width;
    const unit = devicePixelRatio / scale; // one pixel of the page
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.imageSmoothingEnabled = false;
    pen.drawImage(picture, 0, 0);
    pen.lineJoin = "round";
    pen.strokeStyle = pen.fillStyle = amber;
    strength.forEach((alpha, index) => {
      if (alpha < 0.01) return;
      pen.globalAlpha = alpha;
      pen.lineWidth = (alpha > FADED ? 1 + 2 * (alpha - FADED) / (1 - FADED) : 1) * unit;
      pen.stroke(outlines[index] ??= trace(polygon(answer, index)));
    });
    pen.globalAlpha = 1;
    for (const index of result.kept) dot(index, 4 * unit);

    pen.strokeStyle = pen.fillStyle = "#fff";
    pen.lineWidth = unit;
    const corners = polygon(answer, chosen);
    const [row, column] = place(answer, chosen);
    pen.globalAlpha = 0.75;
    for (const corner of corners) pen.stroke(trace([[column, row], corner]));
    pen.globalAlpha = 1;
    pen.lineWidth = 1.5 * unit;
    pen.stroke(trace(corners));
    dot(chosen, 3.5 * unit);
  }

  function dot(index, radius) {
    const [row, column] = place(answer, index);
    pen.beginPath();
    pen.arc(column - answer.origin[1] + 0.5, row - answer.origin[0] + 0.5, radius, 0, 7);
    pen.fill();
  }
}

/** The crop as a small canvas, faint nuclei brightened, all a little darker than the lines. */
function paintImage({ image }, width, height) {
  const canvas = make("canvas", { width, height });
  const pen = canvas.getContext("2d");
  const pixels = pen.createImageData(width, height);
  image.forEach((value, i) => {
    pixels.data.fill(170 * (value / 255) ** 0.7, 4 * i, 4 * i + 3);
    pixels.data[4 * i + 3] = 255;
  });
  pen.putImageData(pixels, 0, 0);
  return canvas;
}

function slider(name, parameter, min, max, step) {
  const input = make("input", { type: "range", min, max, step });
  const value = make("span", { className: "stardist-value", ariaHidden: "true" });
  const title = make("span", {}, `${name} `, make("code", { textContent: parameter }));
  return { input, value, label: make("label", {}, title, value, input) };
}
