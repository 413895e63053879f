/** Files that a reader takes along, made when they are asked for. */

import { make } from "../../figures/_shared/elements.js";
import { barLength } from "../pictures.js";
import { methods, notebook } from "../notebook.js";

/** Let the browser save bytes, text or a Blob under a name. */
export function save(content, name, type) {
  const address = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
  const link = make("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** What can be saved: [handle, words, ending of the name, what it is for, make(run)]. */
export const FILES = [
  ["labels", "Labels (TIFF)", "_labels.tif", "Every pixel holds the number of its object. For Fiji, napari, Python.",
    async (run) => [(await import("../write.js")).labelTiff(run.labels, run.height, run.width, run.pixelSize), "image/tiff"]],
  ["rois", "Outlines for ImageJ (zip)", "_rois.zip", "For Fiji's ROI Manager; names are label numbers.",
    async (run) => [(await import("../write.js")).rois(run.labels, run.height, run.width), "application/zip"]],
  ["geojson", "Outlines for QuPath (GeoJSON)", "_outlines.geojson", "In QuPath: File › Import objects.",
    async (run) => [(await import("../write.js")).geojson(run.labels, run.height, run.width), "application/geo+json"]],
  ["csv", "Table (CSV)", "_table.csv", "One row an object; in µm where the pixel size is known.",
    async (run) => [(await import("../write.js")).csv(run.table), "text/csv"]],
  ["picture", "Picture (PNG)", "_outlines.png", "Image and outlines, with a scale bar where the pixel size is known.",
    async (run) => [await outlined(run), "image/png"]],
  ["notebook", "Notebook (.ipynb)", "_notebook.ipynb", "The same run in Python, with exactly these settings.",
    async (run) => [JSON.stringify(notebook(run), null, 1), "application/x-ipynb+json"]],
  ["card", "Report card (JSON)", "_card.json", "All that it takes to repeat this run; to go on with, see “Reporting”.",
    async (run) => [JSON.stringify(await (await import("../card.js")).reportCard(run), null, 2), "application/json"]],
];

export { methods };

/** The image with its outlines; twice as large where it is small, so that lines stay thin. */
function outlined({ width, height, picture, paths, pixelSize }) {
  const scale = Math.max(width, height) < 1200 ? 2 : 1;
  const canvas = make("canvas", { width: width * scale, height: height * scale });
  const pen = canvas.getContext("2d");
  pen.scale(scale, scale);
  pen.imageSmoothingEnabled = false;
  pen.drawImage(picture, 0, 0);
  pen.lineWidth = 1.5 / scale;
  for (const { path, colour, dash } of paths) {
    pen.strokeStyle = colour;
    pen.setLineDash(dash ? [4 / scale, 3 / scale] : []);
    pen.stroke(path);
  }
  pen.setLineDash([]);
  if (pixelSize) scaleBar(pen, width, height, pixelSize.x);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

function scaleBar(pen, width, height, size) {
  const length = barLength(width * size);
  const [long, edge] = [length / size, width / 40];
  const text = Math.max(10, width / 30);
  pen.fillStyle = "#fff";
  pen.strokeStyle = "#000";
  pen.lineWidth = text / 8;
  pen.lineJoin = "round";
  pen.font = `${text}px sans-serif`;
  pen.textAlign = "center";
  const [x, y] = [width - edge - long, height - edge - text / 3];
  pen.strokeRect(x, y, long, text / 4);
  pen.fillRect(x, y, long, text / 4);
  pen.strokeText(`${length} µm`, x + long / 2, y - text / 3);
  pen.fillText(`${length} µm`, x + long / 2, y - text / 3);
}
