/**
 * The same run outside the page: a Jupyter notebook, and a paragraph for the methods. No DOM.
 *
 * A run is { tool, fileName, cell, nucleus, settings, count, pixelSize, score }: `cell` and `nucleus`
 * are planes as read.js gives them (nucleus is null where there is none), `settings` those that
 * engine.run() says it used, `score` of score.js or null; `cures` are [{ cure, amount }] that changed
 * the first plane's pixels, in this order.
 */

import { TOOLS, counted, isStardist, likeOf } from "./tools.js";

const python = (value) => (value === null || value === undefined ? "None" : String(value));
const quoted = (text) => JSON.stringify(text);
const rounded = (value) => +Number(value).toPrecision(8); // float32 settings, as they were meant

// Of the pixels, by the names of image_cures.js: Python's name, and a clause of the methods.
const CURES = {
  invert: ["inverted", "inverted"],
  even: ["evened", "divided by a strongly blurred copy of itself (three running means of 101 px)"],
  cap: ["capped", "capped"],
  denoise: ["denoised", "smoothed by non-local means (scikit-image; patches of 5 px, distances of up to 5 px, h of 0.8 standard deviations)"],
};

/** An .ipynb as an object that JSON.stringify() writes. */
export function notebook(run) {
  const { tool, fileName, count } = run;
  const { title, objects, own } = TOOLS[tool];
  const cells = [
    markdown(`# ${title}: ${fileName}`,
      `Made by the page *Try your own image*, which found ${counted(tool, count)}. The settings are the same, and so is the network: it finds the same objects, up to single pixels at their borders.`,
      ...(own ? [`The network is your model “${title}”. **In the first cell, say where its folder lies.**`] : []),
      "Put this notebook beside the image. It needs the course's environment: see *Set up* on the course's site."),
    code(...imports(run), "", `path = Path(${quoted(fileName)})`,
      ...(own ? [`models_folder = Path("models")  # yours: the folder in which the folder ${title} lies`] : [])),
    markdown("## Read the image"),
    code(...reading(run)),
    markdown(`## Find the ${objects}`),
    code(...prediction(run)),
    code("show.segmentation(view, labels)", "plt.show()"),
    markdown("## Keep the labels", "If the labels that the page saved lie here, too, they are compared."),
    code(...keeping(run)),
  ];
  return {
    cells: cells.map((cell, i) => ({ ...cell, id: `cell-${i}` })),
    metadata: {
      kernelspec: { display_name: "Python 3", language: "python", name: "python3" },
      language_info: { name: "python" },
    },
    nbformat: 4, nbformat_minor: 5,
  };
}

function markdown(...paragraphs) {
  return { cell_type: "markdown", metadata: {}, source: lines(paragraphs.join("\n\n").split("\n")) };
}

function code(...source) {
  return { cell_type: "code", execution_count: null, metadata: {}, outputs: [], source: lines(source) };
}

/** As notebooks keep text: every line but the last ends in a line break. */
function lines(texts) {
  return texts.map((text, i) => (i < texts.length - 1 ? `${text}\n` : text));
}

function imports({ tool, cell, nucleus, cures = [] }) {
  const own = isStardist(tool)
    ? ["from csbdeep.utils import normalize", "from stardist.models import StarDist2D"]
    : ["from cellpose import models"];
  const files = ["import tifffile", ...cell.python.imports, ...(nucleus?.python.imports ?? [])];
  return ["from pathlib import Path", "", "import matplotlib.pyplot as plt", "import numpy as np",
    ...new Set([...files, ...own]), "",
    `from bioimage_course import ${TOOLS[tool].own ? "" : "WEIGHTS, "}${cures.length ? "image_cures, " : ""}show`];
}

function reading({ cell, nucleus, cures = [] }) {
  const cured = cures.length ? ["# Mended before the network sees it, as on the page."] : [];
  if (!nucleus) {
    return [`# ${cell.name}`, ...cell.python.lines, "view = image  # what pictures show",
      ...cured, ...cures.map((cure) => `image = ${mended("image", cure)}`),
      'print(f"{image.shape[1]} × {image.shape[0]} pixels, {image.dtype}")'];
  }
  return [`# The cells: ${cell.name}`, ...cell.python.lines, "view = image  # what pictures show", "",
    `# Their nuclei: ${nucleus.name}`, ...nucleus.python.lines, "",
    ...cured, ...(cures.length ? ["cells = view", ...cures.map((cure) => `cells = ${mended("cells", cure)}`)] : []),
    `image = np.stack([${cures.length ? "cells" : "view"}, image])  # first the cells, then the nuclei`,
    'print(f"{image.shape[2]} × {image.shape[1]} pixels, 2 channels")'];
}

function mended(name, { cure, amount }) {
  return `image_cures.${CURES[cure][0]}(${name}${cure === "cap" ? `, ${amount}` : ""})`;
}

function prediction({ tool, nucleus, settings }) {
  const { weights, objects, own } = TOOLS[tool];
  const [folder, file] = own ? ["models_folder", own.file] : ["WEIGHTS", "model"];
  const print = `print(labels.max(), "${objects}")`;
  if (isStardist(tool)) {
    const scale = settings.scale && settings.scale !== 1 ? [`    scale=${rounded(settings.scale)},  # the image was resized by this factor`] : [];
    return [`model = StarDist2D(None, name=${quoted(weights)}, basedir=str(${folder}))`,
      "labels, details = model.predict_instances(",
      "    normalize(image, 1, 99.8),", ...scale,
      `    prob_thresh=${rounded(settings.probThreshold)},`,
      `    nms_thresh=${rounded(settings.nmsThreshold)},`, ")", print];
  }
  const channels = nucleus ? ["    channels=[1, 2],", "    channel_axis=0,"] : ["    channels=[0, 0],"];
  return [`weights = ${folder} / ${quoted(weights)} / ${quoted(file)}`,
    "# With a graphics card, gpu=True is faster; single pixels may then differ.",
    "model = models.CellposeModel(gpu=False, pretrained_model=str(weights))",
    "labels, flows, styles = model.eval(", "    image,", ...channels,
    `    diameter=${python(settings.diameter && rounded(settings.diameter))},${settings.diameter ? "  # px" : ""}`,
    `    cellprob_threshold=${rounded(settings.cellprobThreshold)},`,
    `    flow_threshold=${rounded(settings.flowThreshold)},`,
    `    min_size=${python(settings.minSize)},`, ")", print];
}

function keeping({ pixelSize }) {
  const size = pixelSize
    ? [`    imagej=labels.max() < 2**16, resolution=(1 / ${rounded(pixelSize.x)}, 1 / ${rounded(pixelSize.y)}),`,
      '    metadata={"unit": "um"},'] : [];
  return ["kind = np.uint16 if labels.max() < 2**16 else np.uint32  # as many bits as the numbers need",
    "tifffile.imwrite(", '    path.with_name(f"{path.stem}_labels_python.tif"), labels.astype(kind),', ...size, ")", "",
    'saved = path.with_name(f"{path.stem}_labels.tif")', "if saved.exists():",
    "    page = tifffile.imread(saved)",
    '    print(f"{(page.astype(bool) == labels.astype(bool)).mean():.2%} of all pixels are alike")',
    '    print(f"The page found {page.max()}, this notebook {labels.max()}.")'];
}

/** What was done, for the methods of a paper. What only you know stands in square brackets. */
export function methods(run) {
  const { tool, count, nucleus, settings, pixelSize, score, cures = [] } = run;
  const { version, paper, weights, objects, own } = TOOLS[tool];
  const { name } = TOOLS[likeOf(tool)];
  const size = pixelSize ? `pixel size ${rounded(pixelSize.x)} × ${rounded(pixelSize.y)} µm` : "pixel size [in µm]";
  const many = objects[0].toUpperCase() + objects.slice(1);
  return [
    `${many} were segmented in [kind of image; ${size}] with ${name} (${paper}), weights “${weights}”${own ? `, ${trained(own)}` : " of the course “Deep learning for bioimage analysis”, unchanged"}.`,
    ...(cures.length ? [`Before, the ${nucleus ? "cell channel" : "image"} was ${cures.map(({ cure, amount }) => CURES[cure][1] + (cure === "cap" ? ` at a grey value of ${rounded(amount)}` : "")).join(", then ")}; intensities were measured in the image as recorded.`] : []),
    isStardist(tool)
      ? "Intensities were scaled linearly so that the 1st and the 99.8th percentile of the image became 0 and 1."
      : `Intensities were scaled linearly so that the 1st and the 99th percentile of ${nucleus ? "each channel" : "the image"} became 0 and 1.${nucleus ? " A second channel showed the nuclei." : ""}`,
    `${set(tool, settings)}`,
    `The network ran in a web browser (ONNX Runtime Web) with the course's JavaScript version of ${name} ${version}, which finds the objects of the Python library up to single pixels at their borders.`,
    `No objects were removed or corrected afterwards; ${counted(tool, count)} ${count === 1 ? "was" : "were"} found.`,
    score
      ? `Against an annotation of this image with ${score.annotated.size.toLocaleString("en")} objects, F1 was ${score.scores.F1.toFixed(2)} and the average precision TP / (TP + FP + FN) was ${score.scores.AP["0.5"].toFixed(2)} at an IoU threshold of 0.5.`
      : "[How well this fits annotations of your own images: number of images and objects, score, IoU threshold.]",
  ].join(" ");
}

/** Where a model of the reader's own comes from. */
function trained({ images, start, sha256 }) {
  const from = { course: "the weights of the course “Deep learning for bioimage analysis”", official: "the official weights [which]", nothing: "random weights" };
  return `which we trained on ${images ?? "[number of]"} images [of what, under which licence], starting from ${from[start] ?? "[which weights]"} (SHA-256 ${sha256.slice(0, 12)}…; [where they can be had])`;
}

function set(tool, settings) {
  const values = isStardist(tool)
    ? [["prob_thresh", settings.probThreshold], ["nms_thresh", settings.nmsThreshold], ["scale", settings.scale ?? 1]]
    : [["diameter", settings.diameter], ["cellprob_threshold", settings.cellprobThreshold],
      ["flow_threshold", settings.flowThreshold], ["min_size", settings.minSize]];
  const told = values.map(([name, value]) => (
    name === "diameter" ? (value ? `diameter = ${rounded(value)} px` : "no diameter") : `${name} = ${rounded(value)}`));
  return `We set ${told.slice(0, -1).join(", ")} and ${told.at(-1)}, and left all other parameters at their defaults.`;
}
