/** Several files at once: how far it is, a row for each, and the files of all together. */

import { button, make } from "../../figures/_shared/elements.js";
import { measure, medianDiameter } from "../measure.js";
import { TOOLS, counted } from "../tools.js";
import { runner } from "./controls.js";
import { opened } from "./files.js";
import { save } from "./save.js";

const FILES = [
  ["all-objects", "Table of all objects (CSV)", "objects.csv", "One row an object, with the name of its file."],
  ["all-files", "Table of the files (CSV)", "files.csv", "One row a file: how many objects, or what was the matter."],
  ["all", "Everything (zip)", "segmented.zip", "Labels and ImageJ outlines of every file, both tables, and the report card."],
];

/**
 * page is { how(), engine(), attempt(action), say(text), busy(whether), look(row, how), kept(tool),
 * mended(pixels, height, width, cures) }: `how` are the settings as they stand, { tool, settings,
 * thresholds, file, cell, nucleus, typed, cures }; `look` shows a row; `kept` is told which tool has run;
 * `mended` promises what the network sees of a plane.
 *
 * Returns { element, offer(files), stop() }.
 */
export function batch(page) {
  let [files, rows, abort, how] = [[], [], null, null];
  const heading = make("h2", {});
  const hint = make("p", { className: "lab-told" });
  const running = runner({ onRun: run, onCancel: () => abort?.abort(), handle: "run-all" });
  const body = make("tbody", {});
  const head = make("tr", {});
  const table = make("div", { className: "lab-scroll", tabIndex: 0, role: "region", ariaLabel: "Table of the files", hidden: true },
    make("table", {}, make("thead", {}, head), body));
  const items = FILES.map(([handle, words, name, text]) => {
    const chosen = button(words, () => keep(handle, name));
    chosen.className = "lab-button";
    chosen.dataset.lab = handle;
    return make("li", {}, chosen, make("small", { textContent: text }));
  });
  const saves = make("div", { className: "lab-files", hidden: true }, make("ul", {}, ...items));
  const element = make("section", { className: "lab-batch", hidden: true, ariaLabel: "All files" },
    make("div", { className: "lab-left" }, heading, hint, running.element, table),
    make("div", { className: "lab-right" }, saves));

  async function run() {
    await page.attempt(async () => {
      const { inTurn } = await import("../batch.js");
      how = page.how();
      rows = [];
      const own = abort = new AbortController();
      const { one: object, objects } = TOOLS[how.tool];
      head.replaceChildren(...["File", objects[0].toUpperCase() + objects.slice(1), "Half are wider than"]
        .map((textContent) => make("th", { scope: "col", textContent })));
      body.replaceChildren();
      table.hidden = false;
      saves.hidden = true;
      page.busy(true);
      try {
        const tell = (number, share) => running.show({
          text: `${number + 1} of ${files.length}: ${files[number].name}`, share: (number + share) / files.length,
        });
        let now = 0;
        const progress = ({ step, done, total }) => own === abort && tell(now, step === "network" && total ? done / total : 0);
        const whole = await inTurn(files, (file) => segmented(file, how, own.signal, progress), {
          signal: own.signal,
          onBegin: (number) => tell(now = number, 0),
          onRow: (row) => own === abort && add(row),
        });
        if (own !== abort) return; // other files were chosen
        page.kept(how.tool);
        const [found, failed] = [rows.filter((row) => !row.problem), rows.filter((row) => row.problem)];
        const all = found.reduce((sum, { count }) => sum + count, 0);
        page.say([
          whole ? "Done:" : "Cancelled; what is done is kept:", `${rows.length} of ${files.length} files, ${counted(how.tool, all)}.`,
          failed.length ? `${failed.length} could not be segmented: the table says why.` : "",
        ].join(" ").trim());
        saves.hidden = !rows.length;
      } finally {
        if (own === abort) finished();
      }
    });
  }

  function finished() {
    abort = null;
    running.show(null);
    page.busy(false);
  }

  /** Everything that a row holds of a file. */
  async function segmented(file, { tool, settings, file: first, cell, nucleus, typed, cures }, signal, onProgress) {
    const [{ otherPlanes, packed }, { emptiness }] = await Promise.all([import("../batch.js"), import("../read.js")]);
    const read = await opened(file);
    const other = otherPlanes(read, first);
    if (other) throw new Error(other);
    const { height, width, name: plane } = read.planes[cell];
    const pixels = await read.read(cell);
    const channels = [await page.mended(pixels, height, width, cures)];
    const empty = emptiness(pixels);
    if (empty) throw new Error(empty);
    if (nucleus !== null) channels.push(await read.read(nucleus));
    const engine = await page.engine();
    const result = await engine.run(tool, { height, width, channels }, settings, { signal, onProgress, own: TOOLS[tool].own });
    const pixelSize = typed ?? read.pixelSize;
    return {
      height, width, pixelSize, plane, count: result.count, settings: result.settings,
      table: measure(result.labels, pixels, height, width, pixelSize), labels: await packed(result.labels),
    };
  }

  function add(row) {
    rows.push(row);
    const name = button(row.name, () => page.look(row, how));
    name.ariaLabel = `Show ${row.name}`;
    const diameter = row.problem ? null : medianDiameter(row.table);
    const wide = diameter === null ? "" : `${+diameter.toFixed(1)} px`;
    const cells = row.problem ? [make("td", { colSpan: 2, className: "lab-matter", textContent: row.problem })]
      : [row.count.toLocaleString("en"), wide].map((textContent) => make("td", { textContent }));
    body.append(make("tr", {}, make("th", { scope: "row" }, name), ...cells));
    table.scrollTop = table.scrollHeight;
  }

  async function keep(handle, name) {
    await page.attempt(async () => {
      const { archive, fileTable, objectTable } = await import("../batch_files.js");
      if (handle === "all-objects") return save(objectTable(rows), name, "text/csv");
      if (handle === "all-files") return save(fileTable(rows), name, "text/csv");
      const done = rows.some(({ problem }) => !problem);
      const texts = done ? { "card.json": JSON.stringify((await import("../card.js")).batchCard(how, rows), null, 2) } : {};
      try {
        save(await archive(rows, texts, (done, total) => (
          running.show({ text: `Packing ${done + 1} of ${total}`, share: done / total }))), name);
      } finally {
        running.show(null);
      }
    });
  }

  return {
    element,
    /** Other files; fewer than two need no batch. */
    offer(chosen) {
      [files, rows] = [chosen, []];
      element.hidden = files.length < 2;
      table.hidden = saves.hidden = true;
      heading.textContent = `${files.length} files`;
      hint.textContent = "Set tool, plane, width and thresholds with the image above: all files get the same. "
        + "A pixel size that you type counts for all; else each file’s own does.";
      running.run.textContent = `Find objects in all ${files.length}`;
    },
    stop() {
      abort?.abort();
      if (abort) finished();
    },
  };
}
