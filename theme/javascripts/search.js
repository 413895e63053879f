/**
 * The search: site.js opens its dialog and loads this module, and only then comes the index: as a
 * script, because a page from disk may load no data.
 *
 * start()      answers what is typed into the dialog
 * highlight()  marks the words on the page to which a result has led
 */

import { excerpt, parts, prepare, search, stems } from "./search_ranking.js";

const PAGES = 12; // shown at once
const OTHERS = 3; // further places on a page
const base = JSON.parse(document.getElementById("__config").textContent).base.replace(/\/$/, "");
const root = new URL(`${base}/`, location);

let site;

/** The prepared index; it is loaded once, and again if that failed. */
function load() {
  site ??= new Promise((loaded, failed) => {
    const script = make("script", { src: new URL("search/index.js", root).href, onerror: failed });
    script.onload = () => loaded(prepare(globalThis.searchIndex));
    document.head.append(script);
  }).catch((error) => {
    site = undefined;
    throw error;
  });
  return site;
}

/** Let the dialog answer what is typed into it, or has been already. */
export function start(dialog) {
  if (dialog.dataset.started) return;
  dialog.dataset.started = true;
  const form = dialog.querySelector("form");
  const field = form.querySelector("input");
  const status = dialog.querySelector("[role=status]");
  const list = dialog.querySelector("ol");

  const show = async () => {
    try {
      const prepared = await load();
      const query = field.value;
      const found = search(prepared, query);
      status.textContent = verdict(query, found);
      list.replaceChildren(...found.pages.slice(0, PAGES).map((page) => result(page, found, query)));
      dialog.dataset.shown = query;
      // The focus may have been on a result that is gone.
      if (dialog.open && !dialog.contains(document.activeElement)) field.focus();
    } catch {
      status.textContent = "What can be found did not load. Is the connection there?";
    }
  };

  let waiting;
  field.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(show, 60);
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    clearTimeout(waiting);
    await show();
    list.querySelector("a")?.click();
  });
  dialog.addEventListener("keydown", (event) => {
    event.stopPropagation(); // on the page itself, single letters lead elsewhere
    move(event, [field, ...list.querySelectorAll("a")]);
  });
  show();
}

/** Arrow keys go through the field and the results; a letter goes into the field. */
function move(event, stops) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) {
    const next = stops.indexOf(document.activeElement) + step;
    stops[(next + stops.length) % stops.length].focus();
    event.preventDefault();
  } else if (event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey) {
    stops[0].focus();
  }
}

/** One sentence about what was found. */
function verdict(query, { pages, complete, instead }) {
  if (!query.trim()) return "Every word has to occur. The keys ↓ and ↑ move, Enter opens.";
  if (!pages.length) return "No page has this word.";
  const count = pages.length === 1 ? "1 page" : `${pages.length} pages`;
  const best = pages.length > PAGES ? `The best ${PAGES} of ${count}` : count;
  if (!complete) return `No page has all of these words. ${best} with most of them:`;
  return instead ? `${best} with “${instead}”` : best;
}

/** A page that answers: its best place, where that is, what it says, and further places. */
function result({ page, sections: [best, ...others] }, { wanted, instead }, query) {
  const link = (section) => {
    const address = new URL(page.url, root);
    address.searchParams.set("h", instead || query.trim());
    address.hash = section.anchor;
    return make("a", { href: address.href, textContent: section.heading || page.title });
  };
  const where = [page.part, best.anchor && page.title].filter(Boolean).join(" › ");
  const pieces = excerpt(best.text, wanted).flatMap(({ text, marked }) =>
    [marked ? make("mark", { textContent: text }) : text, " "]);
  const item = make("li", {}, make("p", { className: "search-where", textContent: where }), link(best), make("p", {}, ...pieces));
  const further = others.filter(({ anchor, score }) => anchor && score > best.score / 3).slice(0, OTHERS);
  if (further.length) {
    item.append(make("ul", {}, ...further.map((section) => make("li", {}, link(section)))));
  }
  return item;
}

/** Mark the words of ?h=… */
export function highlight() {
  if (!globalThis.CSS?.highlights) return;
  const query = new URLSearchParams(location.search).get("h");
  const wanted = parts(query, []).flat().map((way) => way.words);
  const ranges = [];
  const walker = document.createTreeWalker(document.querySelector("article"), NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    for (const { 0: word, index } of node.data.matchAll(/[\p{L}\p{N}]+/gu)) {
      if (!stems(word).some((stem) => wanted.includes(stem))) continue;
      const range = new Range();
      range.setStart(node, index);
      range.setEnd(node, index + word.length);
      ranges.push(range);
    }
  }
  CSS.highlights.set("search", new Highlight(...ranges));
}

function make(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}
