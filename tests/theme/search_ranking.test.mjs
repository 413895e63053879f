import assert from "node:assert/strict";
import test from "node:test";
import { excerpt, parts, prepare, search, stems } from "../../theme/javascripts/search_ranking.js";

const page = (title, sections, more = {}) => (
  { url: `${title}/`, title, part: "", description: "", weight: 1, sections, ...more }
);
const site = (...pages) => prepare({ pages, synonyms: [["GPU", "graphics card"], ["blur", "out of focus"]] });
const titles = ({ pages }) => pages.map(({ page }) => page.title);

test("endings, accents, capitals and both spellings make no difference", () => {
  assert.deepEqual(stems("Normalising"), stems("normalize"));
  assert.deepEqual(stems("annotated cells"), stems("annotation: CELL"));
  assert.deepEqual(stems("blurry"), stems("blurred"));
  assert.deepEqual(stems("naïve prob_thresh"), ["naiv", "prob", "thresh"]);
  assert.notDeepEqual(stems("SAM"), stems("same"));
});

test("a part of a query is a word, or the longest phrase that has another name", () => {
  const groups = [["out of focus", "blur"]];
  assert.deepEqual(parts("is it out of focus", groups).map((ways) => ways.map((way) => way.words)), [
    ["out of focus", "blur"],
  ]);
  assert.deepEqual(parts("is it", groups).length, 2); // nothing else was asked
});

test("every word has to occur, on the page if not in one section", () => {
  const pages = site(
    page("both", [["", 1, "Cells", "", ""], ["a", 2, "Diameter", "", ""]]),
    page("one", [["", 1, "Cells, cells", "cells", ""]]),
  );
  const found = search(pages, "cell diameter");
  assert.deepEqual([titles(found), found.complete], [["both"], true]);
});

test("if no page has all the words, those with most of them are given and called so", () => {
  const pages = site(page("two", [["", 1, "Cells", "touch", ""]]), page("one", [["", 1, "Cells", "", ""]]));
  const found = search(pages, "cells touch zebrafish");
  assert.deepEqual([titles(found), found.complete], [["two"], false]);
  assert.deepEqual(titles(search(pages, "zebrafish")), []);
});

test("the title of a page weighs more than text", () => {
  const found = search(site(
    page("text", [["", 1, "", "watershed", ""]]),
    page("watershed", [["", 1, "", "", ""]]),
  ), "watershed");
  assert.deepEqual(titles(found), ["watershed", "text"]);
});

test("a heading weighs more than text, and text more than code", () => {
  const found = search(site(
    page("code", [["", 1, "", "", "watershed"]]),
    page("text", [["", 1, "", "watershed", ""]]),
    page("heading", [["", 1, "Watershed", "", ""]]),
  ), "watershed");
  assert.deepEqual(titles(found), ["heading", "text", "code"]);
});

test("a description weighs more than text, and a page's own weight counts", () => {
  const found = search(site(
    page("text", [["", 1, "", "noise", ""]]),
    page("described", [["", 1, "", "", ""]], { description: "noise" }),
    page("kit", [["", 1, "", "", ""]], { description: "noise", weight: 0.1 }),
  ), "noise");
  assert.deepEqual(titles(found), ["described", "text", "kit"]);
});

test("another word for the same thing is found, after the word itself", () => {
  const pages = site(page("long", [["", 1, "", "graphics cards", ""]]), page("short", [["", 1, "", "GPU", ""]]));
  assert.deepEqual(titles(search(pages, "gpu")), ["short", "long"]);
  assert.deepEqual(titles(search(pages, "graphics card")), ["long", "short"]);
});

test("a word that has only been begun is found, but a short whole word is not part of another", () => {
  const pages = site(page("a", [["", 1, "", "normalise samples", ""]]), page("b", [["", 1, "", "SAM", ""]]));
  assert.deepEqual(titles(search(pages, "norma")), ["a"]);
  assert.deepEqual(titles(search(pages, "sam")), ["b"]);
});

test("words side by side as they were typed come first", () => {
  const found = search(site(
    page("apart", [["", 1, "", "the memory of a way out", ""]]),
    page("beside", [["", 1, "", "he runs out of memory", ""]]),
  ), "out of memory");
  assert.deepEqual(titles(found), ["beside", "apart"]);
});

test("a slip of the fingers is mended and said", () => {
  const pages = site(page("a", [["", 1, "StarDist", "", ""]]));
  for (const typed of ["stardust", "stardits", "stardis", "starrdist"]) {
    const found = search(pages, typed);
    assert.deepEqual(titles(found), ["a"], typed);
  }
  assert.equal(search(pages, "stardust").instead, "stardist");
  assert.deepEqual(titles(search(pages, "zebrafish")), []);
});

test("the best section of a page stands first", () => {
  const found = search(site(
    page("a", [["", 1, "Set up", "a GPU helps", ""], ["gpu", 2, "A GPU", "a GPU", ""]]),
  ), "gpu");
  assert.deepEqual(found.pages[0].sections.map(({ anchor }) => anchor), ["gpu", ""]);
});

test("nothing typed finds nothing", () => {
  assert.deepEqual(search(site(page("a", [["", 1, "a", "a", ""]])), " … ").pages, []);
});

test("an excerpt shows where most of the query stands, and marks it", () => {
  const text = `${"word ".repeat(50)}a GPU and blurred cells ${"word ".repeat(50)}`;
  const pages = site(page("a", [["", 1, "", text, ""]]));
  const shown = excerpt(text, search(pages, "gpu out of focus").wanted);
  assert.deepEqual(shown.filter(({ marked }) => marked).map((piece) => piece.text), ["GPU", "blurred"]);
  assert.deepEqual([shown[0].text, shown.at(-1).text, shown.length], ["…", "…", 30]);
  assert.deepEqual(excerpt("cells", []), [{ text: "cells", marked: false }]);
});
