/** What figures are made of: elements of a page, in one call each. */

/** An HTML element with properties, a role and children. */
export function make(tag, { role, ...properties } = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  if (role) element.setAttribute("role", role);
  element.append(...children);
  return element;
}

/** An SVG element with attributes, text and children. */
export function svg(tag, { textContent, ...attributes } = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (textContent !== undefined) element.textContent = textContent;
  element.append(...children);
  return element;
}

/** A button that does something. */
export function button(textContent, action) {
  const made = make("button", { type: "button", className: "figure-button", textContent });
  made.addEventListener("click", action);
  return made;
}

/** The one way back to how a figure began, under one name in all of them. */
export const startAgain = (action) => button("Start again", action);
