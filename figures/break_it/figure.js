/**
 * Break it: spoil a picture step by step, see what two models still find, and try a fix.
 *
 * Model  result(), ap(), corners(), outlines(), verdict(), loser()  pure, no DOM; tested in
 *        figure.test.mjs
 * View   mount()  draws one <figure data-figure="break_it">
 *
 * Everything was computed by compute.py. A result is [found, false objects, nuclei not found,
 * outlines as text, places of those nuclei]. Step 0 is the picture as recorded.
 */

import { button, make, startAgain, svg } from "../_shared/elements.js";

export const METHODS = { stardist: "StarDist", cellpose: "Cellpose" };
export const FIXES = { rescale: "Rescale", renormalise: "Renormalise", denoise: "Denoise" };
const ENOUGH = 0.05; // differences in AP below this are not believed, as the chapter says
const ALMOST = ENOUGH - 1e-9;
const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-";
const SHIFT = 32; // half pixels

const RIGHT_SIZE = "Nuclei are 24 px wide here, the size that the models know. There is nothing to rescale.";
const RIGHT_LIMITS = "The picture already has the percentiles of its own field as limits.";
const percent = (share) => `${Math.round(100 * share)} %`;

/** The faults: their names, how strong a step is, what happens, and what each fix does to it. */
export const FAULTS = {
  blur: {
    name: "Blur", step: (px) => `${px} px`, tick: (px) => px, axis: "blur (px)",
    what: "Out of focus: smoothed, then photons are drawn.",
    rescale: RIGHT_SIZE, renormalise: RIGHT_LIMITS,
    denoise: "It removes grain, not blur: the gap between two nuclei that blur filled does not come back.",
  },
  noise: {
    name: "Noise", step: (grey) => `${grey} grey levels a photon`, tick: (grey) => grey, axis: "grey levels a photon",
    what: "Few photons: the more grey levels one makes, the fewer there are.",
    rescale: RIGHT_SIZE, renormalise: RIGHT_LIMITS,
    denoise: "Non-local means averages places that look alike. The grain goes, and some fine edges go with it.",
  },
  size: {
    name: "Scale", step: (zoom) => `nuclei ${24 * zoom} px wide, not 24`, tick: (zoom) => 24 * zoom, axis: "width of nuclei (px)",
    what: "Smaller nuclei, as from a lower magnification. Cellpose is still told 24 px.",
    rescale: "The models get nuclei of the size that they know: StarDist by scale, Cellpose by diameter. Detail that was never recorded stays away.",
    renormalise: RIGHT_LIMITS,
    denoise: "Hardly any grain is there to remove; small nuclei are smoothed instead.",
  },
  contrast: {
    name: "Contrast", step: (light) => `${percent(light)} of the light`, tick: percent, axis: "light",
    what: "Less light on a brighter background. The limits are still those of the good image.",
    rescale: RIGHT_SIZE,
    renormalise: {
      stardist: "The picture’s own percentiles undo any factor and any offset.",
      cellpose: "Cellpose normalises whatever it gets, so the wrong limits never reached its network.",
    },
    denoise: "Grain was not the fault, and the limits stay as wrong as they were.",
  },
  crop: {
    name: "Crop normalisation", step: (px) => `crops of ${px} px`, tick: (px) => px, axis: "side of a crop (px)",
    what: "Each square crop is normalised by its own percentiles, and all are put together.",
    rescale: RIGHT_SIZE,
    renormalise: "One pair of limits for the whole field, then cut: the crops fit together again.",
    denoise: "Grain was not the fault: the limits still differ from crop to crop.",
  },
};
const UNSPOILT = "Nothing was broken, and smoothing costs detail.";

/* ---------------------------------------------------------------------- model */

/** Results of a setting: {picture, counts, changed}; a fix that does nothing leaves all as it was. */
export function result(page, { fault, step, method, fix }) {
  const fixes = page.results[step ? fault + step : "recorded"];
  const changed = Boolean(fix && fixes[fix]);
  const [picture, ...both] = fixes[changed ? fix : "none"];
  return { picture, counts: both[Object.keys(METHODS).indexOf(method)], changed };
}

/** Found among all that should be, and all that should not be, there. */
export const ap = ([found, wrong, notFound]) => found / (found + wrong + notFound);

/** The AP at a setting. */
export const apOf = (page, setting) => ap(result(page, setting).counts);

/** The corners [x, y] of a stored outline, in pixels of the crop. */
export function corners(text) {
  const value = (i) => DIGITS.indexOf(text[i]);
  let at = [64 * value(0) + value(1) - SHIFT, 64 * value(2) + value(3) - SHIFT];
  const path = [at];
  for (let i = 4; i < text.length; i += 2) {
    at = [at[0] + value(i) - 32, at[1] + value(i + 1) - 32];
    path.push(at);
  }
  return path.map(([x, y]) => [x / 2, y / 2]);
}

/** What is drawn over the crop: {found, wrong, notFound}, lists of paths. */
export function outlines(page, [, , , text, places]) {
  const all = text ? text.split(" ") : [];
  return {
    found: all.filter((path) => path[0] !== "!").map(corners),
    wrong: all.filter((path) => path[0] === "!").map((path) => corners(path.slice(1))),
    notFound: places.map((place) => corners(page.truth[place])),
  };
}

/** A fix in one word or two, from the AP before and after it and that of the picture as recorded. */
export function verdict(before, after, recorded, changed) {
  if (!changed) return "Changes nothing.";
  if (after - before >= ALMOST) return recorded - after < ALMOST ? "Mends it." : "Helps in part.";
  return before - after >= ALMOST ? "Harms." : "Makes no difference to speak of.";
}

/** Why, in a sentence. */
export function reason({ fault, step, method, fix }) {
  if (!step && fix === "denoise") return UNSPOILT;
  const why = { rescale: RIGHT_SIZE, renormalise: RIGHT_LIMITS };
  const sentence = step ? FAULTS[fault][fix] : why[fix];
  return sentence[method] ?? sentence;
}

/** Which method loses more AP by a step: its key, or "same"; and what each loses. */
export function loser(page, fault, step) {
  const [stardist, cellpose] = Object.keys(METHODS).map((method) =>
    apOf(page, { fault, step: 0, method }) - apOf(page, { fault, step, method }));
  const more = Math.abs(stardist - cellpose) < ALMOST ? "same" : stardist > cellpose ? "stardist" : "cellpose";
  return { more, stardist, cellpose };
}

/* ----------------------------------------------------------------------- view */

const NEAR = "about the same";
const START = { fault: "blur", step: 0, method: "stardist", fix: null };

export async function mount(figure) {
  const page = await fetch(new URL("./page.json", import.meta.url))
    .then((response) => response.json()).catch(() => null);
  const sheet = new Image();
  sheet.src = page?.pictures ?? "";
  if (!page || !await sheet.decode().then(() => true, () => false)) {
    figure.dataset.failed = ""; // the style sheet shows the text again
    return;
  }
  const colours = Object.fromEntries(["amber", "sky", "wrong"].map((name) =>
    [name, getComputedStyle(figure).getPropertyValue(`--${name}`).trim()]));
  let setting, seen, guesses;

  const canvas = make("canvas", { className: "break-picture" });
  canvas.setAttribute("role", "img");
  const counts = make("p", { className: "break-counts" });
  counts.setAttribute("role", "status");
  const faults = radios("Break it", Object.fromEntries(Object.entries(FAULTS).map(([key, { name }]) => [key, name])),
    (fault) => change({ fault, step: 0, fix: null }));
  const methods = radios("Model", METHODS, (method) => change({ method }));
  const slider = make("input", { type: "range", min: 0, max: 5, step: 1 });
  slider.addEventListener("input", () => change({ step: slider.valueAsNumber, fix: null }));
  const strength = make("b");
  const what = make("p", { className: "break-what" });
  const curve = svg("svg", { viewBox: "0 0 300 178", class: "break-curve", role: "img" });
  const guess = radios("Predict: which model will have lost more AP at the last step?",
    { ...METHODS, same: NEAR }, (choice) => { guesses[setting.fault] = choice; show(); });
  const answer = make("p", { className: "break-answer" });
  answer.setAttribute("aria-live", "polite");
  const fixes = Object.fromEntries(Object.entries(FIXES).map(([key, name]) => [key, button(name, () =>
    change({ fix: setting.fix === key ? null : key }))]));
  const fixRow = make("div", { className: "break-fixes figure-buttons" }, make("span", { textContent: "Which fix?" }), ...Object.values(fixes));
  fixRow.setAttribute("role", "group");
  fixRow.setAttribute("aria-label", "Which fix?");
  const told = make("p", { className: "break-told figure-verdict" });
  told.setAttribute("aria-live", "polite");

  const stage = figure.querySelector(".break-stage");
  stage.replaceChildren(
    make("div", { className: "break-left" }, canvas, key(), counts),
    make("div", { className: "break-right" }, faults.row,
      make("label", { className: "break-strength" }, make("span", {}, "Strength: ", strength), slider),
      what, methods.row, guess.row, answer),
    curve, make("div", {}, fixRow, startAgain(start), told));
  stage.classList.add("mounted");
  new ResizeObserver(() => {
    canvas.width = canvas.height = Math.round(canvas.clientWidth * devicePixelRatio);
    draw();
  }).observe(canvas);
  start();

  function start() {
    seen = Object.fromEntries(Object.keys(FAULTS).map((fault) => [fault, 0]));
    guesses = {};
    change(START);
  }

  function change(part) {
    setting = { ...setting, ...part };
    const { fault, step } = setting;
    seen[fault] = Math.max(seen[fault], step);
    show();
  }

  function strengthOf(step, fault = setting.fault) {
    return step ? FAULTS[fault].step(page.steps[fault][step - 1]) : "as recorded";
  }

  function show() {
    const { fault, step, method, fix } = setting;
    faults.check(fault);
    methods.check(method);
    slider.value = step;
    strength.textContent = strengthOf(step);
    slider.setAttribute("aria-valuetext", strengthOf(step));
    what.textContent = FAULTS[fault].what;
    const [found, wrong, notFound] = result(page, setting).counts;
    counts.replaceChildren(make("b", { textContent: `${METHODS[method]}: AP ${two(apOf(page, setting))}` }),
      ` · ${found} found, ${wrong} false, ${notFound} not found, of ${page.nuclei} nuclei`);
    showGuess();
    for (const [name, element] of Object.entries(fixes)) element.setAttribute("aria-pressed", name === fix);
    told.replaceChildren(...(fix ? tell() : ["Look at the outlines, name the failure, and choose one."]));
    drawCurve();
    draw();
  }

  function tell() {
    const { method } = setting;
    const { changed } = result(page, setting);
    const before = apOf(page, { ...setting, fix: null }), after = apOf(page, setting);
    const recorded = apOf(page, { ...setting, step: 0, fix: null });
    return [make("b", { textContent: verdict(before, after, recorded, changed) }),
      ` ${METHODS[method]}: AP ${two(before)} → ${two(after)}; as recorded it was ${two(recorded)}. ${reason(setting)}`];
  }

  function showGuess() {
    const { fault } = setting;
    const last = page.steps[fault].length;
    const said = guesses[fault];
    guess.check(said);
    guess.disable(seen[fault] === last);
    if (seen[fault] < last) {
      answer.textContent = said ? "Now move the slider to the end." : "Curves appear as far as you have gone.";
      return;
    }
    const { more, ...lost } = loser(page, fault, last);
    const truth = more === "same" ? "Both lost about the same" : `${METHODS[more]} lost more`;
    answer.replaceChildren(make("b", { textContent: `${truth}. ` }),
      `At the last step, StarDist lost ${two(lost.stardist)}, Cellpose ${two(lost.cellpose)}.`
      + (said ? (said === more ? " You were right." : ` You said ${said === "same" ? NEAR : METHODS[said]}.`) : ""));
  }

  function draw() {
    if (!canvas.width) return;
    const { picture, counts: now } = result(page, setting);
    const lines = outlines(page, now);
    const [x, y, width, height, left, top, zoom] = page.places[picture];
    const pen = canvas.getContext("2d");
    const unit = page.side / canvas.clientWidth; // one pixel of the page
    pen.setTransform(canvas.width / page.side, 0, 0, canvas.height / page.side, 0, 0);
    pen.imageSmoothingEnabled = false;
    pen.drawImage(sheet, x, y, width, height, left, top, width / zoom, height / zoom);
    pen.fillStyle = "#0004"; // a little darker than the lines
    pen.fillRect(0, 0, page.side, page.side);
    pen.lineJoin = "round";
    const stroke = (path, colour, wide, dash = []) => {
      for (const [style, more] of [["#000a", 2], [colour, 0]]) { // a dark rim: pictures may be bright
        pen.strokeStyle = style;
        pen.lineWidth = (wide + more) * unit;
        pen.setLineDash(more ? [] : dash.map((length) => length * unit));
        pen.stroke(path);
      }
    };
    for (const path of lines.notFound) stroke(closed(path), colours.sky, 2.2, [6, 5]);
    for (const path of lines.found) stroke(closed(path), colours.amber, 2);
    for (const path of lines.wrong) {
      const crossed = closed(path);
      const [cx, cy] = [0, 1].map((axis) => path.reduce((sum, corner) => sum + corner[axis], 0) / path.length);
      const arm = 5 * unit;
      crossed.moveTo(cx - arm, cy - arm); crossed.lineTo(cx + arm, cy + arm);
      crossed.moveTo(cx + arm, cy - arm); crossed.lineTo(cx - arm, cy + arm);
      stroke(crossed, colours.wrong, 3);
    }
    const { fault, step, method, fix } = setting;
    const strong = step ? `${FAULTS[fault].name}, ${strengthOf(step)}` : "As recorded";
    canvas.setAttribute("aria-label", `A crop of the nuclei image. ${strong}${fix ? `, then ${FIXES[fix].toLowerCase()}` : ""}. `
      + `${METHODS[method]}, in this crop: ${lines.found.length} outlines found, ${lines.wrong.length} false, ${lines.notFound.length} nuclei not found.`);
  }

  /** AP over the steps, as far as the reader has gone. */
  function drawCurve() {
    const { fault, step, method, fix } = setting;
    const x = (at) => 36 + at * 50, y = (value) => 140 - 112 * value;
    const text = (at, words, anchor = "middle") => svg("text", { x: at[0], y: at[1], "text-anchor": anchor, textContent: words });
    const parts = [
      svg("path", { class: "break-axis", d: `M30 ${y(1)}V${y(0)}H292` }),
      svg("path", { class: "break-here", d: `M${x(step)} ${y(1)}V${y(0)}` }),
      text([26, y(1) + 5], "1", "end"), text([26, y(0) + 5], "0", "end"), text([26, y(0.5) + 5], "AP", "end"),
      text([x(0), 156], "–"), ...page.steps[fault].map((value, i) => text([x(i + 1), 156], FAULTS[fault].tick(value))),
      text([161, 173], FAULTS[fault].axis),
    ];
    const said = [];
    for (const [name, word] of Object.entries(METHODS)) {
      const values = Array.from({ length: seen[fault] + 1 }, (_, at) => apOf(page, { fault, step: at, method: name }));
      const points = values.map((value, at) => [x(at), y(value)]);
      parts.push(svg("polyline", { class: `break-line ${name}`, points: points.join(" ") }),
        ...points.map(([px, py], at) => (name === "stardist"
          ? svg("circle", { class: `break-mark ${name}`, cx: px, cy: py, r: at === step ? 6 : 3.5 })
          : svg("rect", { class: `break-mark ${name}`, ...square(px, py, at === step ? 5.5 : 3.2) }))));
      said.push(`${word} ${values.map(two).join(", ")}`);
    }
    if (fix) {
      const end = apOf(page, setting);
      parts.push(svg("path", { class: "break-after", d: `M${x(step)} ${y(end) - 9}l9 9l-9 9l-9 -9z` }));
      said.push(`after the fix, ${METHODS[method]} ${two(end)}`);
    }
    parts.push(svg("path", { class: "break-line stardist", d: "M130 12h22" }), svg("circle", { class: "break-mark stardist", cx: 141, cy: 12, r: 3.5 }),
      text([157, 16], "StarDist", "start"),
      svg("path", { class: "break-line cellpose", d: "M216 12h22" }), svg("rect", { class: "break-mark cellpose", ...square(227, 12, 3.2) }),
      text([243, 16], "Cellpose", "start"));
    curve.replaceChildren(...parts);
    curve.setAttribute("aria-label", `AP at IoU 0.5 for each step so far: ${said.join("; ")}.`);
  }
}

/** Two decimals, rounded as Python does: an eighth is a tie, and goes to the even digit. */
export function two(value) {
  const tie = Number.isInteger(value * 8) && !Number.isInteger(value * 4);
  return (tie ? 2 * Math.round(value * 50) / 100 : value).toFixed(2);
}

const square = (x, y, half) => ({ x: x - half, y: y - half, width: 2 * half, height: 2 * half });

function closed(path) {
  const line = new Path2D();
  for (const [x, y] of path) line.lineTo(x, y);
  line.closePath();
  return line;
}

/** What the lines mean, drawn as they are. */
function key() {
  const sample = (kind, path, word) => make("span", {},
    svg("svg", { viewBox: "0 0 30 14", class: `break-sample ${kind}`, "aria-hidden": "true" }, svg("path", { d: path })), word);
  return make("p", { className: "break-key" }, sample("found", "M1 7h28", "found"),
    sample("wrong", "M1 7h28M11 2l8 10M19 2l-8 10", "false ×"), sample("not-found", "M1 7h28", "not found"));
}

let groups = 0;

/** A row of native radio buttons: {row, check(key), disable(yes)}. */
function radios(title, choices, chosen) {
  const name = `break-${groups += 1}`;
  const inputs = Object.fromEntries(Object.entries(choices).map(([value, word]) => {
    const input = make("input", { type: "radio", name, value });
    input.addEventListener("change", () => chosen(value));
    return [value, { input, label: make("label", {}, input, word) }];
  }));
  const row = make("fieldset", { className: "break-row" }, make("legend", { textContent: title }),
    ...Object.values(inputs).map(({ label }) => label));
  return {
    row,
    check: (key) => { for (const [value, { input }] of Object.entries(inputs)) input.checked = value === key; },
    disable: (yes) => { row.disabled = yes; },
  };
}

