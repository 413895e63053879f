/**
 * What two tools make of one image: what both found, what one found alone, and where they divide or
 * outline differently. This is an agreement: both may be wrong together. No DOM.
 */

import { HARDLY, matched, overlaps } from "./score.js";

/**
 * first, second : Int32Array of the same length; 0 is background
 *
 * Returns
 *   both    [{ first, second }]: labels of objects that fit each other, IoU at least 0.5
 *   places  [{ kind, first: [labels], second: [labels] }], where they differ; kind is
 *           "alone"     one tool found an object, and the other hardly anything there
 *           "divided"   the same place is a different number of objects
 *           "outlined"  one object each, with outlines that do not fit
 *   f1      the F1 of one against the other: 1 is full agreement; null where both found nothing
 */
export function agreement(first, second) {
  const table = overlaps(first, second);
  const pairs = matched(table, 0.5);
  const fit = [new Set(pairs.map(({ truth }) => truth)), new Set(pairs.map(({ predicted }) => predicted))];
  const places = groups(table)
    .filter((group) => group.some((labels, side) => labels.some((label) => !fit[side].has(label))))
    .map(([own, other]) => ({ kind: kindOf(own, other), first: own, second: other }));
  const all = table.ofTruth.size + table.ofPredicted.size;
  return {
    both: pairs.map(({ truth, predicted }) => ({ first: truth, second: predicted })),
    places, f1: all ? (2 * pairs.length) / all : null,
  };
}

function kindOf(first, second) {
  if (!first.length || !second.length) return "alone";
  return first.length === 1 && second.length === 1 ? "outlined" : "divided";
}

/** Objects that share a quarter or more of the smaller one belong together: [[labels], [labels]] each. */
function groups({ ofTruth, ofPredicted, shared }) {
  const sides = [ofTruth, ofPredicted];
  const linked = [new Map(), new Map()]; // label → labels of the other side
  const link = (side, label, other) => linked[side].set(label, [...linked[side].get(label) ?? [], other]);
  for (const [t, row] of shared) {
    for (const [p, pixels] of row) {
      if (pixels < HARDLY * Math.min(ofTruth.get(t), ofPredicted.get(p))) continue;
      link(0, t, p);
      link(1, p, t);
    }
  }
  const seen = [new Set(), new Set()];
  const found = [];
  for (const side of [0, 1]) {
    for (const start of [...sides[side].keys()].sort((a, b) => a - b)) {
      if (seen[side].has(start)) continue;
      const group = [[], []];
      const waiting = [[side, start]];
      seen[side].add(start);
      while (waiting.length) {
        const [at, label] = waiting.pop();
        group[at].push(label);
        for (const other of linked[at].get(label) ?? []) {
          if (seen[1 - at].has(other)) continue;
          seen[1 - at].add(other);
          waiting.push([1 - at, other]);
        }
      }
      found.push(group.map((labels) => labels.sort((a, b) => a - b)));
    }
  }
  return found;
}
