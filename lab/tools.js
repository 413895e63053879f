/**
 * The three tools of the lab, as the page, the notebook and the methods paragraph speak of them.
 * The keys are the engine's names. own_model.js adds a reader's own models.
 */

import measured from "../src/bioimage_course/image_faults.json" with { type: "json" };
import listed from "./weights/weights.json" with { type: "json" };

const { small, large } = measured.tools.stardist; // px: beyond these widths it was measured to fail

export const TOOLS = {
  stardist: {
    name: "StarDist", title: "StarDist for nuclei", objects: "nuclei", one: "nucleus",
    weights: "stardist_nuclei", version: "0.9.2", paper: "Schmidt et al. 2018, doi:10.1007/978-3-030-00934-2_30",
    text: "Bright, roundish nuclei in fluorescence.",
    typical: measured.own.stardist.width, // px across: the size of object it takes for granted
    knows: [small, large].map(Math.round),
  },
  "cellpose-nuclei": {
    name: "Cellpose", title: "Cellpose for nuclei", objects: "nuclei", one: "nucleus",
    weights: "cellpose_nuclei", version: "3.1.1.3", paper: "Stringer et al. 2021, doi:10.1038/s41592-020-01018-x",
    text: "Nuclei of any shape. It wants to know how wide they are.",
    typical: listed.cellpose_nuclei.settings.own,
  },
  "cellpose-cells": {
    name: "Cellpose", title: "Cellpose for whole cells", objects: "cells", one: "cell",
    weights: "cellpose_cells", version: "3.1.1.3", paper: "Stringer et al. 2021, doi:10.1038/s41592-020-01018-x",
    text: "A channel that shows the whole cell; one with its nuclei helps.",
    typical: listed.cellpose_cells.settings.own,
    twoChannels: true,
  },
};

/** Which of the three tools an own model works like; the tool itself, where it is one of them. */
export const likeOf = (tool) => TOOLS[tool].own?.like ?? tool;
export const isStardist = (tool) => likeOf(tool) === "stardist";

/** "1 nucleus", "125 nuclei" */
export function counted(tool, count) {
  return `${count.toLocaleString("en")} ${count === 1 ? TOOLS[tool].one : TOOLS[tool].objects}`;
}
