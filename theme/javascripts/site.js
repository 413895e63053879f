// Wide code, tables, pictures and formulas scroll sideways: let the keyboard reach those that do.
const SCROLLERS =
  "pre > code, .md-typeset__scrollwrap, .output-html, p:has(> .wide), .katex-display";

function markScrollers() {
  for (const element of document.querySelectorAll(SCROLLERS)) {
    if (element.scrollWidth > element.clientWidth) element.tabIndex = 0;
    else element.removeAttribute("tabindex");
  }
}

addEventListener("load", markScrollers);
addEventListener("resize", markScrollers);
// What a closed fold hides has no width yet.
addEventListener("toggle", markScrollers, true);

// Material puts each copy button into a navigation landmark of its own: dozens on a notebook's page.
new MutationObserver(() => {
  for (const nav of document.querySelectorAll("nav.md-code__nav:not([role])")) nav.role = "none";
}).observe(document.body, { childList: true, subtree: true });

// A finger cannot point at something: where there is no mouse, instructions say so.
if (matchMedia("(hover: none)").matches) {
  for (const word of document.querySelectorAll("[data-tap]")) word.textContent = word.dataset.tap;
}

// Paper is white: print in light colours, whatever the screen shows.
let onScreen;
addEventListener("beforeprint", () => {
  onScreen = document.body.dataset.mdColorScheme;
  document.body.dataset.mdColorScheme = "default";
});
addEventListener("afterprint", () => { document.body.dataset.mdColorScheme = onScreen; });

// Load what a page needs, and nothing else.
for (const figure of document.querySelectorAll("[data-figure]")) {
  const mount = () =>
    import(`../figures/${figure.dataset.figure}/figure.js`).then((module) => module.mount(figure));
  if ("still" in figure.dataset) import("./still.js").then((still) => still.keeps(figure) || mount());
  else mount();
}
const codeForm = document.querySelector("form.half-code");
if (codeForm) import("./still.js").then((still) => still.ask(codeForm));
const lab = document.querySelector(".lab");
if (lab) import("../lab/lab.js").then((module) => module.mount(lab));
if (document.querySelector(".quiz")) import("./quiz.js").then((module) => module.mountAll());

// The search opens at once, for fast fingers; what it needs comes then, and not before.
const dialog = document.querySelector("dialog.search");
function openSearch() {
  if (!dialog.open) dialog.showModal();
  dialog.querySelector("input").select();
  import("./search.js").then((search) => search.start(dialog));
}
dialog.addEventListener("submit", (event) => event.preventDefault());
dialog.addEventListener("click", ({ target }) => {
  // Beside the dialog, on a result, or on Close, which must not wait for what comes.
  if (target === dialog || target.closest("a, [type=button]")) dialog.close();
});
document.querySelector(".search-open").addEventListener("click", openSearch);
addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input:not([type=radio]), textarea, select, [contenteditable]");
  if (!["/", "s", "f"].includes(event.key) || event.ctrlKey || event.metaKey || event.altKey || typing) return;
  event.preventDefault();
  openSearch();
});
if (new URLSearchParams(location.search).has("h")) import("./search.js").then((search) => search.highlight());

// A hint stays open while it has the focus or the pointer: Escape closes it.
addEventListener("keydown", (event) => {
  const hint = document.activeElement?.closest(".defined");
  if (event.key === "Escape" && hint) document.activeElement.blur();
});
