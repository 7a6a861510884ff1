// The focus of the keyboard, while what has it is drawn anew.

/** Does something that draws parts of an element anew; what had the focus in it has it afterwards, if it is still there. */
export function keepingFocus(element, act) {
  const before = document.activeElement;
  const mark = element.contains(before) ? markOf(before) : null;
  const place = mark ? [...element.querySelectorAll(mark)].indexOf(before) : -1;
  act();
  if (place >= 0 && !before.isConnected) element.querySelectorAll(mark)[place]?.focus({ preventScroll: true });
}

function markOf(element) {
  for (const name of ["data-id", "href"]) {
    if (element.hasAttribute(name)) return `[${name}="${CSS.escape(element.getAttribute(name))}"]`;
  }
  return null;
}
