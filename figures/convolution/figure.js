/**
 * Convolution figure: drag a 3×3 kernel over a nucleus, change its weights, read the sum.
 *
 * Model  correlate(), sumAt(), written(), limits(), path()  pure, no DOM
 * View   mount()  draws one <figure data-figure="convolution">
 *
 * Pixels are rows of numbers; a kernel is {weights: nine numbers, row by row, divisor}. A place is
 * the pixel below the kernel's middle; the outermost pixels are none, as the kernel would hang over.
 */

import { button, make, startAgain } from "../_shared/elements.js";

/** The nine pixels below a kernel, row by row. */
export function nine(pixels, row, column) {
  return [-1, 0, 1].flatMap((down) => pixels[row + down].slice(column - 1, column + 2));
}

/** The sums of the three rows, and the result: all of them, divided. */
export function sumAt(pixels, row, column, { weights, divisor }) {
  const products = nine(pixels, row, column).map((pixel, i) => pixel * weights[i]);
  const rows = [0, 3, 6].map((i) => products[i] + products[i + 1] + products[i + 2]);
  return { rows, result: (rows[0] + rows[1] + rows[2]) / divisor };
}

/** The results at all places: two rows and two columns fewer than pixels. */
export function correlate(pixels, kernel) {
  const inside = (list) => list.slice(1, -1);
  return inside(pixels).map((line, row) =>
    inside(line).map((_, column) => sumAt(pixels, row + 1, column + 1, kernel).result));
}

/** The values shown black and white. Clearly negative results: middle grey is zero. */
export function limits(results) {
  const all = results.flat();
  const [low, high] = [Math.min(...all), Math.max(...all)];
  if (low >= -high / 4) return [low, high];
  const far = Math.max(-low, high);
  return [-far, far];
}

/** A number as the page writes it: a true minus, no digit too many. */
export function say(value, digits = 2) {
  const short = Number(value.toFixed(digits));
  return (short < 0 ? "−" : "") + Math.abs(short);
}

/** The sum in words of arithmetic: three lines of products, and one that adds them up. */
export function written(pixels, row, column, kernel) {
  const values = nine(pixels, row, column);
  const { rows, result } = sumAt(pixels, row, column, kernel);
  const lines = rows.map((sum, line) => {
    const terms = [0, 1, 2].map((i) => `${values[3 * line + i]} × ${say(kernel.weights[3 * line + i])}`);
    return `${terms.join(" + ")} = ${say(sum)}`;
  });
  const signed = rows.slice(1).map((sum) => `${sum < 0 ? "−" : "+"} ${say(Math.abs(sum))}`);
  const sum = [say(rows[0]), ...signed].join(" ");
  const divided = kernel.divisor === 1 ? sum : `(${sum}) ÷ ${say(kernel.divisor)}`;
  return [...lines, `${divided} = ${say(result, 1)}`];
}

/** Every place on the way, the last one too: a fast pointer skips pixels. */
export function path([row, column], [toRow, toColumn]) {
  const steps = Math.max(Math.abs(toRow - row), Math.abs(toColumn - column), 1);
  return Array.from({ length: steps }, (_, i) => [
    Math.round(row + ((toRow - row) * (i + 1)) / steps),
    Math.round(column + ((toColumn - column) * (i + 1)) / steps),
  ]);
}

const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

export async function mount(figure) {
  const answer = await fetch(new URL("./page.json", import.meta.url));
  if (!answer.ok) return; // the picture stays
  const { pixels, top, left, start, kernels } = await answer.json();
  const side = pixels.length;
  const brightest = Math.max(...pixels.flat());
  let kernel, name, results, place, filled, sweep;

  const image = make("canvas", { width: side, height: side });
  const frame = make("div", { className: "convolution-frame" });
  const pad = make("div", { className: "convolution-panel", tabIndex: 0 }, image, frame);
  label(pad, "The pixels. The arrow keys move the kernel.", "application");
  const map = make("canvas", { width: side, height: side });
  const dot = make("div", { className: "convolution-dot" });
  const out = make("div", { className: "convolution-panel convolution-result" }, map, dot);
  const scale = make("p", { className: "convolution-scale" });
  const count = make("span", { className: "convolution-count" });

  const lens = make("div", { className: "convolution-lens" },
    ...Array.from({ length: 25 }, () => make("span")));
  lens.setAttribute("aria-hidden", "true"); // the sum reads them out
  const weights = Array.from({ length: 9 }, (_, i) =>
    number(`Weight in row ${Math.floor(i / 3) + 1}, column ${(i % 3) + 1}`, { min: -99, max: 99 }));
  const divisor = number("The sum is divided by", { min: 1, max: 99 });
  const inputs = [...weights, divisor];
  const sum = make("div", { className: "convolution-sum" });
  const status = make("output", { className: "figure-verdict convolution-status" });

  const presets = kernels.map((preset) => {
    const made = button(preset.name, () => choose(preset));
    made.dataset.name = preset.name;
    return made;
  });
  const choice = make("div", { className: "convolution-presets" }, ...presets);
  label(choice, "Kernels to choose from", "group");

  const titled = (title, ...children) =>
    make("div", {}, make("p", { className: "convolution-name" }, title), ...children);
  figure.querySelector(".convolution-stage").replaceChildren(
    make("div", { className: "convolution-row" },
      titled(`${side}×${side} pixels`, pad), titled("result, ", out)),
    scale,
    choice,
    make("div", { className: "convolution-row convolution-numbers" },
      titled("below the frame", lens),
      titled("× kernel", make("div", { className: "convolution-kernel" }, ...weights),
        make("label", { className: "convolution-divisor" }, "÷ ", divisor)),
      titled("the sum", sum)),
    make("div", { className: "convolution-foot" },
      button("Fill in the result", fill), startAgain(reset)),
    status,
  );
  out.previousElementSibling.append(count);
  paint(image, (row, column) => pixels[row][column] / brightest);
  reset();

  pad.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    pad.setPointerCapture(event.pointerId);
    moveTo(under(event));
  });
  pad.addEventListener("pointermove", (event) => {
    if (pad.hasPointerCapture(event.pointerId)) moveTo(under(event));
  });
  pad.addEventListener("keydown", (event) => {
    const step = ARROWS[event.key];
    if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    moveTo([place[0] + step[0], place[1] + step[1]]);
  });
  for (const input of inputs) {
    input.addEventListener("input", () => {
      const fine = input.value !== "" && input.checkValidity();
      input.setAttribute("aria-invalid", String(!fine));
      if (fine) use({ weights: weights.map(read), divisor: read(divisor) }, "your kernel");
    });
    input.addEventListener("blur", () => write()); // back to the last number that made sense
  }

  function read(input) {
    const i = weights.indexOf(input); // another field may be half typed
    const known = i < 0 ? kernel.divisor : kernel.weights[i];
    return input.value !== "" && input.checkValidity() ? input.valueAsNumber : known;
  }

  function write() {
    inputs.forEach((input, i) => {
      input.value = i < 9 ? kernel.weights[i] : kernel.divisor;
      input.setAttribute("aria-invalid", "false");
    });
  }

  function choose(preset) {
    use(preset, preset.name);
    write();
  }

  function use(next, called) {
    halt();
    kernel = next;
    name = called;
    results = correlate(pixels, kernel);
    for (const made of presets) made.setAttribute("aria-pressed", String(made.dataset.name === name));
    drawResult();
    drawPlace();
  }

  function reset() {
    place = start;
    filled = new Set([start.join()]);
    choose(kernels[0]);
  }

  function under(event) {
    const box = image.getBoundingClientRect();
    return [(event.clientY - box.top) / box.height, (event.clientX - box.left) / box.width]
      .map((share) => Math.floor(share * side));
  }

  function moveTo(target) {
    halt();
    const to = target.map((at) => Math.min(Math.max(at, 1), side - 2));
    for (const passed of path(place, to)) filled.add(passed.join());
    place = to;
    drawResult();
    drawPlace();
  }

  /** Slide over every place, one row at a time, and come back; at once where motion is not wanted. */
  function fill() {
    halt();
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    let row = 1;
    const step = () => {
      sweep = 0;
      if (!figure.isConnected) return;
      do {
        for (let column = 1; column < side - 1; column++) filled.add(`${row},${column}`);
        row += 1;
      } while (still && row < side - 1);
      mark(row - 1, side - 2);
      drawResult();
      if (row < side - 1) sweep = requestAnimationFrame(() => { sweep = requestAnimationFrame(step); });
      else drawPlace();
    };
    step();
  }

  function halt() {
    cancelAnimationFrame(sweep);
    sweep = 0;
  }

  function drawResult() {
    const [black, white] = limits(results);
    paint(map, (row, column) => {
      if (!filled.has(`${row},${column}`)) return null;
      return black === white ? 0.5 : (results[row - 1][column - 1] - black) / (white - black);
    });
    const all = (side - 2) ** 2;
    count.textContent = `${filled.size} of ${all}`;
    scale.textContent = black === white ? `Result: ${say(black, 1)} everywhere`
      : `Result: black ${say(black, 1)}${black === -white ? ", middle grey 0" : ""}, white ${say(white, 1)}`;
  }

  function mark(row, column) {
    for (const [box, margin] of [[frame, 1], [dot, 0]]) {
      box.style.top = `${((row - margin) / side) * 100}%`;
      box.style.left = `${((column - margin) / side) * 100}%`;
      box.style.width = box.style.height = `${((2 * margin + 1) / side) * 100}%`;
    }
  }

  function drawPlace() {
    const [row, column] = place;
    mark(row, column);
    [...lens.children].forEach((cell, i) => {
      const value = pixels[row - 2 + Math.floor(i / 5)]?.[column - 2 + (i % 5)];
      const grey = Math.round((255 * (value ?? 0)) / brightest);
      cell.textContent = value ?? "";
      cell.className = value === undefined ? "convolution-outside" : grey < 118 ? "convolution-dark" : "";
      cell.style.background = value === undefined ? "" : `rgb(${grey} ${grey} ${grey})`;
    });
    const lines = written(pixels, row, column, kernel);
    sum.replaceChildren(...lines.map((line) => make("p", {}, line)));
    const result = say(results[row - 1][column - 1], 1);
    status.replaceChildren(`${name}, row ${top + row}, column ${left + column}: `, make("b", {}, result));
  }
}

/** Draw a square canvas, one pixel each: grey from 0 to 1, or nothing. */
function paint(canvas, grey) {
  const picture = new ImageData(canvas.width, canvas.height);
  for (let i = 0; i < canvas.width * canvas.height; i++) {
    const value = grey(Math.floor(i / canvas.width), i % canvas.width);
    if (value !== null) picture.data.set([255 * value, 255 * value, 255 * value, 255], 4 * i);
  }
  canvas.getContext("2d").putImageData(picture, 0, 0);
}

function number(text, range) {
  const input = make("input", { type: "number", step: "any", required: true, ...range });
  input.setAttribute("aria-label", text);
  return input;
}

function label(element, text, role) {
  element.setAttribute("role", role);
  element.setAttribute("aria-label", text);
}
