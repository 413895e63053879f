/** Step 5: what in the image speaks against the result, what mends it, and what that changed. */

import { button, make } from "../../figures/_shared/elements.js";
import { TOOLS, counted, isStardist, likeOf } from "../tools.js";

const WORDS = { // of a cure: its button, and what was done
  invert: ["Invert", "Inverted"],
  even: ["Divide by the background", "Divided by the background"],
  cap: ["Cap the brightest piece", "The brightest piece was capped"],
  denoise: ["Smooth the grain", "The grain was smoothed"],
  shrink: ["Shrink for me", "Shrunk for the network"],
  enlarge: ["Enlarge for me", "Enlarged for the network"],
  measure: ["Use the width of the objects", "The width of the objects was used"],
  lenient: ["Use the network’s own threshold", "The network’s own threshold was used"],
};
const OF_THE_NETWORK = ["small", "large", "strict"]; // measured for the course's networks, not for a reader's own
const NOTHING = "Nothing that the page measures looks wrong: size, light, focus, grain, contrast. Whether the outlines are right, only annotations tell: drop yours under Score, further down.";

/**
 * base : address of the folder lab/
 * size : of controls.js; thresholds : { get(), set(value) } of the sliders, null for the network's own
 * onRun() : run again, resolves when it is over; found() : what there is now, or null; say(text)
 *
 * Returns { element, cured(), settings(), judge(), forget(), cures }: `cures` are those that changed the
 * pixels.
 */
export function trusting({ base, size, thresholds, onRun, found, say }) {
  const said = make("ul", {});
  const changes = make("div", { className: "lab-changes" });
  const title = make("h2", { textContent: "Trust it?", tabIndex: -1 });
  const element = make("section", { className: "lab-trust", hidden: true }, title, changes, said);
  element.dataset.lab = "trust";
  let done = []; // { cure, amount, tool, width, before, after, put(), undo() }
  let module = null;
  let measured = null; // { pixels, key, values }: takes a moment, so it is kept
  let mended = null; // { pixels, key, values }
  const named = (cures) => cures.map(({ cure, amount }) => `${cure} ${amount}`).join();

  async function load() {
    const [rules, { CURES }] = await Promise.all([import("../image_faults.js"), import("../image_cures.js")]);
    module = { rules, CURES };
    return module;
  }

  /** The plane as the network is to see it. What was asked for last is kept: some cures take seconds. */
  async function cured(pixels, height, width, cures = panel.cures) {
    const key = named(cures);
    if (mended?.pixels !== pixels || mended.key !== key) {
      let values = pixels;
      for (const { cure, amount } of cures) values = await module.CURES[cure]({ values, height, width }, amount);
      mended = cures.length ? { pixels, key, values } : null;
      return values;
    }
    return mended.values;
  }

  /** Say what the numbers speak of, and return how many faults. result : of the engine; pixels : as recorded */
  async function judge(result, tool, pixels) {
    const { rules } = module ?? await load();
    if (found()?.labels !== result.labels) return; // another result came meanwhile
    const { height, width, labels, settings } = result;
    const key = named(panel.cures);
    if (measured?.pixels !== pixels || measured.key !== key) {
      const values = await cured(pixels, height, width);
      if (found()?.labels !== result.labels) return;
      const asRecorded = measured?.pixels === pixels ? measured.asRecorded : rules.measured({ values: pixels, height, width });
      const now = values === pixels ? asRecorded : rules.measured({ values, height, width });
      // No cure brings back light that was not recorded, though its numbers look finer.
      measured = { pixels, key, asRecorded, values: { ...now, clipped: asRecorded.clipped, dark: asRecorded.dark } };
    }
    const { own } = TOOLS[tool];
    const faults = rules.named({ ...measured.values, border: rules.cut(labels, height, width) }, likeOf(tool), settings)
      .filter(({ name }) => !(own && OF_THE_NETWORK.includes(name))).slice(0, rules.MOST);
    said.replaceChildren(...(faults.length ? faults.map((fault) => item(fault, tool)) : [make("li", { textContent: own ? NOTHING.replace("size, ", "") : NOTHING })]));
    changes.replaceChildren(...done.filter(({ after }) => after !== undefined).map((change) => told(change, tool)));
    element.hidden = false;
    return faults.length;
  }

  function item({ name, sentence, cure, amount, title: words, anchor }, tool) {
    const link = make("a", { href: new URL(`../practice/when-it-fails/${anchor}`, base), textContent: `When it fails: ${words}` });
    Object.assign(link, { target: "_blank", title: "Opens beside this page, which keeps your image" });
    const entry = make("li", {}, `${sentence} `, link);
    entry.dataset.fault = name;
    if (!cure) return entry;
    const mend = button(WORDS[cure][0], () => apply(cure, amount, tool));
    mend.className = "lab-button";
    entry.append(mend);
    return entry;
  }

  function told({ cure, before, after }, tool) {
    const line = make("p", {}, `${WORDS[cure][1]}: ${before} → ${counted(tool, after)}. `);
    if (done.at(-1).cure !== cure) return line;
    const undo = button("Undo", takeBack);
    undo.className = "lab-button";
    line.append(undo);
    return line;
  }

  /** Change the pixels or a setting, and run again. */
  async function apply(cure, amount, tool) {
    const before = found();
    const change = { cure, amount, tool, width: size.width, before: before.count, ...setting(cure) };
    done.push(change);
    change.put();
    await onRun();
    if (!found() || found() === before) { // cancelled, or it failed
      done = done.filter((other) => other !== change);
      change.undo();
      return;
    }
    change.after = found().count;
    await judge(found(), tool, found().pixels);
    say(`${WORDS[cure][1]}: ${change.before} ${TOOLS[tool].objects} before, ${change.after} after.`);
    title.focus({ preventScroll: true }); // the button that had it is gone
  }

  async function takeBack() {
    const [change, before] = [done.pop(), found()];
    change.undo();
    await onRun();
    if (found() === before) {
      done.push(change);
      change.put();
    } else title.focus({ preventScroll: true });
  }

  /** The threshold that a cure takes away, and how it comes back. */
  function setting(cure) {
    const old = thresholds.get();
    if (cure !== "lenient") return { put() {}, undo() {} };
    return { put: () => thresholds.set(null), undo: () => thresholds.set(old) };
  }

  const panel = {
    element, cured, judge,
    /** Settings of a tool that a cure chose, until somebody gives another width. */
    settings(tool) {
      const last = done.findLast((change) => change.amount?.[isStardist(tool) ? "scale" : "diameter"]);
      return last?.tool === tool && last.width === size.width ? last.amount : {};
    },
    get cures() { return done.filter(({ cure }) => module && cure in module.CURES); },
    forget() {
      done = [];
      measured = mended = null;
      element.hidden = true;
    },
  };
  return panel;
}
