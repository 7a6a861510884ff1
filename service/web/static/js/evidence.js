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
    this.newer = button("show what is new", "Show what was recorded meanwhile", () => this.#fill(this.found));
    this.newer.hidden = true;
    element.append(html("div", { class: "tools" }, this.title, this.newer, this.whole, close), this.body);
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
    const found = await fetched(address).catch(() => html("p", { class: "refusal" }, "The service does not answer now."));
    if (this.wanted !== address) return;
    this.#fill(found);
    if (!takesFocus) return;
    this.title.focus({ preventScroll: true });
    this.title.scrollIntoView({ block: "nearest" });
  }

  /** The same item at another point. */
  async follow(clocks) {
    if (this.item && !this.element.hidden) await this.open(this.item, clocks, false);
  }

  /** The same item after something was recorded. Where the reader is in the midst of it, it is offered only. */
  async renew(clocks) {
    if (!this.item || this.element.hidden) return;
    const address = withClocks(this.item.address, clocks);
    const found = await fetched(address).catch(() => null);
    if (!found || this.wanted !== address || wordsOf(found) === wordsOf(this.body)) return;
    this.found = found;
    if (this.body.contains(document.activeElement)) this.newer.hidden = false;
    else this.#fill(found);
  }

  #fill(found) {
    this.newer.hidden = true;
    this.body.replaceChildren(found);
  }

  /** Closes the panel; whoever opened it by the keyboard goes on where that was. */
  close() {
    this.element.hidden = true;
    this.item = this.wanted = null;
    if (this.opener?.isConnected) this.opener.focus({ preventScroll: true });
    this.closed();
  }
}

const fetched = async (address) => sectionOf(await (await fetch(address)).text());

/** What it says, but for the position at which it says so. */
const wordsOf = (element) => element.textContent.replace(/log position \d+/i, "").trim();

function sectionOf(text) {
  const page = new DOMParser().parseFromString(text, "text/html");
  return page.querySelector("#evidence-of") ?? page.querySelector("main > *") ?? html("p", {}, "Nothing.");
}
