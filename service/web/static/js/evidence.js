// The panel that shows what stands behind an item: the section of its own page.

import { withClocks } from "./address.js";
import { button, html } from "./svg.js";

export class Evidence {
  /** `closed()` after the panel was closed. */
  constructor(element, closed) {
    this.element = element;
    this.body = html("div", { class: "body" });
    this.whole = html("a", {}, "as a page");
    this.title = html("h2", { tabindex: -1 }, "Evidence");
    const close = button("×", "Close the evidence", () => this.close());
    element.append(html("div", { class: "tools" }, this.title, this.whole, close), this.body);
    document.addEventListener("keydown", (event) => event.key === "Escape" && !element.hidden && this.close());
    this.closed = closed;
  }

  /** Opens the page of an item at a point of the clocks. What comes late, after another was asked for, is left. */
  async open(item, clocks, takesFocus = true) {
    const address = withClocks(item.address, clocks);
    this.item = item;
    this.wanted = address;
    this.whole.href = address;
    if (takesFocus && !this.element.contains(document.activeElement)) this.opener = document.activeElement;
    this.element.hidden = false;
    let found;
    try {
      found = sectionOf(await (await fetch(address)).text());
    } catch {
      found = html("p", { class: "refusal" }, "The service does not answer now.");
    }
    if (this.wanted !== address) return;
    this.body.replaceChildren(found);
    if (!takesFocus) return;
    this.title.focus({ preventScroll: true });
    this.title.scrollIntoView({ block: "nearest" });
  }

  /** The same item at another point. */
  async follow(clocks) {
    if (this.item && !this.element.hidden) await this.open(this.item, clocks, false);
  }

  /** Closes the panel; whoever opened it by the keyboard goes on where that was. */
  close() {
    this.element.hidden = true;
    this.item = this.wanted = null;
    if (this.opener?.isConnected) this.opener.focus({ preventScroll: true });
    this.closed();
  }
}

function sectionOf(text) {
  const page = new DOMParser().parseFromString(text, "text/html");
  return page.querySelector("#evidence-of") ?? page.querySelector("main > *") ?? html("p", {}, "Nothing.");
}
