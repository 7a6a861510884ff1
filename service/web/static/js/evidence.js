// The panel that shows what stands behind an item: the section of its own page.

import { withClocks } from "./address.js";
import { html } from "./svg.js";

export class Evidence {
  /** `closed()` after the panel was closed. */
  constructor(element, closed) {
    this.element = element;
    this.body = html("div", { class: "body" });
    this.whole = html("a", {}, "as a page");
    const close = html("button", { type: "button", "aria-label": "Close the evidence" }, "×");
    close.addEventListener("click", () => this.close());
    element.append(html("div", { class: "tools" }, html("h2", {}, "Evidence"), this.whole, close), this.body);
    element.addEventListener("keydown", (event) => event.key === "Escape" && this.close());
    this.closed = closed;
  }

  /** Opens the page of an item at a point of the clocks. What comes late, after another was asked for, is left. */
  async open(item, clocks, takesFocus = true) {
    const address = withClocks(item.address, clocks);
    this.item = item;
    this.wanted = address;
    this.whole.href = address;
    this.element.hidden = false;
    let found;
    try {
      found = sectionOf(await (await fetch(address)).text());
    } catch {
      found = html("p", { class: "refusal" }, "The service does not answer now.");
    }
    if (this.wanted !== address) return;
    this.body.replaceChildren(found);
    if (takesFocus) this.element.querySelector("h2").scrollIntoView({ block: "nearest" });
  }

  /** The same item at another point. */
  async follow(clocks) {
    if (this.item && !this.element.hidden) await this.open(this.item, clocks, false);
  }

  close() {
    this.element.hidden = true;
    this.item = this.wanted = null;
    this.closed();
  }
}

function sectionOf(text) {
  const page = new DOMParser().parseFromString(text, "text/html");
  return page.querySelector("#evidence-of") ?? page.querySelector("main > *") ?? html("p", {}, "Nothing.");
}
