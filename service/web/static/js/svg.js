// Making elements: attributes and text are set as such, never as markup.

const SVG = "http://www.w3.org/2000/svg";

/** An element of SVG with attributes and children; a child that is no element becomes text. */
export function svg(name, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

/** An element of HTML. */
export function html(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

/** A button with a sign on it and words for who does not see it. */
export function button(sign, words, act) {
  const made = html("button", { type: "button", title: words, "aria-label": words }, sign);
  made.addEventListener("click", act);
  return made;
}

/** Makes an element the only one of a drawing at which the Tab key stops. */
export function onlyStop(drawing, element) {
  for (const other of drawing.querySelectorAll('[tabindex="0"]')) other.setAttribute("tabindex", -1);
  element.setAttribute("tabindex", 0);
}

/** Sets attributes, only those that are different. */
export function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
  }
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}
