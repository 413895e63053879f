/**
 * Compare what was found with an annotation, in the course's words: bioimage_course.mistakes with
 * StarDist's matching, and the same rules. No DOM.
 */

const MOST = 0.5; // more than this part of an object lies in another: it lies mostly in it
export const HARDLY = 0.25; // less than this part: it hardly lies in it

/** How many pixels each pair of objects shares, and how many each object has. */
export function overlaps(truth, predicted) {
  const [ofTruth, ofPredicted, shared] = [new Map(), new Map(), new Map()];
  const add = (map, key) => map.set(key, (map.get(key) ?? 0) + 1);
  for (let i = 0; i < truth.length; i++) {
    const [t, p] = [truth[i], predicted[i]];
    if (t) add(ofTruth, t);
    if (p) add(ofPredicted, p);
    if (!t || !p) continue;
    if (!shared.has(t)) shared.set(t, new Map());
    add(shared.get(t), p);
  }
  return { ofTruth, ofPredicted, shared };
}

/** Pairs that fit: { truth, predicted, iou }, each object in one at most. minIou is at least 0.5. */
export function matched({ ofTruth, ofPredicted, shared }, minIou) {
  const [pairs, taken] = [[], new Set()];
  for (const t of [...shared.keys()].sort((a, b) => a - b)) {
    let best = null;
    for (const [p, both] of shared.get(t)) {
      const iou = both / (ofTruth.get(t) + ofPredicted.get(p) - both);
      // Above a half a match is unique; two halves of one object are alike, and the first counts.
      if (iou >= minIou && !taken.has(p) && (!best || iou > best.iou || (iou === best.iou && p < best.predicted))) {
        best = { truth: t, predicted: p, iou };
      }
    }
    if (best) {
      taken.add(best.predicted);
      pairs.push(best);
    }
  }
  return pairs;
}

/**
 * Scores and names of all mistakes.
 *
 * truth, predicted : Int32Array of the same length; 0 is background, numbers may have gaps
 * Returns
 *   annotated  Map number → "found", "merged", "split", "missed" or "badly outlined"
 *   predicted  Map number → "found", "ghost", "merged", "split" or "badly outlined"
 *   counts     { found, merged, split, missed, "badly outlined", ghost }
 *   scores     { AP: { 0.5: …, 0.7: …, 0.9: … }, F1, PQ }, the last two at IoU 0.5
 */
export function score(truth, predicted) {
  const table = overlaps(truth, predicted);
  const { ofTruth, ofPredicted, shared } = table;
  const pairs = matched(table, 0.5);
  const foundTruth = new Set(pairs.map((pair) => pair.truth));
  const foundPredicted = new Set(pairs.map((pair) => pair.predicted));

  const holds = new Map(); // a predicted object → the annotated ones that lie mostly in it
  const pieces = new Map(); // an annotated object → the predicted ones that lie mostly in it
  const [coveredTruth, coveredPredicted] = [new Map(), new Map()];
  for (const [t, row] of shared) {
    for (const [p, both] of row) {
      coveredTruth.set(t, (coveredTruth.get(t) ?? 0) + both);
      coveredPredicted.set(p, (coveredPredicted.get(p) ?? 0) + both);
      if (both / ofTruth.get(t) > MOST) holds.set(p, [...holds.get(p) ?? [], t]);
      if (both / ofPredicted.get(p) > MOST) pieces.set(t, [...pieces.get(t) ?? [], p]);
    }
  }
  const several = (map) => [...map].filter(([, inside]) => inside.length > 1);
  const merged = new Set(several(holds).flatMap(([, inside]) => inside));
  const mergers = new Set(several(holds).map(([p]) => p));
  const split = new Set(several(pieces).map(([t]) => t));
  const splinters = new Set(several(pieces).flatMap(([, inside]) => inside));
  const share = (covered, of, number) => (covered.get(number) ?? 0) / of.get(number);

  const inOrder = (map) => [...map.keys()].sort((a, b) => a - b);
  const annotated = new Map(inOrder(ofTruth).map((t) => [t,
    foundTruth.has(t) ? "found" : merged.has(t) ? "merged" : split.has(t) ? "split"
      : share(coveredTruth, ofTruth, t) < HARDLY ? "missed" : "badly outlined"]));
  const named = new Map(inOrder(ofPredicted).map((p) => [p,
    foundPredicted.has(p) ? "found" : share(coveredPredicted, ofPredicted, p) < HARDLY ? "ghost"
      : mergers.has(p) ? "merged" : splinters.has(p) ? "split" : "badly outlined"]));

  const counts = { found: 0, merged: 0, split: 0, missed: 0, "badly outlined": 0, ghost: 0 };
  for (const name of annotated.values()) counts[name]++;
  for (const name of named.values()) counts.ghost += name === "ghost";
  return { annotated, predicted: named, counts, scores: scores(table, pairs) };
}

function scores(table, pairs) {
  const all = table.ofTruth.size + table.ofPredicted.size;
  const precision = (hits) => (all ? hits / (all - hits) : 0); // as StarDist has it
  const AP = Object.fromEntries([0.5, 0.7, 0.9].map((iou) => [iou, precision(matched(table, iou).length)]));
  const quality = pairs.reduce((sum, { iou }) => sum + iou, 0);
  return { AP, F1: all ? (2 * pairs.length) / all : 0, PQ: all ? quality / (all / 2) : 0 };
}
