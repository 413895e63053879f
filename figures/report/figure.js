/**
 * Report figure: say what you did; read it as a methods paragraph and as a card for machines.
 *
 * Model  paragraph(), card(), problems()  pure, no DOM; tested in figure.test.mjs
 * View   mount()                          draws one <figure data-figure="report">
 *
 * Fields are strings by name, as they are typed; an empty one is missing. What the page knows about
 * tools and weights comes with the figure, in data-presets. Nothing is sent, nothing is kept.
 */

import { button, make, startAgain } from "../_shared/elements.js";

const METRICS = {
  F1: "F1",
  AP: "the average precision TP / (TP + FP + FN)",
  PQ: "the panoptic quality",
};

/**
 * Every field in its order. `why` says what readers lose without it; a field without `why` may
 * stay empty. `if` says when it applies.
 */
export const FIELDS = [
  { name: "objects", group: "Images", label: "Kind of object", hint: "In the plural, for example: nuclei",
    why: "readers do not know what was measured" },
  { name: "images", group: "Images", label: "Kind of image", hint: "For example: widefield fluorescence, DAPI",
    why: "readers cannot judge whether the model suits it" },
  { name: "count", group: "Images", label: "Number of images", kind: "whole",
    why: "readers cannot tell how much was analysed" },
  { name: "dimensions", group: "Images", label: "Dimensions", initial: "2",
    options: { 2: "two: Y and X", 3: "three: planes of a stack" } },
  { name: "pixelSize", group: "Images", label: "Pixel size (µm)", kind: "positive",
    why: "readers cannot compare areas" },
  { name: "step", group: "Images", label: "Step between planes (µm)", kind: "positive",
    why: "readers cannot compare volumes", if: (is) => is("dimensions", "3") },

  { name: "tool", group: "Software and weights", label: "Tool", hint: "For example: StarDist",
    why: "nobody can run it again" },
  { name: "version", group: "Software and weights", label: "Version of the tool",
    why: "another version can give other results" },
  { name: "reference", group: "Software and weights", label: "Paper to cite",
    hint: "For example: Schmidt et al. 2018", optional: true },
  { name: "weights", group: "Software and weights", label: "Name of the weights",
    why: "one tool has many, and each gives other results" },
  { name: "sha256", group: "Software and weights", label: "SHA-256 of the weights", kind: "sha256",
    hint: "Of the file that you loaded or downloaded",
    why: "two files of one name can differ" },
  { name: "origin", group: "Software and weights", label: "Who trained the weights",
    initial: "published", options: { published: "others; used unchanged", tuned: "others; fine-tuned by us",
      own: "we did, from scratch" } },
  { name: "trainingImages", group: "Software and weights", label: "Number of images trained on",
    kind: "whole", why: "readers cannot tell what the model has seen",
    if: (is) => !is("origin", "published") },
  { name: "source", group: "Software and weights", label: "Source of the weights",
    hint: "An address or DOI", why: "nobody else can get them" },
  { name: "weightsLicence", group: "Software and weights", label: "Licence of the weights",
    why: "nobody knows who may use them" },
  { name: "toolLicence", group: "Software and weights", label: "Licence of the tool",
    why: "nobody knows who may use it" },

  { name: "normalisation", group: "Settings", label: "Normalisation", initial: "percentiles",
    options: { percentiles: "between two percentiles", none: "none" } },
  { name: "low", group: "Settings", label: "Lower percentile", kind: "percent",
    why: "the same image gives other results", if: (is) => is("normalisation", "percentiles") },
  { name: "high", group: "Settings", label: "Upper percentile", kind: "percent",
    why: "the same image gives other results", if: (is) => is("normalisation", "percentiles") },
  { name: "scope", group: "Settings", label: "Percentiles of", initial: "each image",
    options: { "each image": "each image", "each tile": "each tile",
      "the whole data set": "the whole data set" },
    if: (is) => is("normalisation", "percentiles") },
  { name: "parameters", group: "Settings", label: "List of parameters", kind: "lines",
    hint: "Those you set, one a line, such as prob_thresh = 0.5; if you set none, write none",
    why: "defaults change between versions" },
  { name: "border", group: "Settings", label: "Objects at the border", initial: "kept",
    options: { kept: "kept", removed: "removed" } },
  { name: "smallest", group: "Settings", label: "Smallest object kept (pixels or voxels)",
    kind: "whole", optional: true },
  { name: "corrected", group: "Settings", label: "Labels corrected by hand", initial: "no",
    options: { no: "no", yes: "yes" } },

  { name: "testImages", group: "Check on your images", label: "Number of images annotated for the check",
    kind: "whole", why: "readers cannot know how well it worked on your images" },
  { name: "testObjects", group: "Check on your images", label: "Number of objects annotated in them",
    kind: "whole", why: "a score on ten objects means little" },
  { name: "metric", group: "Check on your images", label: "Score", initial: "F1",
    options: { F1: "F1", AP: "average precision (AP)", PQ: "panoptic quality (PQ)" } },
  { name: "iou", group: "Check on your images", label: "IoU threshold", kind: "share", initial: "0.5",
    why: "a score without it says nothing" },
  { name: "score", group: "Check on your images", label: "Value of the score", kind: "share",
    why: "readers cannot know how well it worked on your images" },

  { name: "hardware", group: "Where it ran, where it is", label: "Hardware",
    hint: "For example: 2 processor cores without a GPU", why: "readers cannot tell what it takes" },
  { name: "data", group: "Where it ran, where it is", label: "Address of images and labels",
    hint: "Best a DOI", why: "nobody can repeat the analysis" },
  { name: "dataLicence", group: "Where it ran, where it is", label: "Licence of images and labels",
    why: "nobody knows who may use them" },
  { name: "code", group: "Where it ran, where it is", label: "Address of your code",
    hint: "Best a DOI", why: "nobody can repeat the analysis" },
];

const BY_NAME = Object.fromEntries(FIELDS.map((field) => [field.name, field]));

/** What a field holds: its text without needless spaces and full stop, or what it starts with. */
function text(fields, name) {
  const typed = String(fields[name] ?? "");
  if (BY_NAME[name].kind === "lines") return typed.trim();
  return typed.trim().replace(/\s+/g, " ").replace(/[.;,]+$/, "") || BY_NAME[name].initial || "";
}

/** A number, typed with a point or a comma; NaN if it is none. */
function number(fields, name) {
  const typed = text(fields, name).replace(",", ".");
  return /^-?\d*\.?\d+(e-?\d+)?$/i.test(typed) ? Number(typed) : NaN;
}

/** Whether a field plays a part, given the others. */
export function applies(fields, name) {
  return BY_NAME[name].if?.((other, value) => text(fields, other) === value) ?? true;
}

/** Parameters by name: numbers as numbers. A line without a value has the value "". */
export function parameters(fields) {
  const lines = text(fields, "parameters").split(/\n/).map((line) => line.trim()).filter(Boolean);
  if (lines.length === 1 && /^none\.?$/i.test(lines[0])) return {};
  return Object.fromEntries(lines.map((line) => {
    const [, name, value] = line.match(/^([^=:]*)[=:]?(.*)$/).map((part) => part.trim());
    return [name, value !== "" && Number.isFinite(Number(value)) ? Number(value) : value];
  }));
}

const KINDS = {
  whole: [(n) => Number.isInteger(n) && n > 0, "must be a whole number above 0"],
  positive: [(n) => n > 0, "must be a number above 0"],
  percent: [(n) => n >= 0 && n <= 100, "must be a number from 0 to 100"],
  share: [(n) => n >= 0 && n <= 1, "must be a number from 0 to 1"],
};

/** What is missing or cannot be right: [{field, text, missing}], in the order of the form. */
export function problems(fields) {
  const found = [];
  for (const { name, label, kind, why, optional } of FIELDS) {
    if (!applies(fields, name)) continue;
    const say = (what, missing = false) => found.push({ field: name, text: `${plain(label)} ${what}.`, missing });
    const value = text(fields, name);
    const [fits, demand] = KINDS[kind] ?? [];
    if (!value) {
      if (!optional) say(`is missing: ${reason(fields, name, why)}`, true);
    } else if (fits && !fits(number(fields, name))) say(demand);
    else if (kind === "sha256" && !/^[0-9a-f]{64}$/i.test(value)) {
      say("must have 64 characters, 0 to 9 and a to f");
    } else if (name === "high" && number(fields, "low") >= number(fields, "high")) {
      say("must be above the lower one");
    } else if (name === "scope" && value === "each tile") {
      say("each tile: neighbouring tiles then disagree at their seam");
    } else if (kind === "lines") {
      const empty = Object.entries(parameters(fields)).filter(([, v]) => v === "").map(([n]) => n);
      if (empty.length) say(`has no value for ${list(empty)}`);
    }
  }
  return found;
}

/** A label without its unit. */
function plain(label) {
  return label.replace(/ \(.*\)$/, "");
}

function reason(fields, name, why) {
  return name === "pixelSize" && text(fields, "dimensions") === "3" ? why.replace("areas", "volumes") : why;
}

/** "a", "a and b", "a, b and c" */
function list(words) {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

/** What stands in the paragraph for a field that is missing. */
export function gap(name) {
  const label = plain(BY_NAME[name].label);
  return `[${/^[A-Z][a-z]/.test(label) ? label[0].toLowerCase() + label.slice(1) : label}]`;
}

const told = (fields, name) => text(fields, name) || gap(name);

/** A whole number as it is read, 4,000; what is no number stays as it was typed. */
function counted(fields, name) {
  const n = number(fields, name);
  return Number.isInteger(n) ? n.toLocaleString("en-GB") : told(fields, name);
}

function many(fields, name, one, more) {
  return `${counted(fields, name)} ${number(fields, name) === 1 ? one : more}`;
}

function measured(fields, name) {
  const n = number(fields, name);
  return Number.isNaN(n) ? told(fields, name) : String(n);
}

/** 1st, 2nd, 3rd, 11th, 99.8th: the last digit decides. */
export function ordinal(n) {
  const tail = String(n).match(/\d{1,2}$/)[0];
  const teen = /^1\d$/.test(tail) && !String(n).includes(".");
  return `${n}${(!teen && { 1: "st", 2: "nd", 3: "rd" }[tail.at(-1)]) || "th"}`;
}

/** The methods paragraph. A missing field leaves its name in square brackets. */
export function paragraph(fields) {
  return [segmented, weighted, normalised, set, removed, corrected, checked, ran, found]
    .map((sentence) => sentence(fields)).join(" ");
}

function segmented(fields) {
  const deep = text(fields, "dimensions") === "3";
  const pixel = measured(fields, "pixelSize");
  const size = deep ? `voxels of ${pixel} × ${pixel} × ${measured(fields, "step")} µm` : `pixel size ${pixel} µm`;
  const cite = text(fields, "reference");
  const number = deep ? many(fields, "count", "stack", "stacks") : many(fields, "count", "image", "images");
  return `We segmented ${told(fields, "objects")} in ${number} (${told(fields, "images")}; ${size}) ` +
    `with ${told(fields, "tool")} ${told(fields, "version")}${cite && ` (${cite})`}.`;
}

function weighted(fields) {
  const hash = text(fields, "sha256").toLowerCase();
  const origin = {
    published: "as published, unchanged",
    tuned: `which we fine-tuned on ${many(fields, "trainingImages", "annotated image", "annotated images")}`,
    own: `which we trained from scratch on ${many(fields, "trainingImages", "annotated image", "annotated images")}`,
  }[text(fields, "origin")];
  return `We used the weights “${told(fields, "weights")}”, ${origin} ` +
    `(SHA-256 ${hash ? `beginning with ${hash.slice(0, 12)}` : gap("sha256")}; ` +
    `licence: ${told(fields, "weightsLicence")}; source: ${told(fields, "source")}).`;
}

function normalised(fields) {
  if (text(fields, "normalisation") === "none") return "Intensities were not normalised before prediction.";
  const [low, high] = ["low", "high"].map((name) => {
    const n = number(fields, name);
    return n >= 0 ? ordinal(n) : told(fields, name);
  });
  return "Before prediction, intensities were scaled linearly so that the " +
    `${low} and the ${high} percentile of ${text(fields, "scope")} became 0 and 1.`;
}

function set(fields) {
  if (!text(fields, "parameters")) return `We set ${gap("parameters")}.`;
  const pairs = Object.entries(parameters(fields));
  if (!pairs.length) return "We left all parameters at their defaults.";
  const named = pairs.map(([name, value]) => (value === "" ? `${name} = [value]` : `${name} = ${value}`));
  return `We set ${list(named)}, and left all other parameters at their defaults.`;
}

function removed(fields) {
  const deep = text(fields, "dimensions") === "3";
  const reasons = [];
  if (text(fields, "border") === "removed") {
    reasons.push(`touched the border of the ${deep ? "stack" : "image"}`);
  }
  if (text(fields, "smallest")) {
    const [one, more] = deep ? ["voxel", "voxels"] : ["pixel", "pixels"];
    reasons.push(`were smaller than ${many(fields, "smallest", one, more)}`);
  }
  if (!reasons.length) return "No objects were removed afterwards, and those at the border were kept.";
  const kept = text(fields, "border") === "kept" ? ", and those at the border were kept" : "";
  return `Objects that ${reasons.join(" or ")} were removed${kept}.`;
}

function corrected(fields) {
  return text(fields, "corrected") === "yes"
    ? "We then corrected the labels by hand."
    : "The labels were not corrected by hand.";
}

function checked(fields) {
  const [one, more] = text(fields, "dimensions") === "3" ? ["stack", "stacks"] : ["image", "images"];
  const images = many(fields, "testImages", `annotated ${one}`, `annotated ${more}`);
  const objects = number(fields, "testObjects") === 1
    ? "1 object" : `${counted(fields, "testObjects")} ${text(fields, "objects") || "objects"}`;
  const apart = text(fields, "origin") === "published" ? "" : ", not used in training";
  return `On ${images} of our own with ${objects}${apart}, ${METRICS[text(fields, "metric")]} was ` +
    `${measured(fields, "score")} at an IoU threshold of ${measured(fields, "iou")}.`;
}

function ran(fields) {
  return `The segmentation ran on the following hardware: ${told(fields, "hardware")}.`;
}

function found(fields) {
  return `Images and labels are available at ${told(fields, "data")} ` +
    `(licence: ${told(fields, "dataLicence")}), and the code at ${told(fields, "code")}.`;
}

/** The card: a plain object for JSON. What is missing is null, and named at the end. */
export function card(fields) {
  const say = (name) => (applies(fields, name) && text(fields, name)) || null;
  const count = (name) => {
    const n = applies(fields, name) ? number(fields, name) : NaN;
    return Number.isNaN(n) ? say(name) : n;
  };
  const pixel = count("pixelSize");
  const deep = text(fields, "dimensions") === "3";
  return {
    card: "segmentation, version 1",
    tool: { name: say("tool"), version: say("version"), reference: say("reference"), licence: say("toolLicence") },
    weights: {
      name: say("weights"), sha256: say("sha256")?.toLowerCase() ?? null, source: say("source"),
      licence: say("weightsLicence"), trained_by: say("origin"), training_images: count("trainingImages"),
    },
    parameters: text(fields, "parameters") ? parameters(fields) : null,
    normalisation: text(fields, "normalisation") === "none" ? { method: "none" } : {
      method: "percentiles", low: count("low"), high: count("high"), of: say("scope"),
    },
    afterwards: {
      border_objects: say("border"), removed_below_pixels: count("smallest"),
      corrected_by_hand: text(fields, "corrected") === "yes",
    },
    images: {
      objects: say("objects"), kind: say("images"), count: count("count"), axes: deep ? "ZYX" : "YX",
      pixel_size_um: deep ? { z: count("step"), y: pixel, x: pixel } : { y: pixel, x: pixel },
    },
    check: {
      annotated_images: count("testImages"), annotated_objects: count("testObjects"),
      metric: say("metric"), iou_threshold: count("iou"), value: count("score"),
    },
    hardware: say("hardware"),
    data: { source: say("data"), licence: say("dataLicence") },
    code: say("code"),
    missing: problems(fields).filter((problem) => problem.missing).map((problem) => problem.field),
  };
}

/** One sentence about all problems, for those who cannot see the list. */
export function summary(found) {
  const missing = found.filter((problem) => problem.missing).length;
  const wrong = found.length - missing;
  const fields = (n) => `${n} ${n === 1 ? "field" : "fields"}`;
  if (!found.length) return "Complete: nothing is missing.";
  return `${list([
    missing && `${fields(missing)} ${missing === 1 ? "is" : "are"} missing`,
    wrong && `${fields(wrong)} ${wrong === 1 ? "needs" : "need"} another look`,
  ].filter(Boolean))}.`;
}

/* ---------------------------------------------------------------------- view */

export function mount(figure) {
  const presets = JSON.parse(figure.dataset.presets);
  const form = make("form", { className: "report-form", noValidate: true });
  form.setAttribute("aria-label", "What you did");
  form.addEventListener("submit", (event) => event.preventDefault());
  const inputs = {};
  let waiting; // the timer of the next announcement

  form.append(presetRow());
  for (const group of new Set(FIELDS.map((field) => field.group))) {
    const set = make("fieldset", {}, make("legend", { textContent: group }));
    for (const field of FIELDS.filter((other) => other.group === group)) {
      set.append(row(field));
      if (field.kind === "sha256") set.append(hashRow());
    }
    form.append(set);
  }

  const status = make("p", { className: "report-status figure-verdict" });
  status.setAttribute("role", "status");
  const gaps = make("ul", { className: "report-gaps" });
  const methods = make("p", { className: "report-paragraph" });
  const json = make("code");
  const example = make("details", { className: "report-example" },
    make("summary", { textContent: "A worked example, and a template to copy" }), ...figure.childNodes);
  figure.replaceChildren(
    make("p", { className: "figure-title", textContent: "Your methods paragraph and its card" }),
    make("p", { className: "figure-try", textContent:
      "Say what you did. Nothing you type is sent anywhere, and nothing is kept: copy or download it before you close the page." }),
    form,
    result("Methods paragraph", methods, buttons("the paragraph", () => methods.textContent, "methods.txt", "text/plain")),
    result("What is missing", status, gaps),
    result("Card", make("pre", { tabIndex: 0 }, json), buttons("the card", () => json.textContent, "segmentation-card.json", "application/json")),
    example,
  );
  form.addEventListener("input", show);
  show();

  /** The fields as they are typed now. */
  function fields() {
    return Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, input.value]));
  }

  function show() {
    const now = fields();
    const found = problems(now);
    for (const [name, input] of Object.entries(inputs)) {
      input.closest(".report-field").hidden = !applies(now, name);
      const wrong = found.some((problem) => problem.field === name && !problem.missing);
      input.setAttribute("aria-invalid", wrong);
    }
    methods.replaceChildren(...withGapsMarked(paragraph(now)));
    json.textContent = JSON.stringify(card(now), null, 2);
    gaps.replaceChildren(...found.map(({ field, text: what }) => {
      const go = make("button", { type: "button", textContent: what });
      go.addEventListener("click", () => inputs[field].focus());
      return make("li", { className: "report-gap" }, go);
    }));
    clearTimeout(waiting); // a reader who types does not want to hear every letter
    waiting = setTimeout(() => say(summary(found)), 600);
  }

  function say(message) {
    status.textContent = message;
  }

  function row(field) {
    const id = `report-${field.name}`;
    const input = field.options
      ? make("select", {}, ...Object.entries(field.options).map(([value, label]) => new Option(label, value)))
      : make(field.kind === "lines" ? "textarea" : "input", { autocomplete: "off", spellcheck: false });
    Object.assign(input, { id, name: field.name, value: field.initial ?? "" });
    if (field.kind === "lines") input.rows = 3;
    if (KINDS[field.kind]) input.inputMode = "decimal";
    inputs[field.name] = input;
    const label = make("label", { htmlFor: id, textContent: field.label });
    if (field.optional) label.append(make("span", { textContent: " (if you wish)" }));
    const line = make("div", { className: "report-field" }, label, input);
    if (field.kind === "lines" || field.kind === "sha256") line.classList.add("report-wide");
    if (field.hint) {
      line.append(make("small", { id: `${id}-hint`, textContent: field.hint }));
      input.setAttribute("aria-describedby", `${id}-hint`);
    }
    return line;
  }

  function presetRow() {
    const choice = make("select", { id: "report-preset" },
      ...Object.entries(presets).map(([id, { title }]) => new Option(title, id)));
    const fill = button("Fill in", () => {
      const { title, fields: known } = presets[choice.value];
      const groups = new Set(Object.keys(known).map((name) => BY_NAME[name].group));
      for (const { name, group, initial } of FIELDS) {
        if (groups.has(group)) inputs[name].value = known[name] ?? initial ?? "";
      }
      show();
      say(`Filled in what is known about ${title}.`);
      clearTimeout(waiting);
    });
    const clear = startAgain(() => {
      for (const { name, initial } of FIELDS) inputs[name].value = initial ?? "";
      show();
    });
    return make("div", { className: "report-preset" },
      make("label", { htmlFor: choice.id, textContent: "Start with what is known about" }), choice, fill, clear);
  }

  /** Compute a SHA-256 in the page, from a file that stays on the reader's computer. */
  function hashRow() {
    const file = make("input", { type: "file", id: "report-file" });
    file.addEventListener("input", (event) => event.stopPropagation()); // it is no field
    file.addEventListener("change", async () => {
      if (!file.files.length) return;
      try {
        say("Reading the file…");
        const digest = await crypto.subtle.digest("SHA-256", await file.files[0].arrayBuffer());
        inputs.sha256.value = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
        show();
        clearTimeout(waiting);
        say(`SHA-256 of ${file.files[0].name} filled in.`);
      } catch {
        say("This browser cannot compute it here. In a terminal: sha256sum FILE, or shasum -a 256 FILE.");
      }
    });
    return make("div", { className: "report-field report-wide" },
      make("label", { htmlFor: file.id, textContent: "Compute the SHA-256 from a file (it is read here, and not uploaded)" }), file);
  }

  function buttons(what, content, name, type) {
    const copy = button(`Copy ${what}`, async () => {
      clearTimeout(waiting);
      try {
        await navigator.clipboard.writeText(content());
        say(`Copied ${what}.`);
      } catch {
        say(`The browser does not allow copying. Select ${what} and copy it by hand.`);
      }
    });
    const save = button(`Download ${what}`, () => {
      clearTimeout(waiting);
      const address = URL.createObjectURL(new Blob([`${content()}\n`], { type }));
      make("a", { href: address, download: name }).click();
      setTimeout(() => URL.revokeObjectURL(address), 60_000);
      say(`Saved ${what} as ${name}.`);
    });
    return make("p", { className: "figure-buttons" }, copy, save);
  }
}

const GAPS = [...FIELDS.map(({ name }) => gap(name)), "[value]"];

/** The paragraph as text and <mark>s around what is missing. */
function withGapsMarked(words) {
  const escaped = GAPS.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return words.split(new RegExp(`(${escaped.join("|")})`)).map((part) =>
    (GAPS.includes(part) ? make("mark", { textContent: part }) : part));
}

function result(title, ...content) {
  return make("section", { className: "report-result" }, make("h3", { textContent: title }), ...content);
}
