/** A reader's own model beside the three tools: chosen, kept for the next visit, forgotten. */

import { button, make } from "../../figures/_shared/elements.js";
import { TOOLS } from "../tools.js";
import { bytesOf } from "./files.js";

const HINT = "A zip that the notebook “Train on your images” writes. It stays on your computer.";
const NAME = "lab-own-model.zip"; // under which it is kept; the file's own name comes with it

export const isModel = ({ name }) => /\.zip$/i.test(name);

/**
 * base : address of the folder lab/; keeps : whether this browser may keep it
 * attempt(action) : does it, and tells what goes wrong; onModel(key), onTool(key) : it is there; it is chosen
 *
 * Returns { element, take(file), keep(key), restore() }.
 */
export function ownModel({ base, keeps, attempt, onModel, onTool }) {
  const store = keeps && globalThis.caches ? `own model ${base}` : null; // pages without encryption have none
  const files = new Map(); // key → File
  const list = make("div", {});
  const input = make("input", { type: "file", accept: ".zip,application/zip", id: "lab-own", className: "lab-file" });
  const choose = make("label", { htmlFor: "lab-own", className: "lab-button", textContent: "Use your own model" });
  const forget = button("Forget it", async () => {
    await caches.delete(store);
    forget.hidden = true;
    input.focus();
  });
  Object.assign(forget, { className: "lab-button", ariaLabel: "Forget the model that this browser keeps", hidden: true });
  input.addEventListener("change", () => {
    const [file] = input.files;
    if (file) attempt(async () => onModel(await take(file)));
    input.value = ""; // so that the same file can be chosen again
  });
  const element = make("div", { className: "lab-own" }, list,
    make("div", {}, input, choose, forget), make("small", { textContent: HINT }));

  /** Read a file; its model is then among the tools. Returns its key. */
  async function take(file) {
    const { takeModel } = await import("../own_model.js");
    const key = await takeModel(await bytesOf(file), file.name);
    files.set(key, file);
    choose.textContent = "Use another model";
    const { title, text } = TOOLS[key];
    const radio = make("input", { type: "radio", name: "lab-tool", value: key });
    radio.addEventListener("change", () => onTool(key));
    list.replaceChildren(make("label", { className: "lab-tool" }, radio,
      make("span", {}, make("b", { textContent: title }), make("small", { textContent: text }))));
    return key;
  }

  return {
    element, take,
    /** Keep the file of a model that has run. */
    async keep(key) {
      try {
        const file = files.get(key);
        await (await caches.open(store)).put(new URL(NAME, base), new Response(file, { headers: { "X-Name": encodeURIComponent(file.name) } }));
        forget.hidden = false;
      } catch {
        // Private windows, full disks, no encryption: the page works all the same.
      }
    },
    /** What was kept at an earlier visit; null if nothing is, or it is of another version of the page. */
    async restore() {
      try {
        if (!store || !await caches.has(store)) return null;
        const kept = await (await caches.open(store)).match(new URL(NAME, base));
        const key = await take(new File([await kept.blob()], decodeURIComponent(kept.headers.get("X-Name"))));
        forget.hidden = false;
        return key;
      } catch {
        return null;
      }
    },
  };
}
