/** What a run found, as the page draws and tells it. */

import { measure } from "../measure.js";
import { objects } from "../outlines.js";
import { counted } from "../tools.js";

const [AMBER, SKY, VERMILION, MAUVE] = ["#f0b429", "#56b4e9", "#ff7a33", "#e39bc6"];

/** Outlines and measurements of a label image, each made when it is first asked for. */
export class Found {
  /** result : of the engine; pixels : Float32Array, as recorded */
  constructor(result, pixels) {
    Object.assign(this, result);
    this.pixels = pixels;
  }

  get outlines() {
    this.made ??= new Map(objects(this.labels, this.height, this.width).map(({ label, parts }) => [label, parts]));
    return this.made;
  }

  /** One path around the objects with these labels; all of them if none are given. */
  path(labels = this.outlines.keys()) {
    const path = new Path2D();
    for (const label of labels) {
      for (const { outer, holes } of this.outlines.get(label) ?? []) {
        for (const ring of [outer, ...holes]) {
          ring.forEach(([x, y], i) => (i ? path.lineTo(x, y) : path.moveTo(x, y)));
          path.closePath();
        }
      }
    }
    return path;
  }

  /** The label at a place of the image; 0 outside. */
  at([x, y]) {
    const [column, row] = [Math.floor(x), Math.floor(y)];
    const inside = column >= 0 && row >= 0 && column < this.width && row < this.height;
    return inside ? this.labels[row * this.width + column] : 0;
  }

  table(pixelSize) {
    const key = JSON.stringify(pixelSize);
    if (this.tableKey !== key) {
      this.tableKey = key;
      this.measured = measure(this.labels, this.pixels, this.height, this.width, pixelSize);
      this.rows = new Map(this.measured.rows.map((row) => [row[0], row]));
    }
    return this.measured;
  }

  /** A measurement of one object by its column's name. */
  value(label, column) {
    return this.rows.get(label)?.[this.measured.columns.indexOf(column)];
  }
}

/** One object, in words. */
export function told(found, label, one, pixelSize, score) {
  found.table(pixelSize);
  const say = (column) => +found.value(label, column).toPrecision(3);
  const size = pixelSize ? `${say("diameter_um")} µm across, ${say("area_um2")} µm²` : `${say("diameter_px")} px across, ${say("area_px")} px²`;
  const cut = found.value(label, "touches_border") ? ", cut by the border" : "";
  const kind = score?.predicted.get(label);
  return `${one[0].toUpperCase()}${one.slice(1)} ${label}: ${size}${cut}${kind ? `. ${kind}` : ""}.`;
}

/** The paths of a layer: what fits in amber, what does not in orange, lost annotations in blue. */
export function paths(found, annotation, score) {
  if (!score) return [{ path: found.path(), colour: AMBER }];
  const named = (names, fits) => [...names].filter(([, name]) => (name === "found") === fits).map(([label]) => label);
  return [
    { path: annotation.path(named(score.annotated, false)), colour: SKY, dash: true },
    { path: found.path(named(score.predicted, true)), colour: AMBER },
    { path: found.path(named(score.predicted, false)), colour: VERMILION },
  ];
}

/** What two tools found: in amber what both did, in mauve what one did alone, in orange what they
 * divide or outline differently. The lines of the second tool are broken. */
export function bothPaths(first, second, { both, places }) {
  const named = (side, kinds) => places.filter(({ kind }) => kinds.includes(kind)).flatMap((place) => place[side]);
  return [
    { path: first.path(both.map((pair) => pair.first)), colour: AMBER },
    ...[[["alone"], MAUVE], [["divided", "outlined"], VERMILION]].flatMap(([kinds, colour]) => [
      { path: first.path(named("first", kinds)), colour },
      { path: second.path(named("second", kinds)), colour, dash: true },
    ]),
  ];
}

/** The sentence that a screen reader says when a run is over. */
export function announcement(tool, count) {
  return count ? `Done: ${counted(tool, count)} found.` : "Done: nothing was found.";
}

