// Wide code, tables and formulas scroll sideways: let the keyboard reach those that do.
const SCROLLERS = "pre > code, .md-typeset__scrollwrap, .output-html, .katex-display";

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
