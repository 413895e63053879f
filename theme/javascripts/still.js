/**
 * A class that measures what it learns: half of it reads two figures as still pictures.
 *
 * half(code)     pure, no DOM; tested in tests/theme/still.test.mjs, the same as
 *                course_build/learning/halves.py
 * keeps(figure)  leave a figure as it is without its script, if this visit is a still one
 * ask(form)      keep the code that somebody types, until the tab is closed
 *
 * ?still=1 asks for still figures, ?still=0 for moving ones, ?half=CODE for those of the code's
 * half. docs/teach/measure-learning.md explains it.
 */

const KEY = "half";

/** A code as it is compared: small letters and digits, nothing else. */
export function plain(code) {
  return code.normalize("NFKC").toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
}

/** "moving" or "still": always the same for one code, and nearly even over all codes. */
export function half(code) {
  let value = 0;
  for (const letter of plain(code)) value = (value * 31 + letter.codePointAt(0)) % 65537;
  return ["moving", "still"][value % 2];
}

/** Leave a figure still if this visit asks for it; return whether. */
export function keeps(figure) {
  const asked = new URLSearchParams(location.search);
  if (asked.has("half")) keep(asked.get("half"));
  const code = asked.get("half") ?? kept();
  const still = asked.has("still") ? asked.get("still") !== "0" : plain(code) !== "" && half(code) === "still";
  if (still) figure.dataset.failed = ""; // the style sheet shows words and picture, as without data
  return still;
}

/** Take a code from a form: nothing is sent, and what it leads to is not told. */
export function ask(form) {
  const [code, answer] = [form.querySelector("input"), form.querySelector("output")];
  const show = () => {
    answer.textContent = kept() ? `Your code in this tab: ${kept()}` : "";
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    keep(plain(code.value));
    if (kept()) show();
    else answer.textContent = "Type a code of letters and digits. If you did, this browser keeps nothing: tell your trainer.";
  });
  form.hidden = false;
  show();
}

// Storage may be switched off: then a code counts on the page in whose address it stands.
function kept() {
  try {
    return sessionStorage.getItem(KEY) ?? "";
  } catch {
    return "";
  }
}

function keep(code) {
  try {
    sessionStorage.setItem(KEY, code);
  } catch {
    // Nothing is kept, then.
  }
}
