/**
 * The image with what lies over it: pan, zoom, outlines, a line to measure with.
 *
 * Coordinates are pixels of the image; a pixel's corner is whole, as in outlines.js.
 */

import { make } from "../../figures/_shared/elements.js";

const LARGEST = 40; // times
const AMBER = "#f0b429";

export class Stage {
  /**
   * holder : element that it fills
   * onPoint(place or null) : the pointer is over [x, y]; onPick(place); onLine(length in px)
   */
  constructor(holder, { onPoint, onPick, onLine }) {
    Object.assign(this, { holder, onPoint, onPick, onLine, measuring: false, line: null });
    this.canvas = make("canvas", { className: "lab-canvas", tabIndex: 0 });
    this.canvas.setAttribute("role", "application");
    this.canvas.setAttribute("aria-label", "The image. Arrow keys move it, plus and minus zoom, 0 shows all of it.");
    holder.append(this.canvas);
    this.pen = this.canvas.getContext("2d");
    this.layers = { image: null, over: null, paths: [], chosen: null };
    this.view = { zoom: 1, x: 0, y: 0 }; // window = (image - [x, y]) * zoom
    this.pointers = new Map();
    new ResizeObserver(() => this.resize()).observe(holder);
    this.listen();
  }

  /** A picture { width, height, rgba }; the view shows all of it. */
  setImage(picture) {
    this.layers = { image: toCanvas(picture), over: null, paths: [], chosen: null };
    this.line = null;
    this.size = { width: picture.width, height: picture.height };
    this.holder.style.setProperty("--aspect", Math.max(0.6, Math.min(1.8, picture.width / picture.height)));
    this.resize();
    this.fit();
  }

  /** A picture of the same size over it, or null. */
  setOver(rgba) {
    this.layers.over = rgba && toCanvas({ ...this.size, rgba });
    this.draw();
  }

  /** Lines over it: [{ path: Path2D, colour, dash }]. */
  setPaths(paths) {
    this.layers.paths = paths;
    this.draw();
  }

  /** One path that stands out, or null. */
  setChosen(path) {
    this.layers.chosen = path;
    this.draw();
  }

  resize() {
    if (!this.size) return;
    const { width, height } = this.holder.getBoundingClientRect();
    const ratio = devicePixelRatio || 1;
    const wasFit = this.isFit;
    this.canvas.width = Math.max(1, Math.round(width * ratio));
    this.canvas.height = Math.max(1, Math.round(height * ratio));
    this.window = { width, height, ratio };
    if (wasFit ?? true) this.fit();
    else this.draw();
  }

  get smallest() {
    return Math.min(this.window.width / this.size.width, this.window.height / this.size.height);
  }

  fit() {
    if (!this.size) return;
    this.isFit = true;
    const zoom = this.smallest;
    this.view = {
      zoom,
      x: (this.size.width - this.window.width / zoom) / 2,
      y: (this.size.height - this.window.height / zoom) / 2,
    };
    this.draw();
  }

  /** Zoom by a factor around a place of the window; its middle if there is none. */
  zoomBy(factor, at = { x: this.window.width / 2, y: this.window.height / 2 }) {
    const { zoom, x, y } = this.view;
    const next = Math.min(Math.max(zoom * factor, this.smallest), Math.max(LARGEST, this.smallest));
    if (next <= this.smallest) return this.fit();
    this.isFit = false;
    this.view = { zoom: next, x: x + at.x / zoom - at.x / next, y: y + at.y / zoom - at.y / next };
    this.keepInside();
  }

  moveBy(dx, dy) {
    this.view.x -= dx / this.view.zoom;
    this.view.y -= dy / this.view.zoom;
    this.keepInside();
  }

  /** Show a place in the middle, large enough to see an object of a size there. */
  goTo([x, y], size) {
    const zoom = Math.min(LARGEST, Math.max(this.smallest, Math.min(this.window.width, this.window.height) / (6 * size)));
    this.isFit = zoom <= this.smallest;
    this.view = { zoom, x: x - this.window.width / zoom / 2, y: y - this.window.height / zoom / 2 };
    this.keepInside();
  }

  keepInside() {
    for (const [axis, side] of [["x", "width"], ["y", "height"]]) {
      const seen = this.window[side] / this.view.zoom;
      const room = this.size[side] - seen;
      this.view[axis] = room < 0 ? room / 2 : Math.min(Math.max(this.view[axis], 0), room);
    }
    this.draw();
  }

  draw() {
    if (this.asked || !this.size) return;
    this.asked = true;
    requestAnimationFrame(() => {
      this.asked = false;
      this.paint();
    });
  }

  paint() {
    const { pen, view: { zoom, x, y }, window: { ratio }, layers } = this;
    // One finger scrolls the page while all of the image is seen, and moves the image when not.
    this.canvas.style.touchAction = this.isFit && !this.measuring ? "pan-y" : "none";
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, this.canvas.width, this.canvas.height);
    pen.setTransform(ratio * zoom, 0, 0, ratio * zoom, -x * zoom * ratio, -y * zoom * ratio);
    pen.imageSmoothingEnabled = zoom < 2;
    pen.imageSmoothingQuality = "high";
    pen.drawImage(layers.image, 0, 0);
    if (layers.over) pen.drawImage(layers.over, 0, 0);
    const thin = 1.6 / zoom;
    pen.lineJoin = "round";
    for (const { path, colour, dash } of layers.paths) {
      pen.strokeStyle = colour;
      pen.lineWidth = thin;
      pen.setLineDash(dash ? [4 / zoom, 3 / zoom] : []);
      pen.stroke(path);
    }
    pen.setLineDash([]);
    if (layers.chosen) {
      pen.strokeStyle = "#fff";
      pen.lineWidth = 2 * thin;
      pen.stroke(layers.chosen);
    }
    if (this.line) drawLine(pen, this.line, zoom);
  }

  place({ offsetX, offsetY }) {
    const { zoom, x, y } = this.view;
    return [x + offsetX / zoom, y + offsetY / zoom];
  }

  listen() {
    const { canvas, pointers } = this;
    canvas.addEventListener("pointerdown", (event) => {
      if (!this.size || event.button) return;
      canvas.setPointerCapture(event.pointerId);
      pointers.set(event.pointerId, event);
      this.start = event;
      if (this.measuring) this.line = [this.place(event), this.place(event)];
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!this.size) return;
      if (!pointers.has(event.pointerId)) return void this.onPoint(this.place(event), event);
      const before = pointers.get(event.pointerId);
      const others = [...pointers.values()].filter((other) => other.pointerId !== event.pointerId);
      pointers.set(event.pointerId, event);
      if (others.length) {
        const [other] = others;
        const distance = (a) => Math.hypot(a.offsetX - other.offsetX, a.offsetY - other.offsetY);
        const middle = { x: (event.offsetX + other.offsetX) / 2, y: (event.offsetY + other.offsetY) / 2 };
        this.line = null;
        this.zoomBy(distance(event) / Math.max(1, distance(before)), middle);
      } else if (this.measuring && this.line) {
        this.line[1] = this.place(event);
        this.draw();
      } else if (!this.isFit) {
        this.moveBy(event.offsetX - before.offsetX, event.offsetY - before.offsetY);
      }
    });
    const ended = (event) => {
      if (!pointers.delete(event.pointerId)) return;
      const moved = Math.hypot(event.offsetX - this.start.offsetX, event.offsetY - this.start.offsetY);
      if (this.measuring && this.line) this.measured();
      else if (moved < 4 && event.type === "pointerup") this.onPick(this.place(event));
    };
    canvas.addEventListener("pointerup", ended);
    canvas.addEventListener("pointercancel", ended);
    canvas.addEventListener("pointerleave", () => this.onPoint(null));
    canvas.addEventListener("wheel", (event) => {
      if (!this.size || !(event.ctrlKey || event.metaKey)) return; // else the page scrolls
      event.preventDefault();
      this.zoomBy(1.0025 ** -event.deltaY, { x: event.offsetX, y: event.offsetY });
    }, { passive: false });
    canvas.addEventListener("keydown", (event) => {
      const keys = {
        ArrowLeft: () => this.moveBy(60, 0), ArrowRight: () => this.moveBy(-60, 0),
        ArrowUp: () => this.moveBy(0, 60), ArrowDown: () => this.moveBy(0, -60),
        "+": () => this.zoomBy(1.5), "=": () => this.zoomBy(1.5), "-": () => this.zoomBy(1 / 1.5), 0: () => this.fit(),
      };
      if (!this.size || !keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      event.stopPropagation();
      keys[event.key]();
    });
  }

  /** The line is drawn: tell its length, unless it was a mere touch. */
  measured() {
    const [[x1, y1], [x2, y2]] = this.line;
    const length = Math.hypot(x2 - x1, y2 - y1);
    if (length * this.view.zoom < 4) this.line = null;
    else this.onLine(length);
    this.draw();
  }
}

function drawLine(pen, [[x1, y1], [x2, y2]], zoom) {
  const [dx, dy] = [x2 - x1, y2 - y1];
  const end = 7 / (zoom * (Math.hypot(dx, dy) || 1));
  const path = new Path2D(`M${x1} ${y1}L${x2} ${y2}`);
  for (const [x, y] of [[x1, y1], [x2, y2]]) {
    path.moveTo(x - dy * end, y + dx * end);
    path.lineTo(x + dy * end, y - dx * end);
  }
  for (const [colour, width] of [["#000a", 5], [AMBER, 2.5]]) {
    pen.strokeStyle = colour;
    pen.lineWidth = width / zoom;
    pen.stroke(path);
  }
}

/** A picture as a canvas. */
export function toCanvas({ width, height, rgba }) {
  const canvas = make("canvas", { width, height });
  canvas.getContext("2d").putImageData(new ImageData(rgba, width, height), 0, 0);
  return canvas;
}
