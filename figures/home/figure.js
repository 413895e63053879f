/**
 * Home figure: outlines grow over the image once; each nucleus tells its area. A switch shows
 * whole cells instead.
 *
 * Model  corners(), points(), growth(), reading(), neighbour()  pure, no DOM;
 *        tested in figure.test.mjs
 * View   mount()  draws one <figure data-figure="home">
 *
 * compute.py wrote the rows of page.json. A nucleus: [x, y, area, annotated, found,
 * ray, ray, …], centre and rays in half pixels, areas in pixels. A cell has the corners of its
 * outline instead of rays: [x, y, area, annotated, found, x, y, x, y, …].
 */

const SWEEP = 2.4; // seconds until the last nucleus begins; from left to right, like a scan
const GROW = 0.9; // seconds in which one nucleus grows
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** The ends [x, y] of a nucleus's rays, in half pixels. */
export function corners([x, y, , , , ...rays]) {
  return rays.map((length, k) => {
    const angle = 2 * Math.PI * k / rays.length;
    return [x + length * Math.cos(angle), y + length * Math.sin(angle)];
  });
}

/** The corners [x, y] of a cell's outline, in half pixels. */
export function points([, , , , , ...numbers]) {
  return Array.from({ length: numbers.length / 2 }, (_, k) => numbers.slice(2 * k, 2 * k + 2));
}

/** How many of `count` corners stand after `seconds`, for a nucleus at `x` of `width`. */
export function growth(x, width, seconds, count) {
  const share = (seconds - SWEEP * x / width) / GROW;
  return Math.round(count * Math.min(Math.max(share, 0), 1));
}

/** What a nucleus or a cell tells of itself. */
export function reading([, , area, annotated, found]) {
  const people = annotated ? `Its annotation: ${annotated} pixels.` : "Nobody annotated it: a ghost.";
  const doubt = annotated && !found ? " The two do not fit: their IoU is below 0.5." : "";
  return [`${area} pixels`, people + doubt];
}

/** The nearest nucleus in a direction [dx, dy], at most 45° off; the same one if there is none. */
export function neighbour(nuclei, from, [dx, dy]) {
  const [x, y] = nuclei[from];
  let [best, nearest] = [from, Infinity];
  nuclei.forEach(([otherX, otherY], index) => {
    const ahead = (otherX - x) * dx + (otherY - y) * dy;
    const aside = Math.abs((otherX - x) * dy) + Math.abs((otherY - y) * dx);
    const distance = ahead + aside;
    if (ahead > 0 && aside <= ahead && distance < nearest) [best, nearest] = [index, distance];
  });
  return best;
}

/** What the switch chooses from: rows and outlines, and the picture below them. */
const EXAMPLES = {
  nuclei: { outline: corners, rays: true,
    name: (count) => `${count} nuclei that StarDist found` },
  cells: { outline: points, rays: false,
    name: (count) => `${count} cells that Cellpose found` },
};

/** Replace the still outlines with ones that grow and answer, and let the switch switch. */
export async function mount(figure) {
  const still = figure.querySelector(".hero__outlines");
  const stack = still.parentElement;
  const [nuclei, , cells] = stack.querySelectorAll("img");
  const buttons = [...figure.querySelectorAll(".hero__switch button")];
  const drawings = {};

  const content = await (await fetch(new URL("./page.json", import.meta.url))).json();
  drawings.nuclei = example("nuclei", content);
  stack.append(...drawings.nuclei.parts);
  still.remove();
  drawings.nuclei.start();
  for (const button of buttons) button.addEventListener("click", () => show(button.value));

  function show(name) {
    const isNew = !(name in drawings);
    drawings[name] ??= example(name, content);
    for (const button of buttons) button.ariaPressed = button.value === name;
    for (const caption of figure.querySelectorAll("[data-caption]")) {
      caption.hidden = caption.dataset.caption !== name;
    }
    nuclei.hidden = name !== "nuclei";
    cells.hidden = name !== "cells";
    for (const drawing of Object.values(drawings)) drawing.parts.forEach((part) => part.remove());
    stack.append(...drawings[name].parts);
    if (isNew) drawings[name].start();
  }
}

/** The outlines of one example, which answer to mouse, touch and keyboard. */
function example(name, content) {
  const { outline, rays, name: title } = EXAMPLES[name];
  const rows = content[name];
  const [width, height] = content.size.map((side) => 2 * side);
  const shapes = rows.map(outline);
  const label = make("div", { className: "home-label", hidden: true });
  label.ariaHidden = true; // the options say the same
  // A coordinate is the centre of its pixel: the picture begins half a pixel before the first.
  const drawing = draw("svg", { viewBox: `-1 -1 ${width} ${height}` });
  const lines = draw("path", { class: "home-rays" });
  const list = draw("g", {
    role: "listbox",
    tabindex: 0,
    "aria-label": `${title(rows.length)}. Arrow keys go to the next one.`,
  });
  const outlines = rows.map((row, index) => draw("path", {
    id: `${name}-${index}`,
    role: "option",
    "aria-selected": false,
    "aria-label": reading(row).join(". "),
  }));
  list.append(...outlines);
  drawing.append(list, lines);
  let chosen = null;

  drawing.addEventListener("pointerover", ({ target }) => {
    const index = outlines.indexOf(target);
    if (index >= 0) choose(index);
  });
  drawing.addEventListener("pointerleave", ({ pointerType }) => {
    if (pointerType === "mouse" && document.activeElement !== list) choose(null);
  });
  list.addEventListener("focus", () => choose(chosen ?? 0));
  list.addEventListener("blur", () => choose(null));
  list.addEventListener("keydown", (event) => {
    const last = rows.length - 1;
    const next = event.key === "Home" ? 0 : event.key === "End" ? last
      : event.key === "Escape" ? null
      : ARROWS[event.key] && neighbour(rows, chosen ?? 0, ARROWS[event.key]);
    if (next === undefined) return;
    event.preventDefault();
    choose(next);
  });
  return { parts: [drawing, label], start };

  function start() {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) grow(Infinity);
    else requestAnimationFrame((now) => requestAnimationFrame((next) => step(next, now)));
  }

  function step(now, began) {
    const seconds = (now - began) / 1000;
    grow(seconds);
    if (seconds < SWEEP + GROW && drawing.isConnected) {
      requestAnimationFrame((next) => step(next, began));
    } else {
      grow(Infinity);
      drawing.dataset.grown = "";
    }
  }

  /** The outlines as they stand after some seconds; rays only where one still grows. */
  function grow(seconds) {
    let growing = "";
    rows.forEach(([x, y], index) => {
      const tips = shapes[index];
      const count = growth(x, width, seconds, tips.length);
      const whole = count === tips.length;
      outlines[index].setAttribute("d", path(tips.slice(0, count), whole));
      if (rays && !whole) growing += star(x, y, tips.slice(0, count));
    });
    if (chosen === null) lines.setAttribute("d", growing);
  }

  function choose(index) {
    if (chosen !== null) outlines[chosen].setAttribute("aria-selected", false);
    chosen = index;
    label.hidden = index === null;
    if (index === null) {
      list.removeAttribute("aria-activedescendant");
      lines.setAttribute("d", "");
      return;
    }
    const [x, y] = rows[index];
    outlines[index].setAttribute("aria-selected", true);
    list.setAttribute("aria-activedescendant", outlines[index].id);
    lines.setAttribute("d", rays ? star(x, y, shapes[index]) : "");
    const [area, people] = reading(rows[index]);
    label.replaceChildren(make("strong", { textContent: area }), ` ${people}`);
    label.dataset.side = x > width / 2 ? "left" : "right";
    label.style.left = `${100 * x / width}%`;
    label.style.top = `${100 * y / height}%`;
  }
}

const point = (place) => place.map((number) => number.toFixed(1)).join(" ");

function path(tips, closed) {
  return tips.length ? `M${tips.map(point).join("L")}${closed ? "Z" : ""}` : "";
}

function star(x, y, tips) {
  return tips.map((tip) => `M${x} ${y}L${point(tip)}`).join("");
}

function make(tag, properties) {
  return Object.assign(document.createElement(tag), properties);
}

function draw(name, attributes) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}
