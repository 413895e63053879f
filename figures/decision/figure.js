/**
 * Decision figure: answer a few questions, and see which ways to segment remain.
 *
 * Questions, answers and where they lead stand in the page, as lists with links, readable without
 * script. This module reads them and asks one question after the other.
 *
 * Model  walk(), reachable(), longest()  pure, no DOM
 * View   read()                          makes the model's tree from the page
 *        mount()                         asks; draws one <figure data-figure="decision">
 *
 * A tree is {start, questions: {id: [target, …]}, leaves: [id, …]}: one target for each answer.
 */

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
  const chips = [...figure.querySelectorAll(".decision-leaves a")];
  const names = Object.fromEntries(chips.map((chip) => [chip.hash.slice(1), chip.textContent]));
  let choices = [];

  const form = make("form", { className: "decision-form" });
  const answer = make("div", { className: "decision-answer", hidden: true });
  const status = make("p", { className: "decision-status", role: "status" });
  const back = make("button", { type: "button", className: "decision-button", textContent: "Back" });
  const again = make("button", {
    type: "button", className: "decision-button", textContent: "Start again",
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  const foot = make("div", { className: "decision-foot" }, back, again, status);
  const list = figure.querySelector(".decision-questions");
  list.hidden = true;
  list.after(form, answer, foot);

  back.addEventListener("click", () => restart(choices.slice(0, -1)));
  again.addEventListener("click", () => restart([]));
  restart([], false);

  function restart(kept, focus = true) {
    choices = kept;
    show();
    const open = form.lastElementChild;
    open.querySelectorAll("input").forEach((input) => { input.checked = false; });
    if (focus) open.querySelector("input").focus();
  }

  /** Draw the questions up to the open one; those that stay are kept, and so is the focus. */
  function show() {
    const { asked, leaf } = walk(tree, choices);
    while (form.children.length > asked.length) form.lastElementChild.remove();
    asked.forEach((id, i) => {
      if (form.children[i]?.dataset.question === id) return;
      while (form.children.length > i) form.lastElementChild.remove();
      form.append(ask(id, i));
    });

    const left = reachable(tree, leaf ?? asked.at(-1));
    for (const chip of chips) {
      const id = chip.hash.slice(1);
      const state = id === leaf ? "answer" : left.has(id) ? "possible" : "out";
      chip.parentElement.dataset.state = state;
      const note = { answer: ", your answer", out: ", ruled out", possible: "" }[state];
      if (note) chip.setAttribute("aria-label", names[id] + note);
      else chip.removeAttribute("aria-label");
    }
    answer.hidden = !leaf;
    answer.replaceChildren(...(leaf ? card(leaf) : []));
    back.disabled = again.disabled = !choices.length;
    status.textContent = leaf
      ? `Your answer: ${names[leaf]}.`
      : `${left.size} of ${tree.leaves.length} answers are still possible.`;
  }

  function ask(id, i) {
    const { title, hint, answers } = words[id];
    const set = make("fieldset", {}, make("legend", { textContent: title }));
    set.dataset.question = id;
    if (hint) {
      set.append(make("p", { id: `${id}-hint`, className: "decision-hint", textContent: hint }));
      set.setAttribute("aria-describedby", `${id}-hint`);
    }
    answers.forEach((text, choice) => {
      const input = make("input", { type: "radio", name: `answer-${id}`, value: choice });
      input.addEventListener("change", () => {
        choices = [...choices.slice(0, i), choice];
        show();
      });
      set.append(make("label", {}, input, make("span", { textContent: text })));
    });
    return set;
  }

  /** What the page says about a leaf, below its heading, as a copy in the figure. */
  function card(leaf) {
    const title = make("p", { className: "decision-title" }, "Your answer: ",
      make("a", { href: `#${leaf}`, textContent: names[leaf] }));
    const copies = [];
    let next = document.getElementById(leaf)?.nextElementSibling;
    for (; next && !/^H[1-6]$/.test(next.tagName); next = next.nextElementSibling) {
      const copy = next.cloneNode(true);
      for (const hint of copy.querySelectorAll(".defined")) {
        hint.replaceWith(hint.querySelector(".term").textContent);
      }
      copy.querySelectorAll("[id]").forEach((element) => element.removeAttribute("id"));
      copies.push(copy);
    }
    return [title, ...copies];
  }
}

function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  if (properties.role) element.setAttribute("role", properties.role);
  element.append(...children);
  return element;
}
