/**
 * The lab on the site that is opened from disk: a browser lets such a page load no networks, so it
 * says where else to go.
 */

export function mount(root) {
  const [link] = root.querySelectorAll("a");
  const text = document.createElement("p");
  text.append("A page that is opened from a folder may not load networks, so this works on the published site alone. ", link,
    " is a notebook that does the same on your computer, for one image or a whole folder.");
  root.replaceChildren(text);
}
