/** The settings of a run as they are in fact used: those that were given, the libraries' own else. */

import { LEAST_PROB } from "./stardist.js";

const CELLPOSE = { cellprobThreshold: 0, flowThreshold: 0.4, minSize: 15 };

/** tool: one of the three; model: what lab/weights/weights.json lists as the settings of its network */
export function settingsOf(tool, given, model) {
  const or = (name, own) => given[name] ?? own;
  if (tool === "stardist") {
    return {
      scale: or("scale", 1),
      probThreshold: Math.max(LEAST_PROB, or("probThreshold", model.probThreshold)),
      nmsThreshold: or("nmsThreshold", model.nmsThreshold),
    };
  }
  const numbers = Object.entries(CELLPOSE).map(([name, own]) => [name, or(name, own)]);
  return { diameter: given.diameter > 0 ? given.diameter : null, ...Object.fromEntries(numbers) };
}
