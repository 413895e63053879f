/**
 * Receptive field figure: stack layers, and see on real nuclei how far one output sees.
 *
 * Model  grow(), interval(), verdict(), view()  pure, no DOM; tested in figure.test.mjs
 * View   mount()  draws one <figure data-figure="receptive_field_layers">
 *
 * A stack is a list of words from KINDS, first layer first. A kernel's weights stand `apart` pixels
 * from one another; after the layer a step from place to place is `factor` times as wide.
 */

import { button, make, startAgain, svg } from "../_shared/elements.js";

export const KINDS = {
  c1: { name: "Convolution 1×1", kernel: 1, apart: 1, factor: 1 },
  c3: { name: "Convolution 3×3", kernel: 3, apart: 1, factor: 1 },
  c5: { name: "Convolution 5×5", kernel: 5, apart: 1, factor: 1 },
  c7: { name: "Convolution 7×7", kernel: 7, apart: 1, factor: 1 },
  c3d2: { name: "3×3 with gaps", kernel: 3, apart: 2, factor: 1 },
  p2: { name: "Pooling 2×2", kernel: 2, apart: 1, factor: 2 },
  u2: { name: "Upsampling ×2", kernel: 1, apart: 1, factor: 0.5 },
};
export const MOST = 48; // layers
export const SCALINGS = 8; // poolings, and as many upsamplings

/** First and last pixel that can change one output, along one direction. */
export function interval(layers, place) {
  let first = place, last = place;
  for (const layer of [...layers].reverse()) {
    const { kernel, apart, factor } = KINDS[layer];
    if (factor === 1) {
      const far = ((kernel - 1) / 2) * apart;
      [first, last] = [first - far, last + far];
    } else if (factor > 1) [first, last] = [first * factor, (last + 1) * factor - 1];
    else [first, last] = [Math.floor(first * factor), Math.floor(last * factor)];
  }
  return [first, last];
}

/** Sides of the field at all places that can differ; more than one only after upsampling. */
function sides(layers) {
  const places = 2 ** layers.filter((layer) => KINDS[layer].factor < 1).length;
  return Array.from({ length: places }, (_, place) => {
    const [first, last] = interval(layers, place);
    return last - first + 1;
  });
}

/**
 * What each layer does: it adds `reach` × `step` pixels (after upsampling: on average) to the side,
 * which then lies between `smallest` and `largest`; `after` is the step from then on.
 */
export function grow(layers) {
  let step = 1;
  return layers.map((layer, i) => {
    const { kernel, apart, factor } = KINDS[layer];
    const all = sides(layers.slice(0, i + 1));
    const before = step;
    step *= factor;
    return {
      reach: (kernel - 1) * apart, step: before, after: step,
      smallest: Math.min(...all), largest: Math.max(...all),
    };
  });
}

/** May a stack have one more of a kind? */
export function room(layers, kind) {
  const { factor } = KINDS[kind];
  return factor === 1 || layers.filter((layer) => KINDS[layer].factor === factor).length < SCALINGS;
}

/** What a field of some side means for nuclei of some diameter. */
export function verdict(side, diameter, size) {
  if (side > size) return "more than the whole image";
  if (side >= 3 * diameter) return "a nucleus and its neighbours";
  return side >= diameter ? "a whole nucleus" : "a part of a nucleus, never the whole";
}

/** Width of the view: the smallest that leaves some room around the field. */
export function view(side, size) {
  for (let width = 64; width < size; width *= 2) if (1.25 * side <= width) return width;
  return size;
}

/** Where a view begins, moved no farther than it takes to have a pixel in its middle half. */
export function follow(begin, pixel, width, size) {
  const low = pixel - 0.75 * width, high = pixel - 0.25 * width;
  return Math.min(Math.max(Math.round(Math.min(Math.max(begin, low), high)), 0), size - width);
}

const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const say = (step) => (step < 1 ? `1/${1 / step}` : String(step));
const range = ({ smallest, largest }) => (smallest === largest ? `${smallest}` : `${smallest}–${largest}`);

export async function mount(figure) {
  const answer = await fetch(new URL("./page.json", import.meta.url));
  if (!answer.ok) return; // the picture stays
  const { size, start, median, outline, presets, image } = await answer.json();
  const first = presets[1];
  let layers, pixel, corner, wide;

  const square = svg("rect", { class: "receptive-square" });
  const core = svg("rect", { class: "receptive-core" });
  const circle = svg("circle", { class: "receptive-circle", r: median / 2 });
  const dot = svg("rect", { class: "receptive-dot", width: 1, height: 1 });
  const pad = svg("svg", { class: "receptive-picture", tabindex: 0, role: "application" },
    svg("image", { href: image, width: size, height: size }),
    svg("polygon", { class: "receptive-outline", points: outline.join(" ") }),
    circle, core, square, dot);
  pad.setAttribute("aria-label",
    "Nuclei. The arrow keys move the pixel whose field is drawn; with Shift, ten pixels at a time.");

  const keys = ["square", "core", "circle"].map((name) => make("li", { className: `receptive-key-${name}` }));
  keys[2].textContent = `median nucleus: ${median.toFixed(0)} px wide`;
  const status = make("output", { className: "receptive-status figure-verdict" });
  const where = make("output", { className: "receptive-where" });
  const note = make("p", { className: "receptive-note" });

  const body = make("tbody");
  const heads = ["layer", "adds", "side", "step", ""].map((name) => {
    const head = make("th", { scope: "col" }, name);
    if (!name) head.append(make("span", { className: "receptive-said" }, "remove"));
    return head;
  });
  const table = make("table", { className: "receptive-table" },
    make("caption", {}, "Input at the top. Pixels; after upsampling the side differs from place to place."),
    make("thead", {}, make("tr", {}, ...heads)), body);
  const list = make("div", { className: "receptive-list", tabIndex: 0 }, table);
  label(list, "The layers", "region");

  const buttons = presets.map((preset) => button(preset.name, () => choose(preset)));
  const choice = make("div", { className: "receptive-presets" }, ...buttons);
  label(choice, "Stacks to choose from", "group");
  const adders = [["c3", "Add convolution"], ["p2", "Add pooling"]].map(([kind, text]) => {
    const made = button(text, () => add(kind));
    made.dataset.kind = kind;
    return made;
  });

  figure.querySelector(".receptive-stage").replaceChildren(
    choice,
    make("div", { className: "receptive-halves" },
      make("div", {}, pad, make("ul", { className: "receptive-keys" }, ...keys), where),
      make("div", {}, list,
        make("div", { className: "receptive-foot" }, ...adders, startAgain(reset)))),
    status, note);
  reset();

  pad.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    pad.setPointerCapture(event.pointerId);
    if (event.pointerType !== "touch") moveTo(under(event)); // a finger may be about to scroll
  });
  pad.addEventListener("pointermove", (event) => {
    if (pad.hasPointerCapture(event.pointerId)) moveTo(under(event));
  });
  pad.addEventListener("pointerup", (event) => {
    if (event.button) return;
    moveTo(under(event));
    look();
  });
  pad.addEventListener("keydown", (event) => {
    const step = ARROWS[event.key];
    if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    moveTo(pixel.map((at, i) => at + step[i] * (event.shiftKey ? 10 : 1)));
    look();
  });

  function reset() {
    pixel = start;
    corner = null;
    choose(first);
  }

  function choose(preset) {
    layers = [...preset.layers];
    body.replaceChildren(...layers.map(row));
    list.scrollTop = 0;
    change();
  }

  function add(kind) {
    if (layers.length >= MOST || !room(layers, kind)) return;
    layers.push(kind);
    body.append(row(kind));
    change();
    list.scrollTop = list.scrollHeight;
  }

  function remove(line) {
    const i = [...body.children].indexOf(line);
    layers.splice(i, 1);
    line.remove();
    const next = body.children[Math.min(i, layers.length - 1)];
    (next?.querySelector("button") ?? adders[0]).focus();
    change();
  }

  /** One layer as a line of the table; change() fills in its numbers. */
  function row(kind) {
    const select = make("select", {}, ...Object.entries(KINDS).map(([value, { name }]) =>
      make("option", { value }, name)));
    select.value = kind;
    const away = button("×", () => remove(line));
    const line = make("tr", {}, make("th", { scope: "row" }, select),
      make("td"), make("td", { className: "receptive-side" }), make("td"), make("td", {}, away));
    select.addEventListener("change", () => {
      layers[[...body.children].indexOf(line)] = select.value;
      change();
    });
    return line;
  }

  function known() {
    return presets.find((preset) => preset.layers.join() === layers.join());
  }

  /** The field in pixels of the image: a network may read the image shrunk. */
  function field() {
    const { smallest, largest } = grow(layers).at(-1) ?? { smallest: 1, largest: 1 };
    const scale = known()?.scale ?? 1;
    return { smallest: smallest * scale, largest: largest * scale, scale, seen: smallest };
  }

  /** After any change of the stack: numbers, then the picture. */
  function change() {
    const rows = grow(layers);
    const full = rows.at(-1)?.largest ?? 1;
    [...body.children].forEach((line, i) => {
      const [head, adds, side, step, last] = line.children;
      const select = head.firstChild;
      select.setAttribute("aria-label", `Layer ${i + 1}`);
      for (const option of select.options) {
        option.disabled = option.value !== layers[i] && !room(layers, option.value);
      }
      last.firstChild.setAttribute("aria-label", `Remove layer ${i + 1}`);
      adds.textContent = rows[i].reach ? `${rows[i].reach} × ${say(rows[i].step)}` : "0";
      side.textContent = range(rows[i]);
      side.style.setProperty("--share", `${(100 * rows[i].smallest) / full}%`);
      step.textContent = say(rows[i].after);
    });
    for (const made of adders) {
      made.setAttribute("aria-disabled",
        String(layers.length >= MOST || !room(layers, made.dataset.kind)));
    }
    const preset = known();
    buttons.forEach((made, i) => made.setAttribute("aria-pressed", String(presets[i] === preset)));
    note.textContent = preset?.note ?? "";

    const { smallest, largest, scale, seen } = field();
    const side = Math.round(smallest);
    keys[0].textContent = `one output sees ${side} px`;
    keys[1].textContent = preset?.effective ? `90 % of the influence: ${preset.effective} px` : "";
    keys[1].hidden = !preset?.effective;
    const shrunk = scale === 1 ? "" : `${seen} px of the shrunk image, `;
    const more = largest > smallest ? ` (in places up to ${Math.round(largest)})` : "";
    status.replaceChildren(`One output sees ${shrunk}`, make("b", {}, `${side} px`), `${more}: ${
      (side / median).toFixed(1)} × the median nucleus. It sees ${verdict(side, median, size)}.`);
    look();
  }

  function under(event) {
    const box = pad.getBoundingClientRect();
    return [(event.clientY - box.top) / box.height, (event.clientX - box.left) / box.width]
      .map((share, i) => Math.floor(corner[i] + share * wide));
  }

  function moveTo(target) {
    pixel = target.map((at) => Math.min(Math.max(at, 0), size - 1));
    place();
  }

  /** Show the part of the image in which field and pixel lie. */
  function look() {
    const width = view(field().smallest, size);
    if (!corner || width !== wide) corner = pixel.map((at) => at - width / 2);
    wide = width;
    corner = corner.map((begin, i) => follow(begin, pixel[i], wide, size));
    pad.setAttribute("viewBox", `${corner[1]} ${corner[0]} ${wide} ${wide}`);
    place();
  }

  function place() {
    const [y, x] = pixel.map((at) => at + 0.5);
    for (const [box, side] of [[square, field().smallest], [core, known()?.effective ?? 0]]) {
      set(box, { x: x - side / 2, y: y - side / 2, width: side, height: side });
    }
    set(circle, { cx: x, cy: y });
    set(dot, { x: x - 0.5, y: y - 0.5 });
    where.textContent = `Around row ${pixel[0]}, column ${pixel[1]}`;
  }
}

function label(element, text, role) {
  element.setAttribute("role", role);
  element.setAttribute("aria-label", text);
}

function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
}
