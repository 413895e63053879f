/**
 * Quizzes: answer, check, read why. Progress stays in this browser.
 *
 * Model  marks(), places(), summary()  pure, no DOM; tested in tests/theme/quiz.test.mjs
 * View   mountAll()                    makes every `.quiz` of the page answerable
 */

/** Of each option: is it "right", "wrong" (chosen, should not be), "missed", or "" (left alone). */
export function marks(chosen, right) {
  return chosen.map((picked, i) => {
    if (picked) return right[i] ? "right" : "wrong";
    return right[i] ? "missed" : "";
  });
}

/** How many steps of an order stand where they belong. */
export function places(order) {
  return order.filter((place, i) => place === i).length;
}

/** One sentence about all questions, of which `solved` lists those answered rightly. */
export function summary(solved, total) {
  if (!solved.length) return `${total} questions. Your answers stay in this browser.`;
  if (solved.length === total) return `All ${total} questions answered rightly.`;
  return `${solved.length} of ${total} questions answered rightly.`;
}

export function mountAll() {
  document.querySelectorAll(".quiz").forEach(mount);
}

function mount(quiz) {
  const key = `quiz ${location.pathname}`;
  const questions = [...quiz.querySelectorAll(".question")];
  let solved = read(key).filter((id) => questions.some((question) => question.id === id));
  const status = make("p", { className: "quiz-status" });
  const again = make("button", { type: "button", className: "quiz-button", textContent: "Start again" });
  quiz.append(make("div", { className: "quiz-foot" }, status, again));

  const show = () => {
    status.textContent = summary(solved, questions.length);
    again.hidden = !solved.length;
    for (const question of questions) {
      question.classList.toggle("solved", solved.includes(question.id));
    }
  };
  const resets = questions.map((question) =>
    (question.dataset.kind === "order" ? mountOrder : mountChoice)(question, (right) => {
      solved = solved.filter((id) => id !== question.id).concat(right ? [question.id] : []);
      write(key, solved);
      show();
    }),
  );
  again.addEventListener("click", () => {
    solved = [];
    write(key, solved);
    resets.forEach((reset) => reset());
    show();
    questions[0].querySelector("input, button").focus();
  });
  show();
}

/** One right option, or several: native radio buttons or tick boxes. */
function mountChoice(question, answered) {
  const type = question.dataset.kind === "one" ? "radio" : "checkbox";
  const options = [...question.querySelectorAll(".options > li")];
  const right = options.map((option) => option.dataset.right === "true");
  const reasons = [...question.querySelectorAll(".key .why")].map((why) => why.innerHTML);
  const inputs = options.map((option, i) => {
    const input = make("input", { type, name: question.id, value: i });
    option.replaceChildren(make("label", {}, input, make("span", { innerHTML: option.innerHTML })));
    return input;
  });
  const { check, verdict } = frame(question);

  const clear = () => {
    verdict.textContent = "";
    options.forEach((option) => {
      option.removeAttribute("data-mark");
      option.querySelector(".reason")?.remove();
    });
  };
  const reset = () => {
    clear();
    inputs.forEach((input) => (input.checked = false));
  };
  question.addEventListener("input", clear);
  check.addEventListener("click", () => {
    clear();
    const chosen = inputs.map((input) => input.checked);
    if (!chosen.includes(true)) {
      verdict.textContent = "Choose an answer first.";
      return;
    }
    const marked = marks(chosen, right);
    const isRight = !marked.includes("wrong") && !marked.includes("missed");
    const missed = marked.filter((mark) => mark === "missed").length;
    verdict.textContent = isRight ? "Right." : verdictOn(marked, type, missed);
    // Why, for what was chosen; what was missed is left to find.
    marked.forEach((mark, i) => {
      if (mark !== "right" && mark !== "wrong") return;
      options[i].dataset.mark = mark;
      const says = mark === "right" ? "Right: " : "Not right: ";
      options[i].append(make("p", { className: "reason" }, make("b", { textContent: says }),
        make("span", { innerHTML: reasons[i] })));
    });
    answered(isRight);
  });
  return reset;
}

function verdictOn(marked, type, missed) {
  if (type === "radio" || marked.includes("wrong")) return "Not yet. Read why, and try again.";
  return `Right so far, but ${missed === 1 ? "one more is" : `${missed} more are`} right.`;
}

/** Steps to bring into order, with buttons that move them up and down. */
function mountOrder(question, answered) {
  const list = question.querySelector(".options");
  const steps = [...list.children];
  const { check, verdict } = frame(question);
  const why = question.querySelector(".key .why").innerHTML;

  const number = () =>
    [...list.children].forEach((step, i) => {
      step.querySelector(".up").disabled = i === 0;
      step.querySelector(".down").disabled = i === steps.length - 1;
    });
  for (const step of steps) {
    const text = make("span", { innerHTML: step.innerHTML });
    const move = (className, sign, word, by) => {
      const button = make("button", { type: "button", className: `quiz-button ${className}`,
        textContent: sign, ariaLabel: `Move ${word}: ${text.textContent}` });
      button.addEventListener("click", () => {
        const i = [...list.children].indexOf(step);
        list.children[i + by][by < 0 ? "before" : "after"](step);
        number();
        const at = i + by + 1;
        verdict.textContent = `${text.textContent}: now step ${at} of ${steps.length}.`;
        // At an end the pressed button cannot be pressed again: the other one takes the focus.
        (button.disabled ? step.querySelector("button:enabled") : button).focus();
      });
      return button;
    };
    step.replaceChildren(move("up", "↑", "up", -1), move("down", "↓", "down", 1), text);
  }
  number();
  check.addEventListener("click", () => {
    const order = [...list.children].map((step) => Number(step.dataset.place));
    const count = places(order);
    const isRight = count === order.length;
    if (isRight) verdict.innerHTML = `Right. ${why}`;
    else verdict.textContent = `Not yet: ${count} of ${order.length} steps stand where they belong.`;
    answered(isRight);
  });
  return () => {
    list.replaceChildren(...steps);
    number();
    verdict.textContent = "";
  };
}

/** Question and options become a group with a name; a button and a live line follow. */
function frame(question) {
  const asked = question.querySelector(".asked");
  const legend = make("legend", { innerHTML: asked.innerHTML });
  const check = make("button", { type: "button", className: "quiz-button check", textContent: "Check" });
  const verdict = make("p", { className: "verdict" });
  verdict.setAttribute("role", "status");
  const options = question.querySelector(".options");
  asked.replaceWith(make("fieldset", {}, legend, options, check, verdict));
  return { check, verdict };
}

function make(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

// Storage may be switched off: the quiz works without.
function read(key) {
  try {
    const stored = JSON.parse(localStorage.getItem(key));
    return Array.isArray(stored) ? stored : [];
  } catch {
    return [];
  }
}

function write(key, solved) {
  try {
    localStorage.setItem(key, JSON.stringify(solved));
  } catch {
    // Nothing is kept, then.
  }
}
