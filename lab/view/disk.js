/**
 * The lab on the site of the offline bundle, published as it is, so it imports nothing. A browser lets a page that is opened from disk load no
 * networks, so it says how to serve the folder; where that is done, the page itself is loaded.
 */

export async function mount(root) {
  if (location.protocol !== "file:") {
    const base = new URL("lab/", location.href); // this page is lab.html
    const served = await import(new URL("served.js", base).href);
    served.mount(root, { base, keeps: false });
    return;
  }
  const [link] = root.querySelectorAll("a");
  const [text, command, other] = ["p", "pre", "p"].map((tag) => document.createElement(tag));
  text.textContent = "A page that is opened from a folder may not load networks. In a terminal, in the folder that holds serve.py, type this (on Windows py serve.py), and the page opens with all that it can do:";
  command.append(Object.assign(document.createElement("code"), { textContent: "python3 serve.py" }));
  other.append("Nothing leaves your computer then, either. ", link, " is a notebook that does the same, for one image or a whole folder.");
  root.replaceChildren(text, command, other);
}
