/**
 * Decision figure: answer one question after the other, and see which ways to segment remain.
 *
 * Questions, answers and where they lead stand in the page, as lists with links, readable without
 * script. This module reads them and asks one question at a time; printed, they are a tree.
 *
 * Model  walk(), reachable(), longest()  pure, no DOM
 * View   read()                          makes the model's tree from the page
 *        mount()                         asks; draws one <figure data-figure="decision">
 *
 * A tree is {start, questions: {id: [target, …]}, leaves: [id, …]}: one target for each answer.
 */

import { button, make, startAgain } from "../_shared/elements.js";

/** The questions that `choices` lead through, the open one last, and the leaf once there is one. */
export function walk(tree, choices) {
  const asked = [tree.start];
  for (const choice of choices) {
    const target = tree.questions[asked.at(-1)][choice];
    if (tree.leaves.includes(target)) return { asked, leaf: target };
    asked.push(target);
  }
  return { asked, leaf: null };
}

/** The leaves that can still be reached from a question or leaf. */
export function reachable(tree, id) {
  if (tree.leaves.includes(id)) return new Set([id]);
  return new Set(tree.questions[id].flatMap((target) => [...reachable(tree, target)]));
}

/** How many questions the longest way asks. Throws where an answer leads nowhere or in a circle. */
export function longest(tree, id = tree.start, above = []) {
  if (tree.leaves.includes(id)) return 0;
  if (!tree.questions[id]?.length || above.includes(id)) {
    throw new Error(`${above.at(-1)} leads to ${id}, which is no question and no leaf below it`);
  }
  return 1 + Math.max(...tree.questions[id].map((next) => longest(tree, next, [...above, id])));
}

/** The tree that stands in the figure, and the words of each question. */
export function read(figure) {
  const target = (item) => item.querySelector("a").hash.slice(1);
  const words = Object.fromEntries(
    [...figure.querySelectorAll(".decision-question")].map((question) => {
      const [title, ...hints] = question.querySelectorAll(":scope > p");
      const items = [...question.querySelectorAll("li")];
      return [question.id, {
        title: title.textContent.replace(/^\d+ · /, ""),
        hint: hints.map((hint) => hint.textContent).join(" "),
        answers: items.map((item) => item.textContent.split("→")[0].trim()),
        marked: items.map((item) => item.innerHTML.split("→")[0].trim()),
        short: items.map((item) => // what is bold in an answer
          [...item.querySelectorAll("strong")].map((part) => part.textContent).join(" / ")),
        targets: items.map(target),
      }];
    }),
  );
  const tree = {
    start: Object.keys(words)[0],
    questions: Object.fromEntries(Object.entries(words).map(([id, { targets }]) => [id, targets])),
    leaves: [...figure.querySelectorAll(".decision-leaves li")].map(target),
  };
  longest(tree); // throws where the page's links do not make a tree
  return { tree, words };
}

export function mount(figure) {
  const { tree, words } = read(figure);
  const leaves = figure.querySelector(".decision-leaves");
  const ends = [...leaves.querySelectorAll("a")];
  const names = Object.fromEntries(ends.map((end) => [end.hash.slice(1), end.textContent]));
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  let choices = [];

  const chips = make("ol", { className: "decision-chips" });
  chips.setAttribute("aria-label", "Your answers");
  const given = make("div", { className: "decision-given figure-buttons" }, chips, startAgain(() => answer([])));
  const question = make("div", { className: "decision-ask", role: "group" });
  const status = make("p", { className: "decision-status", role: "status" });
  const result = make("div", { className: "decision-result figure-verdict" });
  leaves.querySelector("p").replaceWith(status);
  const stage = figure.querySelector(".decision-stage");
  stage.prepend(make("div", { className: "decision-tree" }, printed(tree.start)));
  stage.append(given, question, leaves, result);
  stage.classList.add("mounted");
  show();

  /** Take answers, and lead the reader to what they open: a question or the result. */
  function answer(next) {
    choices = next;
    show();
    const { leaf } = walk(tree, choices);
    const place = leaf ? result : question;
    place.querySelector("[tabindex]").focus({ preventScroll: true });
    place.scrollIntoView({ block: "nearest", behavior: calm.matches ? "auto" : "smooth" });
  }

  function show() {
    const { asked, leaf } = walk(tree, choices);
    given.hidden = !choices.length;
    chips.replaceChildren(...choices.map((choice, i) => make("li", {}, chip(asked[i], choice, i))));
    question.hidden = Boolean(leaf);
    question.replaceChildren(...(leaf ? [] : ask(asked.at(-1))));
    result.hidden = !leaf;
    result.replaceChildren(...(leaf ? card(leaf) : []));

    const left = reachable(tree, leaf ?? asked.at(-1));
    for (const end of ends) {
      const id = end.hash.slice(1);
      const state = id === leaf ? "answer" : left.has(id) ? "possible" : "out";
      end.parentElement.dataset.state = state;
      const note = { answer: ", your answer", out: ", ruled out", possible: "" }[state];
      if (note) end.setAttribute("aria-label", names[id] + note);
      else end.removeAttribute("aria-label");
    }
    status.textContent = leaf ? `Your answer: ${names[leaf]}.`
      : `${left.size} of ${tree.leaves.length} answers are still possible.`;
  }

  /** A given answer: pressed, its question is asked again. */
  function chip(id, choice, i) {
    const { title, answers, short } = words[id];
    const made = button(short[choice], () => answer(choices.slice(0, i)));
    made.append(make("span", { textContent: " ×", ariaHidden: "true" }));
    made.title = `${title} ${answers[choice]}`;
    made.setAttribute("aria-label", `${title} ${answers[choice]}. Answer again.`);
    return made;
  }

  function ask(id) {
    const { title, hint, marked } = words[id];
    const head = make("p", { className: "decision-title", id: "decision-title", tabIndex: -1 },
      make("span", { className: "decision-number", textContent: `Question ${choices.length + 1}` }), ` ${title}`);
    question.setAttribute("aria-labelledby", head.id);
    const note = hint ? [make("p", { className: "decision-hint", textContent: hint })] : [];
    return [head, ...note, make("div", { className: "decision-options" },
      ...marked.map((html, choice) => {
        const made = button("", () => answer([...choices, choice]));
        made.append(make("span", { innerHTML: html })); // the page's own words
        return made;
      }))];
  }

  /** What the page says about a leaf, below its heading, as a copy in the figure. */
  function card(leaf) {
    const title = make("p", { className: "decision-title", tabIndex: -1 }, "Your answer: ",
      make("a", { href: `#${leaf}`, textContent: names[leaf] }));
    const copies = [];
    let next = document.getElementById(leaf)?.nextElementSibling;
    for (; next && !/^H[1-6]$/.test(next.tagName); next = next.nextElementSibling) {
      const copy = next.cloneNode(true);
      for (const hint of copy.querySelectorAll(".defined")) {
        hint.querySelector(".definition").remove();
        hint.replaceWith(hint.textContent);
      }
      copy.querySelectorAll("[id]").forEach((element) => element.removeAttribute("id"));
      copies.push(copy);
    }
    return [title, ...copies];
  }

  /** A question with all that follows from it, for paper; one that was written out is only named. */
  function printed(id, known = new Set()) {
    const { title, answers, targets } = words[id];
    if (known.has(id)) return make("p", { textContent: `see above: ${title}` });
    known.add(id);
    const list = make("ul", {}, ...answers.map((text, choice) => {
      const to = targets[choice];
      return make("li", {}, `${text} → `,
        names[to] ? make("strong", { textContent: names[to] }) : printed(to, known));
    }));
    return make("div", {}, make("p", { textContent: title }), list);
  }
}
