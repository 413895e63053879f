/** Steps 4 and 7: the count, thresholds that answer at once, files, the table, the methods. */

import { button, make } from "../../figures/_shared/elements.js";
import { TOOLS, isStardist } from "../tools.js";
import { FILES, methods, save } from "./save.js";

const ROWS = 200; // of the table that are shown; the file has all

const SLIDERS = {
  stardist: [
    { name: "probThreshold", label: "Probability threshold", min: 0.05, max: 0.95, step: 0.01,
      hint: "Higher: fewer objects, only those of which the network is sure." },
    { name: "nmsThreshold", label: "Overlap threshold", min: 0, max: 0.9, step: 0.01,
      hint: "How much of two proposals may overlap before one of them goes." },
  ],
  cellpose: [
    { name: "cellprobThreshold", label: "Cell probability threshold", min: -6, max: 6, step: 0.1,
      hint: "Lower: larger and more objects." },
    { name: "flowThreshold", label: "Flow threshold", min: 0, max: 2, step: 0.05,
      hint: "Higher: shapes count that fit the flows less well. 0 lets all pass." },
    { name: "minSize", label: "Smallest object (px)", min: 0, max: 500, step: 1, hint: "Smaller ones are removed." },
  ],
};

/** The count in large figures, with what it counts. */
export function headline() {
  const count = make("b", {});
  count.dataset.lab = "count";
  const [what, more] = [make("span", {}), make("small", {})];
  return {
    element: make("p", { className: "lab-count", hidden: true }, count, " ", what, more),
    show(tool, number, words) {
      count.textContent = number;
      what.textContent = number === 1 ? TOOLS[tool].one : TOOLS[tool].objects;
      more.textContent = words || "\u00a0"; // it comes a moment later, and nothing moves
    },
  };
}

/** Thresholds that act on what the network said already. onChange(settings) */
export function sliders(tool, settings, onChange) {
  const own = SLIDERS[isStardist(tool) ? "stardist" : "cellpose"];
  const start = Object.fromEntries(own.map(({ name }) => [name, settings[name]]));
  const values = { ...start };
  const fields = own.map(({ name, label, hint, ...range }) => {
    const input = make("input", { type: "range", id: `lab-${name}`, ...range, value: settings[name] });
    input.setAttribute("aria-describedby", `lab-${name}-hint`);
    const value = make("output", { htmlFor: input.id });
    const tell = () => { value.textContent = +input.valueAsNumber.toFixed(2); };
    tell();
    input.addEventListener("input", () => {
      tell();
      values[name] = input.valueAsNumber;
      onChange({ ...values });
    });
    const element = make("div", { className: "lab-slider" },
      make("label", { htmlFor: input.id, textContent: label }), " ", value, input,
      make("small", { id: `lab-${name}-hint`, textContent: hint }));
    return { input, name, tell, element };
  });
  const reset = button("Back to the start", () => {
    for (const { input, name, tell } of fields) {
      input.value = start[name];
      tell();
    }
    Object.assign(values, start);
    onChange({ ...start }); // not what a slider rounds it to
  });
  reset.className = "lab-button";
  return make("fieldset", { className: "lab-sliders" }, make("legend", { textContent: "Thresholds" }),
    ...fields.map(({ element }) => element), reset);
}

/** A column's name as the page shows it; the file keeps the one that programs read. */
const inWords = (name) => name.replaceAll("_", " ").replace(/ um2$/, " (µm²)").replace(/ um$/, " (µm)").replace(/ px$/, " (px)");

/** Buttons that save files. run() gives what is there now; onProblem(error) */
export function files(run, onProblem) {
  const stem = () => run().fileName.replace(/\.(ome\.)?[^.]*$/i, "");
  const items = FILES.map(([handle, words, ending, hint, write]) => {
    const chosen = button(words, async () => {
      try {
        const [content, type] = await write(run());
        save(content, stem() + ending, type);
      } catch (error) {
        onProblem(error);
      }
    });
    chosen.className = "lab-button";
    chosen.dataset.lab = handle;
    return make("li", {}, chosen, make("small", { textContent: hint }));
  });
  return make("section", { className: "lab-files" }, make("h2", { textContent: "Take along" }), make("ul", {}, ...items));
}

/** The paragraph for the methods, to copy. */
export function paragraph(run) {
  const text = make("p", { className: "lab-methods" });
  const told = make("span", { role: "status" });
  const copy = button("Copy", async () => {
    await navigator.clipboard.writeText(text.textContent);
    told.textContent = " Copied.";
  });
  copy.className = "lab-button";
  const fold = make("details", {}, make("summary", { textContent: "For the methods of your paper" }), text, copy, told);
  return { element: fold, show() { text.textContent = methods(run()); told.textContent = ""; } };
}

/** The table; a row's button shows its object. onRow(label) */
export function table(onRow) {
  const body = make("div", { className: "lab-scroll", tabIndex: 0, role: "region", ariaLabel: "Table of all objects" });
  const fold = make("details", {}, make("summary", { textContent: "Table" }), body);
  let shown = null;
  const fill = () => {
    if (!fold.open || !shown) return;
    const { columns, rows } = shown;
    const row = ([label, ...values]) => {
      const show = button(String(label), () => onRow(label));
      show.ariaLabel = `Show object ${label}`;
      return make("tr", {}, make("td", {}, show), ...values.map((value) => (
        make("td", { textContent: Number.isInteger(value) ? value : +value.toPrecision(4) }))));
    };
    const head = make("tr", {}, ...columns.map((name) => make("th", { scope: "col", textContent: inWords(name) })));
    const parts = [make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows.slice(0, ROWS).map(row)))];
    if (rows.length > ROWS) parts.push(make("p", { textContent: `The first ${ROWS} of ${rows.length.toLocaleString("en")} rows; the file has all.` }));
    body.replaceChildren(...parts);
    shown = null;
  };
  fold.addEventListener("toggle", fill);
  return { element: fold, show(measured) { shown = measured; fill(); } };
}
