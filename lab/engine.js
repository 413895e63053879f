/**
 * The engine, as the page sees it: give it an image and get objects. All work happens in a worker.
 *
 *     const engine = new Engine(base);   // the address of the folder lab/; nothing is loaded yet
 *     engine.ready("stardist");          // not needed: loads what a run would have to wait for
 *     const result = await engine.run("stardist", image, settings, { onProgress, signal });
 *     const other = await engine.again({ probThreshold: 0.6 });   // the network does not run again
 *     engine.close();                    // gives all memory back
 *
 * tool: "stardist", "cellpose-nuclei" or "cellpose-cells"; or a reader's own model, with `own` beside
 *   onProgress: {key, like: the tool it works like, settings, graph: {file, bytes, sha256}, weights: Blob}
 * image: {height, width, channels: [Float32Array(height * width), …]}, values as recorded; two
 *   channels, cells and nuclei, for "cellpose-cells" alone
 * settings: scale, probThreshold, nmsThreshold (StarDist); diameter, cellprobThreshold,
 *   flowThreshold, minSize (Cellpose); what is left out or undefined is the library's own
 * onProgress: function of {step, done, total}; step is "runtime", "weights", "network" or "objects"
 * result: {labels: Int32Array, 1 … count in the library's order, count, height, width,
 *   probability: Float32Array, 0 to 1, settings: as used}
 *
 * Rejects with an EngineError, whose message is a sentence to show, or, cancelled, with AbortError.
 */

import { EngineError } from "./errors.js";

export { EngineError };

const CHANNELS = { stardist: 1, "cellpose-nuclei": 1, "cellpose-cells": 2 };
const ADVICE = "Segment a part of it, or use the notebook on large images";

export class Engine {
  #base;
  #worker = null;
  #tasks = new Map(); // id → {resolve, reject, onProgress, size, isForAll}
  #count = 0;
  #heard = false; // whether the worker ever said a word

  constructor(base) {
    this.#base = new URL(base, globalThis.location?.href).href;
  }

  async run(tool, image, settings = {}, { onProgress, signal, own } = {}) {
    const { height, width, channels } = image;
    const most = own ? 1 : CHANNELS[tool];
    if (!most) throw new EngineError(`There is no tool called ${tool}`);
    if (channels.length < 1 || channels.length > most) {
      throw new EngineError(`${tool} takes at most ${most} channels, not ${channels.length}`);
    }
    if (channels.some((values) => values.length !== height * width)) {
      throw new EngineError(`The image is not ${width} × ${height} pixels large`);
    }
    return this.#ask({ kind: "run", base: this.#base, tool, own, image, settings }, {
      onProgress, signal, size: `${width} × ${height} pixels`,
    });
  }

  /** Load what a tool needs. Runs that were asked for meanwhile wait, and hear of the progress. */
  ready(tool, own) {
    return this.#ask({ kind: "ready", base: this.#base, tool, own }, { size: "this image", isForAll: true });
  }

  again(settings, { onProgress, signal } = {}) {
    return this.#ask({ kind: "again", settings }, { onProgress, signal, size: "this image" });
  }

  /** Stop whatever runs and give the memory back. The next run starts afresh. */
  close() {
    this.#end(new DOMException("The engine was closed", "AbortError"));
  }

  #ask(task, { onProgress, signal, size, isForAll = false }) {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const id = ++this.#count;
      const cancel = () => {
        this.#worker?.postMessage({ id, kind: "cancel" });
        settle(reject)(signal.reason);
      };
      const settle = (end) => (value) => {
        signal?.removeEventListener("abort", cancel);
        this.#tasks.delete(id);
        end(value);
      };
      this.#tasks.set(id, { resolve: settle(resolve), reject: settle(reject), onProgress, size, isForAll });
      signal?.addEventListener("abort", cancel);
      try {
        this.#worker ??= this.#start();
        this.#worker.postMessage({ id, ...task });
      } catch (error) {
        this.#fail(id, error);
      }
    });
  }

  #start() {
    if (globalThis.location?.protocol === "file:") {
      throw new EngineError("Browsers do not let a page from disk do this. Open it on the course’s website");
    }
    const worker = new Worker(new URL("worker.js", this.#base));
    this.#heard = false;
    worker.addEventListener("message", ({ data: { id, progress, result, error } }) => {
      this.#heard = true;
      const task = this.#tasks.get(id); // none: it was cancelled
      if (progress) for (const heard of task?.isForAll ? this.#tasks.values() : [task]) heard?.onProgress?.(progress);
      else if (error) this.#fail(id, error);
      else task?.resolve(result);
    });
    const lost = (event) => {
      event.preventDefault?.(); // it is told to the reader, and need not be in the console
      this.#end(new EngineError(this.#heard
        ? "The part of the page that segments has stopped. Run it again; your image is still here"
        : "The part of the page that segments could not be loaded. Check the connection and run it again"));
    };
    worker.addEventListener("error", lost);
    worker.addEventListener("messageerror", lost);
    return worker;
  }

  /** One task ended with an error of the worker's, {name, message}. */
  #fail(id, error) {
    const task = this.#tasks.get(id);
    if (error.name === "AbortError") {
      task?.reject(new DOMException("Cancelled", "AbortError"));
    } else if (error.name === "EngineError") {
      task?.reject(new EngineError(error.message));
    } else if (/memory|alloc|out of bounds|Array buffer|Invalid (typed )?array length|\d{6,}$/i.test(error.message)) {
      task?.reject(new EngineError(`The memory of this browser does not suffice for ${task.size}. ${ADVICE}`));
      this.#end(new EngineError("It was stopped, as the memory ran out. Run it again"));
    } else {
      task?.reject(new EngineError(`The segmentation failed (${error.message}). Run it again`));
      this.#end(new EngineError("It was stopped by another error. Run it again"));
    }
  }

  /** Let the worker go, and all that waits for it. */
  #end(reason) {
    this.#worker?.terminate();
    this.#worker = null;
    for (const task of [...this.#tasks.values()]) task.reject(reason);
  }
}
