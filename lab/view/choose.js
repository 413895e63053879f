/** Step 1: a file, by dropping, choosing or pasting it, or one of the examples. */

import { button, make } from "../../figures/_shared/elements.js";

const ACCEPTED = ".tif,.tiff,.png,.jpg,.jpeg,.zip,image/tiff,image/png,image/jpeg";
const EXAMPLES = [
  { file: "nuclei", title: "Nuclei", tool: "stardist", alt: "Grey oval nuclei on black",
    task: "The easy one. Run it, then raise the probability threshold to 0.8: what goes?" },
  { file: "cells", title: "Cells, two channels", tool: "cellpose-cells", alt: "Round grey cells with blue nuclei",
    task: "Actin shows the cells, DNA their nuclei. Leave the nuclei out: what changes?" },
  { file: "too_large", title: "Nuclei, and it fails", tool: "stardist", alt: "A few large, blurred nuclei",
    task: "Find out why: measure one nucleus, and run it again." },
  { file: "tissue", title: "Tissue (H&E)", tool: "stardist", alt: "Purple nuclei in pink tissue",
    task: "Dark on white; the network learned bright on black. Compare the colours: which helps?" },
];

/**
 * base : address of the folder lab/
 * onFiles(files, example or null) : one File or several were chosen
 */
export function chooser(base, onFiles) {
  const input = make("input", { type: "file", multiple: true, accept: ACCEPTED, id: "lab-file", className: "lab-file" });
  const zone = make("div", { className: "lab-drop" },
    make("label", { htmlFor: "lab-file", className: "md-button md-button--primary", textContent: "Choose an image" }),
    input,
    make("p", {}, make("span", { className: "lab-wide", textContent: "or drop it anywhere on this page, or paste it. " }),
      "TIFF, PNG or JPEG. Several images at once get the same settings."),
  );
  input.addEventListener("change", () => {
    if (input.files.length) onFiles([...input.files], null);
    input.value = ""; // so that the same file can be chosen again
  });
  listenToDrops(zone, onFiles);
  document.addEventListener("paste", ({ clipboardData, target }) => {
    const files = [...clipboardData?.files ?? []];
    if (files.length && !target.closest?.("input, textarea")) onFiles(files, null);
  });
  const list = make("ul", { className: "lab-examples" }, ...EXAMPLES.map((example) => {
    const picture = make("img", { src: new URL(`examples/${example.file}.webp`, base), alt: example.alt, width: 96, height: 96, loading: "lazy" });
    const choose = button("", async () => onFiles([await fetched(base, example.file)], example));
    choose.append(picture, make("span", {}, make("b", { textContent: example.title }), make("span", { textContent: example.task })));
    return make("li", {}, choose);
  }));
  return make("section", { className: "lab-choose", ariaLabel: "Choose an image" }, zone,
    make("p", { className: "lab-or", textContent: "Or try one of ours, each with a question:" }), list);
}

async function fetched(base, name) {
  const answer = await fetch(new URL(`examples/${name}.tif`, base));
  if (!answer.ok) throw new Error(`The example could not be loaded (${answer.status}). Try again, or choose a file.`);
  return new File([await answer.arrayBuffer()], `${name}.tif`);
}

/** Files may be dropped on the whole page; the zone shows that they may. */
function listenToDrops(zone, onFiles) {
  const isFile = ({ dataTransfer }) => dataTransfer?.types.includes("Files");
  let inside = 0;
  const show = (change) => {
    inside = change ? Math.max(0, inside + change) : 0;
    zone.toggleAttribute("data-over", inside > 0);
  };
  document.addEventListener("dragenter", (event) => isFile(event) && show(1));
  document.addEventListener("dragleave", (event) => isFile(event) && show(-1));
  document.addEventListener("dragover", (event) => isFile(event) && event.preventDefault());
  document.addEventListener("drop", (event) => {
    if (!isFile(event)) return;
    event.preventDefault();
    show(0);
    if (event.target.closest?.("[data-lab-score]")) return; // an annotation: scoring.js takes it
    if (event.dataTransfer.files.length) onFiles([...event.dataTransfer.files], null);
  });
}
