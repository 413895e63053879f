/**
 * Link maker: one link that copies the course's notebooks into a learner's folder on a JupyterHub.
 *
 * Model  link(), known()  pure, no DOM; tested in figure.test.mjs
 * View   mount()          puts the form into one <figure data-figure="hub_link">
 *
 * The link is that of nbgitpuller: https://nbgitpuller.readthedocs.io
 */

import { button, make } from "../_shared/elements.js";

export const KINDS = {
  students: { title: "For students, without solutions", folder: "notebooks/student", branch: "gh-pages" },
  complete: { title: "Complete, with solutions and outputs", folder: "notebooks", branch: "main" },
};

const FIELDS = [
  { name: "hub", label: "Address of the hub", hint: "As you see it in the browser, for example https://hub.my-institute.org" },
  { name: "repository", label: "Address of the repository", hint: "Your fork, or the original. It must be public." },
  { name: "kind", label: "Which notebooks?", options: Object.fromEntries(Object.entries(KINDS).map(([kind, { title }]) => [kind, title])) },
  { name: "branch", label: "Branch", hint: "Those for students lie on the branch that holds the published site." },
  { name: "notebook", label: "Opens with" },
  { name: "folder", label: "Folder in the learner’s home", optional: true,
    hint: "A new name for each workshop: the published branch begins anew with every change, and an old copy cannot follow." },
];

/** Repository and branch, when the site knows them: from the link “Edit this page”. */
export function known(editAddress) {
  const [, repository = "", branch = ""] = /^(https:\/\/.+?)\/edit\/([^/]+)\//.exec(editAddress ?? "") ?? [];
  return { repository, branch };
}

/**
 * What a filled form gives.
 *
 * fields: strings by name: hub, repository, kind (a key of KINDS), branch, notebook (a file's name
 * without its ending, or "" for the whole folder), folder (or "" for one named after the repository).
 * Returns {hub, binder, problems}: two addresses, null where there is none, and
 * [{field, text}] with what to mend first. Binder opens complete notebooks of GitHub only.
 */
export function link(fields) {
  const problems = [];
  const ask = (field, text) => { problems.push({ field, text }); return null; };
  const value = (name) => (fields[name] ?? "").trim();

  const hub = address(value("hub"));
  if (!value("hub")) ask("hub", "Type the address of the hub.");
  else if (!hub) ask("hub", "The hub’s address is not one that a browser understands: https://, a name with a dot, nothing else.");
  else if (hub.host === "mybinder.org") ask("hub", "Binder needs no hub: its link stands below, for complete notebooks.");
  else hub.pathname = hub.pathname.replace(/\/(hub|user)(\/.*)?$/, "").replace(/\/*$/, "/");

  let repository = null;
  if (!value("repository")) ask("repository", "Type the address of the repository.");
  else if (value("repository").startsWith("git@")) ask("repository", "Take the address that begins with https://, because learners have no key.");
  else {
    repository = address(value("repository"));
    const path = repository?.pathname.replace(/\/(-\/)?(tree|blob|edit)\/.*$/, "").replace(/\/+$/, "").replace(/\.git$/, "");
    if (!repository || path.split("/").filter(Boolean).length < 2) {
      repository = ask("repository", "The repository’s address needs its owner and its name: https://github.com/OWNER/NAME.");
    } else repository.pathname = path;
  }

  const kind = KINDS[value("kind")];
  const branch = value("branch");
  if (!/^[\w][\w./-]*$/.test(branch) || /\.\.|\/\/|[./]$/.test(branch)) {
    ask("branch", branch ? `${branch} cannot be the name of a branch.` : "Type the name of the branch.");
  }
  const name = repository?.pathname.split("/").at(-1) ?? "";
  const folder = value("folder") || folderFor(name, value("kind"));
  if (value("folder") && !/^\w[\w.-]*$/.test(folder)) {
    ask("folder", "A folder’s name has letters, digits, points, dashes and no space.");
  }
  if (problems.some(({ field }) => field !== "hub")) return { hub: null, binder: null, problems };

  const opens = kind.folder + (value("notebook") && `/${value("notebook")}.ipynb`);
  let binder = null;
  if (value("kind") === "complete" && repository.host === "github.com") {
    binder = `https://mybinder.org/v2/gh${repository.pathname}/${encodeURIComponent(branch)}?urlpath=${encodeURIComponent(`lab/tree/${opens}`)}`;
  }
  if (problems.length) return { hub: null, binder, problems };
  hub.pathname += "hub/user-redirect/git-pull";
  hub.search = new URLSearchParams({
    repo: repository.href, branch, urlpath: `lab/tree/${folder}/${opens}`, targetpath: folder,
  });
  return { hub: hub.href, binder, problems };
}

/** The folder's name when none is typed; two branches cannot share one. */
function folderFor(name, kind) {
  return kind === "students" ? `${name}-students` : name;
}

/** A web address as a URL without query, or null; https:// may be left out. */
function address(text) {
  try {
    const url = new URL(/^[a-z]+:\/\//i.test(text) ? text : `https://${text}`);
    if (!/^https?:$/.test(url.protocol) || url.username || url.password) return null;
    if (!url.hostname.includes(".") && url.hostname !== "localhost") return null;
    url.search = url.hash = "";
    return url;
  } catch {
    return null;
  }
}

/* ---------------------------------------------------------------------- view */

export function mount(figure) {
  const site = known(document.querySelector('a[rel="edit"]')?.href);
  const notebooks = figure.dataset.notebooks.split(" ");
  const inputs = {};
  const form = make("form", { className: "hub-form", noValidate: true }, ...FIELDS.map(row));
  form.setAttribute("aria-label", "Make a link for your hub");
  const status = make("p", { className: "hub-status figure-verdict" });
  status.setAttribute("role", "status");
  const results = { hub: result("Link for the hub"), binder: result("Link for Binder") };
  figure.replaceChildren(
    make("p", { className: "figure-title", textContent: "One link for your hub" }),
    make("p", { className: "figure-try", textContent: "Fill in the form. Nothing you type is sent anywhere, and nothing is kept." }),
    form, status, ...Object.values(results).map(({ element }) => element),
  );

  inputs.repository.value = site.repository;
  inputs.notebook.append(new Option("the folder", ""), ...notebooks.map((name) => new Option(name, name)));
  inputs.kind.addEventListener("input", branchOfKind);
  form.addEventListener("input", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  branchOfKind();
  show();

  function branchOfKind() {
    const kind = inputs.kind.value;
    inputs.branch.value = (kind === "complete" && site.branch) || KINDS[kind].branch;
  }

  function show() {
    const fields = Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, input.value]));
    const made = link(fields);
    for (const [name, input] of Object.entries(inputs)) {
      input.setAttribute("aria-invalid", input.value !== "" && made.problems.some(({ field }) => field === name));
    }
    say(made.problems[0]?.text ?? "The link is ready.");
    for (const [name, { element, anchor }] of Object.entries(results)) {
      element.hidden = !made[name];
      anchor.textContent = made[name] ?? "";
      if (made[name]) anchor.href = made[name];
      else anchor.removeAttribute("href");
    }
  }

  function say(message) {
    if (status.textContent !== message) status.textContent = message; // said once, not at every letter
  }

  function row(field) {
    const choice = field.options || field.name === "notebook";
    const input = choice
      ? make("select", {}, ...Object.entries(field.options ?? {}).map(([value, label]) => new Option(label, value)))
      : make("input", { autocomplete: "off", spellcheck: false });
    Object.assign(input, { id: `hub-${field.name}`, name: field.name });
    inputs[field.name] = input;
    const label = make("label", { htmlFor: input.id, textContent: field.label });
    if (field.optional) label.append(make("span", { textContent: " (if you wish)" }));
    const line = make("div", {}, label, input);
    if (field.hint) {
      line.append(make("small", { id: `${input.id}-hint`, textContent: field.hint }));
      input.setAttribute("aria-describedby", `${input.id}-hint`);
    }
    return line;
  }

  function result(title) {
    const anchor = make("a");
    const copy = button(`Copy ${title.toLowerCase().replace("binder", "Binder")}`, async () => {
      try {
        await navigator.clipboard.writeText(anchor.href);
        say("Copied.");
      } catch {
        say("The browser does not allow copying. Select the link and copy it by hand.");
      }
    });
    const element = make("div", { className: "hub-result" }, make("p", {}, make("strong", { textContent: `${title} ` }), anchor), copy);
    return { element, anchor };
  }
}
