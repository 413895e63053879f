/** Both tools on one image: how many objects both found, and every place where they differ. */

import { button, make } from "../../figures/_shared/elements.js";
import { TOOLS } from "../tools.js";
import { runner } from "./controls.js";

const OTHER = { stardist: "cellpose-nuclei", "cellpose-nuclei": "stardist" };

/** Which tool is the other one: for an own model the course's of its kind. Whole cells have one tool. */
export const otherThan = (tool) => TOOLS[tool]?.own?.like ?? OTHER[tool];

const MOST = 100; // places that are listed; all are drawn
const count = (number, one, more) => `${number.toLocaleString("en")} ${number === 1 ? one : more}`;

/**
 * onCompare(), onCancel(); onGo(place) for one of agreement.js
 *
 * Returns { element, running, offer(tool or null), show(agreement, tool) }.
 */
export function comparing({ onCompare, onCancel, onGo }) {
  const running = runner({ onRun: onCompare, onCancel, handle: "compare" });
  running.run.className = "lab-button";
  const answer = make("div", { className: "lab-agreement", hidden: true });
  const element = make("section", { className: "lab-comparing" }, make("h2", { textContent: "Two tools, one image" }), running.element, answer);
  return {
    element, running,
    /** For a result of this tool, nothing compared yet. */
    offer(tool) {
      const other = otherThan(tool);
      element.hidden = !other;
      if (other) running.run.textContent = `Compare with ${TOOLS[other].name}`;
      answer.hidden = true;
    },
    show({ both, places, f1 }, tool) {
      const [first, second] = [tool, otherThan(tool)].map((key) => TOOLS[key].name);
      const { one, objects } = TOOLS[tool];
      const of = (kind) => places.filter((place) => place.kind === kind);
      const sum = (side) => of("alone").reduce((all, place) => all + place[side].length, 0);
      const where = (number) => count(number, "place", "places");
      const lines = [
        ["both", both.length, `${both.length === 1 ? one : objects} found by both`, "Their outlines fit: IoU at least 0.5."],
        ["first", sum("first"), `by ${first} alone`, `${second} has hardly anything there.`],
        ["second", sum("second"), `by ${second} alone`, `${first} has hardly anything there.`],
        ["divided", of("divided").length, "differently divided", `Places with one object here and several there. ${first}’s lines are whole, ${second}’s broken.`],
        ["outlined", of("outlined").length, "differently outlined", "One object each, and they do not fit."],
      ];
      const items = lines.map(([kind, number, words, meaning]) => {
        const item = make("li", {}, make("b", { textContent: number.toLocaleString("en") }), ` ${words}`, make("small", { textContent: meaning }));
        item.dataset.kind = kind;
        return item;
      });
      const words = ({ kind, first: own, second: others }) => (
        kind === "alone" ? `${own.length ? first : second} alone`
          : kind === "outlined" ? "Outlined differently" : `${first} ${own.length}, ${second} ${others.length}`);
      const jumps = places.slice(0, MOST).map((place, i) => {
        const go = button(words(place), () => onGo(place));
        go.className = "lab-jump";
        go.ariaLabel = `Show place ${i + 1}: ${words(place)}`;
        return make("li", {}, go);
      });
      const list = make("details", { hidden: !places.length }, make("summary", { textContent: `${where(places.length)} where they differ` }),
        make("ol", { className: "lab-jumps" }, ...jumps));
      if (places.length > MOST) list.append(make("p", { textContent: `The first ${MOST} are listed; the picture shows all.` }));
      list.open = answer.querySelector("details")?.open ?? false;
      answer.replaceChildren(
        make("p", { textContent: f1 === null ? "Neither of them found anything."
          : `Agreement (F1) ${f1.toFixed(2)}: 1 would be full agreement. Two tools can agree and both be wrong; only an annotation shows that.` }),
        make("ul", { className: "lab-mistakes lab-agreed" }, ...items), list);
      answer.hidden = false;
    },
  };
}

/** The agreement in one sentence, for the line of news. */
export function announced({ both, places }, tool) {
  const [first, second] = [tool, otherThan(tool)].map((key) => TOOLS[key].name);
  return `${first} and ${second} agree on ${count(both.length, TOOLS[tool].one, TOOLS[tool].objects)}, and differ in ${count(places.length, "place", "places")}.`;
}
