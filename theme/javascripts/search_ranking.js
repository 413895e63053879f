/**
 * Which pages answer a query, the best first. Pure, no DOM; tested in tests/theme/search_ranking.test.mjs
 *
 * prepare(index)        the index that the build wrote, with its words made comparable
 * search(site, query)   pages on which every word occurs, or another word for the same thing
 * excerpt(text, wanted) the part of a section that shows the words
 */

// A word in a title says what a page is about; one in a program says little.
const WEIGHTS = { title: 4, heading: 4, description: 2, above: 1.5, text: 1, code: 0.2 };
const SHORT_FIELDS = ["title", "heading"]; // a word that is all of a heading counts more
const SYNONYM = 0.7; // compared with the word that was typed
const BEGINNING = 0.6; // "normal" in "normalise"
const PAIR = { heading: 4, text: 1 }; // two words of the query, side by side
const OTHER_SECTIONS = 0.15; // what a page's second to fifth section add to its first

// Found everywhere, they say nothing; they count beside others, as in "out of memory".
const LITTLE_WORDS = new Set(stems(
  "a an and any are as at be by can could do does for from get has have how i if in into is it its " +
  "me my need of on or our per should so some that the their them then there these this to too use was we " +
  "what when where which why will with you your",
));

/** The words of a text as they are compared: small letters, no accents, no endings. */
export function stems(text) {
  return words(text).map(stem);
}

function words(text) {
  const plain = text.replace(/['’]s\b/g, "").normalize("NFKD").replace(/\p{M}/gu, "");
  return plain.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

function stem(word) {
  if (word.length < 4 || /\d/.test(word)) return word;
  return word
    .replace(/ies$/, "y")
    .replace(/([^su])s$/, "$1")
    .replace(/iz(e|ed|er|ing|ation)$/, "is$1")
    .replace(/(?<=...)(at)?(ed|er|ing|ion|or|y)$|(?<=....)(at)?e$/, "")
    .replace(/([bdgmnprt])\1$/, "$1");
}

/**
 * Make the index comparable, once.
 *
 * pages : [{url, title, part, description, weight, sections: [[anchor, level, heading, text, code]]}]
 * synonyms : [[words, words, …], …], each list one thing
 */
export function prepare({ pages, synonyms }) {
  const cache = new Map(); // word -> stem: a few thousand words make all texts
  const comparable = (text) => {
    const all = words(text).map((word) => {
      if (!cache.has(word)) cache.set(word, stem(word));
      return cache.get(word);
    });
    return ` ${all.join(" ")} `; // so that " cell " is a whole word, and " cell" its beginning
  };
  const sections = pages.flatMap((page) => {
    const headings = [];
    const [title, description] = [page.title, page.description].map(comparable);
    return page.sections.map(([anchor, level, heading, text, code]) => {
      headings.length = level - 1;
      const above = comparable(headings.join(" "));
      headings[level - 1] = heading;
      const fields = {
        title, description, above,
        heading: comparable(heading), text: comparable(text), code: comparable(code),
      };
      return { page, anchor, heading, text, fields, all: Object.values(fields).join("") };
    });
  });
  const groups = synonyms.map((group) => group.map((way) => stems(way).join(" ")));
  return { sections, groups, vocabulary: [...cache.keys()], stems: new Set(cache.values()) };
}

/** A query's parts, each with all ways to say it: [[{words, weight}, …], …]. */
export function parts(query, groups) {
  const typed = stems(query);
  const result = [];
  for (let start = 0, end; start < typed.length; start = end) {
    // The longest run of words that has a synonym, or one word.
    let others = [];
    for (end = Math.min(typed.length, start + 5); end > start; end -= 1) {
      const run = typed.slice(start, end).join(" ");
      others = groups.filter((group) => group.includes(run)).flat();
      if (others.length || end === start + 1) break;
    }
    const own = typed.slice(start, end).join(" ");
    const ways = new Map(others.map((other) => [other, SYNONYM])).set(own, 1);
    if (others.length || !LITTLE_WORDS.has(own)) {
      result.push([...ways].map(([way, weight]) => ({ words: way, weight })));
    }
  }
  return result.length ? result : typed.map((word) => [{ words: word, weight: 1 }]);
}

/** How well one part of the query is met by a section; 0 where it does not occur. */
function match(ways, { fields, all }) {
  const scores = ways.map(({ words, weight, whole }) => {
    if (!all.includes(whole ? ` ${words} ` : ` ${words}`)) return 0;
    let sum = 0;
    for (const [name, text] of Object.entries(fields)) {
      let times = text.split(` ${words} `).length - 1;
      if (!times && !whole && text.includes(` ${words}`)) times = BEGINNING;
      const share = SHORT_FIELDS.includes(name) ? Math.sqrt((words.length + 2) / text.length) : 1;
      sum += WEIGHTS[name] * share * (2 * times) / (times + 1);
    }
    return weight * sum;
  });
  return Math.max(...scores);
}

/**
 * Search the prepared site.
 *
 * Returns {pages, complete, instead, wanted}.
 * pages : [{page, sections, score}], the best first; each page's sections, the best first
 * complete : false if no page has all the words; then those with most of them are given
 * instead : what was searched for in place of a word that stands nowhere, or ""
 * wanted : the parts of the query, for excerpt()
 */
export function search(site, query) {
  const found = rank(site, query);
  const typed = words(query);
  const mended = typed.map((word) => found.lost(word) ? nearest(word, site.vocabulary) ?? word : word);
  const instead = mended.join(" ");
  if (instead === typed.join(" ")) return { ...found.result, instead: "" };
  return { ...rank(site, instead).result, instead };
}

function rank(site, query) {
  // Of a short word that there is, others that begin so are not meant: "SAM", not "sample".
  const wanted = parts(query, site.groups).map((ways) => ways.map((way) => (
    { ...way, whole: way.words.length < 3 || (way.words.length < 4 && site.stems.has(way.words)) }
  )));
  const typed = stems(query);
  const pairs = typed.slice(1).map((word, i) => ` ${typed[i]} ${word} `);
  const columns = wanted.map((ways) => site.sections.map((section) => match(ways, section)));
  const rarities = columns.map((column) =>
    Math.log(1 + site.sections.length / (1 + column.filter(Boolean).length)));

  const pages = new Map();
  site.sections.forEach((section, i) => {
    const scores = columns.map((column) => column[i]);
    const met = scores.filter(Boolean).length;
    if (!met) return;
    if (!pages.has(section.page)) pages.set(section.page, { page: section.page, met: new Set(), sections: [] });
    const entry = pages.get(section.page);
    scores.forEach((score, part) => score && entry.met.add(part));
    let score = scores.reduce((sum, score, part) => sum + score * rarities[part], 0);
    for (const pair of pairs) {
      if (section.fields.heading.includes(pair)) score += PAIR.heading;
      else if (section.fields.text.includes(pair)) score += PAIR.text;
    }
    entry.sections.push({ ...section, score: score * (met / wanted.length) ** 2 });
  });

  const most = Math.max(0, ...[...pages.values()].map(({ met }) => met.size));
  const best = [...pages.values()].filter(({ met }) => met.size === most);
  for (const entry of best) {
    entry.sections.sort((a, b) => b.score - a.score);
    const [first, ...others] = entry.sections.map(({ score }) => score);
    const sum = others.slice(0, 4).reduce((total, score) => total + score, 0);
    entry.score = entry.page.weight * (first + OTHER_SECTIONS * sum);
  }
  best.sort((a, b) => b.score - a.score);
  const lost = wanted.filter((_, part) => !columns[part].some(Boolean)).flat().map((way) => way.words);
  return {
    result: {
      pages: best,
      complete: most === wanted.length,
      wanted,
    },
    lost: (word) => lost.includes(stem(word)),
  };
}

/** The word of the site that is one slip away; two for long words. */
function nearest(word, vocabulary) {
  const most = word.length < 4 ? 0 : word.length < 8 ? 1 : 2;
  const near = vocabulary.map((other) => [slips(word, other, most), other]);
  return near.filter(([count]) => count <= most).sort(([a], [b]) => a - b)[0]?.[1];
}

/** How many letters have to be put in, left out, changed or swapped; more than `most` is Infinity. */
function slips(a, b, most) {
  if (Math.abs(a.length - b.length) > most) return Infinity;
  let [before, last] = [[], Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      row[j] = Math.min(row[j - 1] + 1, last[j] + 1, last[j - 1] + (a[i - 1] !== b[j - 1]));
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) row[j] = Math.min(row[j], before[j - 2] + 1);
    }
    if (Math.min(...row) > most) return Infinity;
    [before, last] = [last, row];
  }
  return last[b.length];
}

/**
 * The part of a text that shows most of the query, in pieces.
 *
 * Returns [{text, marked}, …]; an ellipsis stands where something was left out.
 */
export function excerpt(text, wanted, length = 28) {
  const pieces = text.split(/\s+/);
  const all = pieces.flatMap((piece, place) => stems(piece).map((word) => ({ word, place })));
  const marks = pieces.map(() => new Set()); // of each piece: the parts of the query that it meets
  wanted.forEach((ways, part) => {
    for (const { words, whole } of ways) {
      const length = words.split(" ").length;
      for (let i = 0; i + length <= all.length; i += 1) {
        const run = all.slice(i, i + length);
        const read = run.map(({ word }) => word).join(" ");
        if (whole ? read === words : read.startsWith(words)) run.forEach(({ place }) => marks[place].add(part));
      }
    }
  });
  let [start, most] = [0, -1];
  for (let i = 0; i === 0 || i + length <= pieces.length; i += 1) {
    const inside = marks.slice(i + 2, i + length); // something stands before the first mark
    const met = new Set(inside.flatMap((parts) => [...parts])).size;
    const worth = 10 * met + inside.filter((parts) => parts.size).length;
    if (worth > most) [start, most] = [i, worth];
  }
  const shown = pieces.slice(start, start + length)
    .map((piece, i) => ({ text: piece, marked: marks[start + i].size > 0 }));
  if (start > 0) shown.unshift({ text: "…", marked: false });
  if (start + length < pieces.length) shown.push({ text: "…", marked: false });
  return shown;
}
