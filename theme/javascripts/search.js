/**
 * The search: a dialog over the page. site.js loads this module when a reader opens it, and only
 * then comes the index: as a script, because a page from disk may load no data.
 *
 * open()       shows the dialog
 * highlight()  marks the words on the page to which a result has led
 */

import { excerpt, parts, prepare, search, stems } from "./search_ranking.js";

const PAGES = 12; // shown at once
const OTHERS = 3; // further places on a page
const base = JSON.parse(document.getElementById("__config").textContent).base.replace(/\/$/, "");
const root = new URL(`${base}/`, location);

let dialog;
let site;

export function open() {
  dialog ??= mount();
  if (!dialog.open) dialog.showModal();
  dialog.querySelector("input").select();
}

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

function mount() {
  const field = make("input", {
    type: "text", name: "query", ariaLabel: "Search", placeholder: "Search", autocomplete: "off",
    autocapitalize: "off", spellcheck: false, enterKeyHint: "go",
  });
  const close = make("button", { type: "button", textContent: "Close", onclick: () => made.close() });
  const form = make("form", { role: "search" }, field, close);
  const status = make("p", { role: "status", className: "search-status" });
  const list = make("ol", { className: "search-results" });
  const made = make("dialog", { className: "search", ariaLabel: "Search" }, form, status, list);
  document.body.append(made);

  const show = async () => {
    status.textContent ||= "One moment …";
    try {
      const prepared = await load();
      const query = field.value;
      const found = search(prepared, query);
      status.textContent = verdict(query, found);
      list.replaceChildren(...found.pages.slice(0, PAGES).map((page) => result(page, found, query)));
      made.dataset.shown = query;
      if (!made.contains(document.activeElement)) field.focus(); // it was on a result that is gone
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
  made.addEventListener("click", ({ target }) => {
    if (target === made || target.closest("a")) made.close(); // beside the dialog, or a result
  });
  made.addEventListener("keydown", (event) => {
    event.stopPropagation(); // on the page itself, single letters lead elsewhere
    move(event, [field, ...list.querySelectorAll("a")]);
  });
  show();
  return made;
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
