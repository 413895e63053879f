/**
 * Home figure: outlines grow over the image once, ray by ray; each nucleus tells its area.
 *
 * Model  corners(), growth(), reading(), neighbour()  pure, no DOM;
 *        tested in figure.test.mjs
 * View   mount()  draws one <figure data-figure="home">
 *
 * A nucleus is a row of page.json, which compute.py wrote:
 * [x, y, area, annotated, found, ray, ray, …], centre and rays in half pixels, areas in pixels.
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

/** How many of `count` rays stand after `seconds`, for a nucleus at `x` of `width`. */
export function growth(x, width, seconds, count) {
  const share = (seconds - SWEEP * x / width) / GROW;
  return Math.round(count * Math.min(Math.max(share, 0), 1));
}

/** What a nucleus tells of itself. */
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

/** Replace the still outlines with ones that grow and answer. */
export async function mount(figure) {
  const { size, nuclei } = await (await fetch(new URL("./page.json", import.meta.url))).json();
  const [width, height] = size.map((side) => 2 * side);
  const shapes = nuclei.map(corners);
  const label = make("div", { className: "home-label", hidden: true });
  label.ariaHidden = true; // the options say the same
  // A coordinate is the centre of its pixel: the picture begins half a pixel before the first.
  const drawing = draw("svg", { viewBox: `-1 -1 ${width} ${height}` });
  const lines = draw("path", { class: "home-rays" });
  const list = draw("g", {
    role: "listbox",
    tabindex: 0,
    "aria-label": `${nuclei.length} nuclei that StarDist found. Arrow keys go to the next one.`,
  });
  const outlines = nuclei.map((nucleus, index) => draw("path", {
    id: `nucleus-${index}`,
    role: "option",
    "aria-selected": false,
    "aria-label": reading(nucleus).join(". "),
  }));
  list.append(...outlines);
  drawing.append(list, lines);
  const still = figure.querySelector(".hero__outlines");
  still.parentElement.append(drawing, label);
  still.remove();

  let chosen = null;
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) grow(Infinity);
  else requestAnimationFrame((now) => requestAnimationFrame((next) => step(next, now)));

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
    const last = nuclei.length - 1;
    const next = event.key === "Home" ? 0 : event.key === "End" ? last
      : event.key === "Escape" ? null
      : ARROWS[event.key] && neighbour(nuclei, chosen ?? 0, ARROWS[event.key]);
    if (next === undefined) return;
    event.preventDefault();
    choose(next);
  });

  function step(now, start) {
    const seconds = (now - start) / 1000;
    grow(seconds);
    if (seconds < SWEEP + GROW && drawing.isConnected) {
      requestAnimationFrame((next) => step(next, start));
    } else {
      drawing.dataset.grown = "";
    }
  }

  /** The outlines as they stand after some seconds; rays only where one still grows. */
  function grow(seconds) {
    let growing = "";
    nuclei.forEach(([x, y], index) => {
      const tips = shapes[index];
      const count = growth(x, width, seconds, tips.length);
      const whole = count === tips.length;
      outlines[index].setAttribute("d", path(tips.slice(0, count), whole));
      if (!whole) growing += star(x, y, tips.slice(0, count));
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
    const [x, y] = nuclei[index];
    outlines[index].setAttribute("aria-selected", true);
    list.setAttribute("aria-activedescendant", outlines[index].id);
    lines.setAttribute("d", star(x, y, shapes[index]));
    const [area, people] = reading(nuclei[index]);
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
