import assert from "node:assert/strict";
import test from "node:test";
import { KINDS, known, link } from "./figure.js";

const GOOD = {
  hub: "https://hub.institute.org", repository: "https://github.com/facility/course", kind: "students",
  branch: "gh-pages", notebook: "05_stardist_nuclei", folder: "",
};
const make = (changes) => link({ ...GOOD, ...changes });
const problem = (changes) => {
  const { hub, problems } = make(changes);
  assert.equal(hub, null);
  assert.equal(problems.length, 1);
  return problems[0];
};
const query = (address) => Object.fromEntries(new URL(address).searchParams);

test("a link names repository, branch, what opens, and a folder of its own", () => {
  const { hub, problems } = make({});
  assert.deepEqual(problems, []);
  assert.equal(hub, "https://hub.institute.org/hub/user-redirect/git-pull" +
    "?repo=https%3A%2F%2Fgithub.com%2Ffacility%2Fcourse&branch=gh-pages" +
    "&urlpath=lab%2Ftree%2Fcourse-students%2Fnotebooks%2Fstudent%2F05_stardist_nuclei.ipynb" +
    "&targetpath=course-students");
});

test("the complete notebooks open from a folder that is named as the repository", () => {
  const { urlpath, targetpath } = query(make({ kind: "complete", branch: "main" }).hub);
  assert.deepEqual([urlpath, targetpath], ["lab/tree/course/notebooks/05_stardist_nuclei.ipynb", "course"]);
});

test("what opens lies in the folder that was typed; without a notebook it is the folder", () => {
  const { urlpath, targetpath } = query(make({ folder: "may-2026", notebook: "" }).hub);
  assert.deepEqual([urlpath, targetpath], ["lab/tree/may-2026/notebooks/student", "may-2026"]);
});

test("a hub's address may be pasted from any of its pages, or without https", () => {
  const expected = make({}).hub;
  for (const hub of ["hub.institute.org", " https://hub.institute.org/ ", "https://hub.institute.org/hub/home",
    "https://hub.institute.org/user/ada/lab?reset#x", "https://hub.institute.org/hub"]) {
    assert.equal(make({ hub }).hub, expected, hub);
  }
  assert.match(make({ hub: "https://institute.org/jupyter/hub/spawn" }).hub, /^https:\/\/institute\.org\/jupyter\/hub\/user-redirect\/git-pull\?/);
  assert.match(make({ hub: "http://localhost:8000" }).hub, /^http:\/\/localhost:8000\/hub\//);
});

test("a repository's address may be pasted from any of its pages", () => {
  const expected = make({}).hub;
  for (const end of [".git", "/", "/tree/main/notebooks", "/blob/main/README.md"]) {
    assert.equal(make({ repository: GOOD.repository + end }).hub, expected, end);
  }
  const { repo } = query(make({ repository: "https://gitlab.com/group/sub/course/-/tree/main" }).hub);
  assert.equal(repo, "https://gitlab.com/group/sub/course");
});

test("each field that is wrong is named with what to do", () => {
  assert.deepEqual(problem({ hub: "" }), { field: "hub", text: "Type the address of the hub." });
  assert.match(problem({ repository: "git@github.com:facility/course.git" }).text, /begins with https/);
  for (const [field, values] of Object.entries({
    hub: ["ftp://hub.institute.org", "hub", "javascript:alert(1)", "https://me:secret@hub.institute.org", "https://mybinder.org"],
    repository: ["", "github.com/facility", "https://me:secret@github.com/facility/course"],
    branch: ["", "-b", "a b", "a..b", "a/", "main?x=1"],
    folder: ["a b", "../up", ".hidden", "a/b"],
  })) {
    for (const value of values) assert.equal(problem({ [field]: value }).field, field, value);
  }
});

test("with several faults all are listed, in the order of the form", () => {
  const { problems } = make({ hub: "", repository: "", branch: "", folder: "a b" });
  assert.deepEqual(problems.map(({ field }) => field), ["hub", "repository", "branch", "folder"]);
});

test("Binder opens complete notebooks of GitHub, without a hub, and no others", () => {
  const complete = { kind: "complete", branch: "feature/x" };
  const expected = "https://mybinder.org/v2/gh/facility/course/feature%2Fx" +
    "?urlpath=lab%2Ftree%2Fnotebooks%2F05_stardist_nuclei.ipynb";
  assert.equal(make(complete).binder, expected);
  assert.equal(make({ ...complete, hub: "" }).binder, expected);
  assert.equal(make({}).binder, null);
  assert.equal(make({ ...complete, repository: "https://gitlab.com/facility/course" }).binder, null);
  assert.equal(make({ ...complete, branch: "" }).binder, null);
});

test("the site's repository is read from its edit link", () => {
  assert.deepEqual(known("https://github.com/facility/course/edit/trunk/docs/teach/hub.md"),
    { repository: "https://github.com/facility/course", branch: "trunk" });
  for (const none of [undefined, "", "http://127.0.0.1:8000/teach/"]) {
    assert.deepEqual(known(none), { repository: "", branch: "" });
  }
});

test("both kinds of notebooks say where they lie", () => {
  assert.deepEqual(Object.keys(KINDS), ["students", "complete"]);
});
