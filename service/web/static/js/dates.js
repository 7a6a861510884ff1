// The dates: sliders for the day in the world, the day of publication, and what the service held.

import { dayOf, FIRST, LAST, textOf, within } from "./days.js";
import { button, html } from "./svg.js";

const PLAY_MILLISECONDS = 14_000;
const PAUSE_MILLISECONDS = 150;

export class Dates {
  /** `moved()` whenever the day changes, `asked()` when another publication or position is wanted, `rested()` after. */
  constructor(element, { moved, asked, rested }) {
    Object.assign(this, { element, moved, asked, rested });
    this.day = this.#slider("As of", "day", (day) => this.setDay(day));
    this.published = this.#slider("As published by", "published", (day) => this.#setPublished(day));
    this.recorded = html("input", { type: "range", id: "recorded", min: 0, step: 1 });
    this.recordedSaid = html("output", { for: "recorded" });
    this.playing = button("▶", "Play", () => this.#toggle());
    element.append(
      html("div", { class: "clock" }, ...this.day.parts, html("span", { class: "buttons" }, button("|◀", "To the change before", () => this.#step(-1)), this.playing, button("▶|", "To the next change", () => this.#step(1)))),
      html("div", { class: "clock" }, ...this.published.parts, html("span", { class: "buttons" }, button("all", "All that was published", () => this.#setPublished(null)))),
      html("details", {}, html("summary", {}, "As recorded by"), html("div", { class: "clock" }, html("label", { for: "recorded" }, "log position"), this.recorded, this.recordedSaid)),
    );
    this.recorded.addEventListener("input", () => this.#setRecorded(Number(this.recorded.value)));
    element.hidden = false;
  }

  /** Shows a world at a day; `published` and `recorded` are null where they are not limited. */
  show(world, day, published, recorded) {
    this.world = world;
    const [first, last] = world.extent;
    for (const { range } of [this.day, this.published]) Object.assign(range, { min: Math.min(first, day), max: Math.max(last, day) });
    Object.assign(this.recorded, { max: world.head, value: recorded ?? world.head });
    this.values = { day, published, recorded };
    this.#tell();
  }

  /** Moves to a day. */
  setDay(day) {
    if (!Number.isFinite(day)) return;
    this.values.day = within(day);
    this.#tell();
    this.moved();
  }

  /** The clocks as parameters; null for what is not limited. */
  clocks() {
    const { day, published, recorded } = this.values;
    return { as_of: textOf(day), published_by: published === null ? null : textOf(published), recorded_by: recorded };
  }

  #slider(label, id, act) {
    const range = html("input", { type: "range", id, step: 1 });
    const field = html("input", { type: "date", min: textOf(FIRST), max: textOf(LAST), id: `${id}-date`, "aria-label": `${label}, as a date` });
    range.addEventListener("input", () => act(Number(range.value)));
    range.addEventListener("change", () => this.rested());
    field.addEventListener("change", () => {
      act(field.value ? dayOf(field.value) : null);
      this.rested();
    });
    return { range, field, parts: [html("label", { for: id }, label), range, field] };
  }

  #setPublished(day) {
    this.values.published = day === null || !Number.isFinite(day) ? null : within(day);
    this.#tell();
    this.#ask();
  }

  /** Asks when the sliders have come to rest for a moment: each question is answered from the log. */
  #ask() {
    clearTimeout(this.asking);
    this.asking = setTimeout(this.asked, PAUSE_MILLISECONDS);
  }

  #setRecorded(position) {
    this.values.recorded = position === Number(this.recorded.max) ? null : position;
    this.#tell();
    this.#ask();
  }

  #step(direction) {
    this.#stop();
    const day = this.world.step(this.values.day, direction);
    if (day !== undefined) this.setDay(day);
    this.rested();
  }

  #toggle() {
    if (this.frame) return this.#stop();
    const { min, max } = this.day.range;
    const [first, last] = [Number(min), Number(max)];
    const begin = this.values.day >= last ? first : this.values.day;
    const pace = (last - first) / PLAY_MILLISECONDS;
    let started = null;
    const turn = (now) => {
      started ??= now;
      const day = Math.min(last, Math.round(begin + (now - started) * pace));
      if (day !== this.values.day) this.setDay(day);
      if (day >= last) return this.#stop();
      this.frame = requestAnimationFrame(turn);
    };
    this.frame = requestAnimationFrame(turn);
    this.#sayPlaying(true);
  }

  #stop() {
    if (!this.frame) return;
    cancelAnimationFrame(this.frame);
    this.frame = null;
    this.#sayPlaying(false);
    this.rested();
  }

  #sayPlaying(isPlaying) {
    this.playing.textContent = isPlaying ? "⏸" : "▶";
    this.playing.setAttribute("aria-label", isPlaying ? "Pause" : "Play");
  }

  #tell() {
    const { day, published, recorded } = this.values;
    this.day.range.value = day;
    this.day.range.setAttribute("aria-valuetext", textOf(day));
    this.day.field.value = textOf(day);
    this.published.range.value = published ?? this.published.range.max;
    this.published.range.setAttribute("aria-valuetext", published === null ? "no limit" : textOf(published));
    this.published.field.value = published === null ? "" : textOf(published);
    this.recordedSaid.textContent = recorded === null ? `all ${this.world.head}` : `${recorded} of ${this.world.head}`;
  }
}
