// Following the log while a page is seen: the switch, the sign beside it, and what is said of news.

import { cursorAt, Stream } from "./live.js";
import { html } from "./svg.js";

const KEPT = "follow";
const WAYS = { begin: "connecting", live: "live", again: "connecting again", off: "off", fixed: "stays as it is", replaced: "ended" };

export class Following {
  /** `bears(event, text)` says whether an event is news; at the first that is, `news(position)` is called, and no more is read. */
  constructor(element, { bears, news }) {
    this.element = element;
    this.bears = bears;
    this.news = news;
    this.cursor = element.dataset.cursor;
    this.stream = new Stream({
      told: (event, text) => this.#hear(event, text),
      changed: (isOpen) => this.#sign(isOpen ? "live" : "again"),
      replaced: () => this.#end(),
    });
    this.switch = html("input", { type: "checkbox", id: "follow" });
    this.switch.checked = kept() !== "no";
    this.switch.addEventListener("change", () => {
      keep(this.switch.checked ? "yes" : "no");
      this.from(this.position, this.question);
    });
    this.sign = html("span", { class: "sign", id: "follow-sign" });
    this.said = html("p", { class: "news", role: "status", "aria-live": "polite" });
    element.append(html("label", { class: "check", for: "follow" }, this.switch, "Follow live"), this.sign);
    document.body.append(this.said);
    element.hidden = false;
    document.addEventListener("visibilitychange", () => this.#settle());
    addEventListener("pagehide", () => this.stream.close());
    addEventListener("pageshow", (event) => event.persisted && this.#settle());
  }

  /** Listens for what is recorded after a position; null where what is shown stays as it is. */
  from(position, question = this.element.dataset.question) {
    Object.assign(this, { position, question });
    this.isWaiting = false;
    if (position !== null) this.stream.ask(question, cursorAt(position, this.cursor));
    this.#settle();
  }

  get isOn() {
    return this.switch.checked && !this.isReplaced;
  }

  /** Says something to the reader, with a button that does something about it; quietly only to who does not see. */
  say(text, { act = null, isQuiet = false } = {}) {
    this.said.classList.toggle("quiet", isQuiet);
    this.said.replaceChildren(...[text, act && " ", act].filter(Boolean));
  }

  #settle() {
    if (this.isReplaced) return;
    this.stream.close();
    if (!this.switch.checked) this.#sign("off");
    else if (this.position === null) this.#sign("fixed");
    else if (!document.hidden && !this.isWaiting) {
      this.#sign({ live: "live", undefined: "begin" }[this.way] ?? "again");
      this.stream.resume();
    }
  }

  /** Whoever is told of news asks for what is shown anew, and then listens on: of many events at once the first is read. */
  #hear(event, text) {
    const position = Number(event.sequence);
    if (position <= this.position || !this.bears(event, text)) return;
    this.stream.close();
    this.isWaiting = true;
    this.news(position);
  }

  #sign(way) {
    this.way = way;
    this.sign.textContent = WAYS[way];
    this.element.dataset.way = way;
  }

  #end() {
    this.isReplaced = true;
    this.#sign("replaced");
    this.switch.disabled = true;
    this.say("The service was restored from a copy: what is shown here may be no more.", { act: reload("Load it again") });
  }
}

/** A button that loads the page again. */
export const reload = (words) => {
  const made = html("button", { type: "button" }, words);
  made.addEventListener("click", () => location.reload());
  return made;
};

function kept() {
  try {
    return sessionStorage.getItem(KEPT);
  } catch {
    return null;
  }
}

function keep(value) {
  try {
    sessionStorage.setItem(KEPT, value);
  } catch {
    // It counts for this page all the same.
  }
}
