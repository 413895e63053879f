/** Step 6: an annotation, and what became of every object in it. */

import { make } from "../../figures/_shared/elements.js";

const WORDS = [
  ["found", "It fits: IoU at least 0.5."],
  ["merged", "It shares an outline with another."],
  ["split", "Several pieces lie in it."],
  ["missed", "Hardly anything covers it."],
  ["badly outlined", "Something is there, and does not fit."],
  ["ghost", "Found where people drew nothing."],
];

/** base : address of the folder lab/; onFile(File) for an annotation; show(score, notes), hide() */
export function scoring(base, onFile) {
  const input = make("input", { type: "file", accept: ".tif,.tiff,.png,.zip,.roi,.json,.geojson", id: "lab-annotation", className: "lab-file" });
  const zone = make("div", { className: "lab-drop lab-drop--small" },
    make("label", { htmlFor: "lab-annotation", className: "lab-button", textContent: "Choose an annotation" }), input,
    make("p", { textContent: "Labels (TIFF, PNG), ImageJ ROIs (zip) or GeoJSON of this image. You may drop it here." }));
  zone.dataset.labScore = "";
  input.addEventListener("change", () => {
    if (input.files.length) onFile(input.files[0]);
    input.value = "";
  });
  zone.addEventListener("drop", (event) => event.dataTransfer.files.length && onFile(event.dataTransfer.files[0]));
  const answer = make("div", { className: "lab-score" });
  const element = make("section", {}, make("h2", { textContent: "Score" }), zone, answer);
  return {
    element,
    hide() { answer.replaceChildren(); },
    show({ counts, scores, annotated }, name, notes) {
      const number = (value) => value.toFixed(2);
      const { AP, F1, PQ } = scores;
      const values = [["F1", F1], ["AP at 0.5", AP[0.5]], ["AP at 0.7", AP[0.7]], ["AP at 0.9", AP[0.9]], ["PQ", PQ]];
      answer.replaceChildren(
        make("p", { textContent: `${name}: ${annotated.size.toLocaleString("en")} annotated objects.` }),
        make("dl", { className: "lab-scores" }, ...values.map(([term, value]) => (
          make("div", {}, make("dt", { textContent: term }), make("dd", { textContent: number(value) }))))),
        make("p", { className: "lab-note" }, "1 is perfect. “At 0.9” asks for outlines that hardly differ. ",
          make("a", { href: new URL("../practice/evaluating/", base), target: "_blank", textContent: "What the letters mean" })),
        make("ul", { className: "lab-mistakes" }, ...WORDS.map(([word, meaning]) => {
          const item = make("li", {}, make("b", { textContent: counts[word] }), ` ${word}`, make("small", { textContent: meaning }));
          item.dataset.kind = word === "found" ? "found" : word === "ghost" ? "ghost" : "wrong";
          return item;
        })),
        ...notes.map((note) => make("p", { className: "lab-note", textContent: note })),
      );
    },
  };
}
