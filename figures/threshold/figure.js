/**
 * Threshold figure: move a threshold and count the pieces that stay.
 *
 * Model  measure()  pure, no DOM; tested against SciPy in figure.test.mjs
 * View   mount()    draws one <figure data-figure="threshold">
 */

import { startAgain } from "../_shared/elements.js";

/** Area in pixels of what is above a threshold, and in how many pieces (sides touch) it lies. */
export function measure(pixels, level) {
  const above = pixels.map((row) => row.map((value) => value > level));
  const [seen, stack] = [new Set(), []];
  let pieces = 0;
  above.forEach((row, startY) => row.forEach((_, startX) => {
    stack.push([startX, startY]);
    const before = seen.size;
    while (stack.length) {
      const [x, y] = stack.pop();
      const key = `${x} ${y}`;
      if (!above[y]?.[x] || seen.has(key)) continue;
      seen.add(key);
      stack.push([x - 1, y], [x + 1, y], [x, y - 1], [x, y + 1]);
    }
    pieces += seen.size > before;
  }));
  return { area: seen.size, pieces };
}

/** Put picture, slider, button and words in the place of the text that stands there. */
export async function mount(figure) {
  const { start, pixels } = await (await fetch(new URL("./page.json", import.meta.url))).json();
  const most = Math.max(...pixels.flat());
  const stage = figure.querySelector(".threshold-stage");
  stage.innerHTML = `
    <canvas role="img" aria-label="The nuclei; what is above the threshold is amber"
      width="${pixels[0].length}" height="${pixels.length}"></canvas>
    <label>Threshold <input type="range" min="0" max="${most}"></label>
    <p class="figure-verdict" role="status"></p>`;
  stage.querySelector("p").before(startAgain(reset));
  const [pen, slider] = [stage.querySelector("canvas").getContext("2d"), stage.querySelector("input")];
  slider.addEventListener("input", update);
  reset();

  function reset() {
    slider.value = start;
    update();
  }

  function update() {
    const level = slider.valueAsNumber;
    const { area, pieces } = measure(pixels, level);
    stage.querySelector("[role=status]").textContent =
      `Above ${level}: ${area} pixels in ${pieces} ${pieces === 1 ? "piece" : "pieces"}.`;
    pixels.forEach((row, y) => row.forEach((value, x) => {
      const grey = 255 * value / most;
      pen.fillStyle = value > level ? `rgb(${180 + grey / 4} ${130 + grey / 4} 41)` : `rgb(${grey} ${grey} ${grey})`;
      pen.fillRect(x, y, 1, 1);
    }));
  }
}
