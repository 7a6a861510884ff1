// The timeline: one lane for each relation and vote, bars for what was so when, marks for what happened once.

import { Axis } from "./axis.js";
import { dayOf, textOf, within } from "./days.js";
import { filling, patterns } from "./patterns.js";
import { groups } from "./rows.js";
import { button, html, onlyStop, set, svg } from "./svg.js";
import { isRival, look, plain, said } from "./words.js";
import { tells } from "./world.js";

const ROW = 24;
const HEAD = 30;
const BAR = 14;
const NARROW = 620;
const STANCE = { friendly: "▲", supportive: "▲", neutral: "●", sceptical: "▼", hostile: "▼" };

export class Lanes {
  /**
   * `moved(day)` while a date is dragged and `rested()` after, `chosen(item)` when a lane or a mark is opened,
   * `grouped(by)` when the lanes are put under other headings.
   */
  constructor(element, acts) {
    Object.assign(this, acts);
    this.element = element;
    this.by = "relation";
    this.drawing = svg("svg", { class: "drawing lanes", role: "group", "aria-label": "Timeline: the arrow keys go from lane to lane" });
    this.element.append(this.#tools(), html("div", { class: "canvas" }, this.drawing));
    new ResizeObserver(() => this.#draw()).observe(this.element);
    this.#listen();
  }

  /** Shows a world; the extent stays where it is while the same entities are looked at. */
  show(world, keepsExtent = false) {
    this.world = world;
    if (!keepsExtent || !this.extent) this.extent = world.extent;
    this.#draw();
  }

  /** Moves the lines of the dates. */
  at(day, published) {
    this.day = day;
    this.published = published;
    this.#moveLines();
  }

  /** Puts the lanes under other headings: `relation` or `company`. */
  group(by) {
    this.by = by;
    this.grouping.value = by;
    this.#draw();
  }

  /** The item behind a lane: a relation, a vote, or what somebody said of others. */
  item(id) {
    const point = this.drawing.querySelector(`.lane[data-id="${CSS.escape(id)}"] .point`);
    const items = [...this.world.relations, ...this.world.votes];
    return items.find((item) => item.id === id) ?? (point && { id, address: point.dataset.address });
  }

  /** Has the lane of an item stand out. */
  select(id) {
    this.selected = id;
    for (const row of this.drawing.querySelectorAll(".lane")) row.classList.toggle("selected", row.dataset.id === id);
  }

  #tools() {
    this.grouping = html("select", {}, new Option("relation", "relation"), new Option("company", "company"));
    this.grouping.addEventListener("change", () => {
      this.group(this.grouping.value);
      this.grouped(this.by);
    });
    return html(
      "div",
      { class: "tools controls" },
      html("h2", {}, "Timeline"),
      html("label", { class: "check" }, "by ", this.grouping),
      button("+", "Zoom in", () => this.#zoom(0.5)),
      button("−", "Zoom out", () => this.#zoom(2)),
      button("⤢", "Show all of it", () => this.show(this.world)),
    );
  }

  #zoom(times) {
    const [first, last] = this.extent;
    const center = this.day >= first && this.day <= last ? this.day : (first + last) / 2;
    const length = Math.max(20, (last - first) * times);
    const share = (center - first) / (last - first);
    this.extent = [within(Math.round(center - share * length)), within(Math.round(center + (1 - share) * length))];
    this.#draw();
  }

  #draw() {
    const width = this.element.clientWidth - 2;
    if (!this.world || width <= 0) return;
    const focused = this.drawing.contains(document.activeElement) ? document.activeElement.dataset.id : null;
    const isNarrow = width < NARROW;
    this.row = isNarrow ? ROW + 16 : ROW;
    this.label = isNarrow ? 8 : Math.min(300, width * 0.34);
    this.axis = new Axis(...this.extent, this.label + 4, width - 10);
    const found = groups(this.world, this.by);
    const height = HEAD + found.reduce((sum, group) => sum + ROW + group.rows.length * this.row, 0) + 8;
    this.height = height;
    set(this.drawing, { width, height, viewBox: `0 0 ${width} ${height}` });
    this.drawing.replaceChildren(patterns("lane"), this.#marks(), ...this.#groups(found, isNarrow), this.#lines());
    this.#moveLines();
    this.select(this.selected);
    const stop = focused && this.drawing.querySelector(`.lane[data-id="${CSS.escape(focused)}"]`);
    this.drawing.querySelector(".lane")?.setAttribute("tabindex", 0);
    if (stop) stop.focus();
  }

  #marks() {
    const { axis, height } = this;
    const lines = axis.marks().map(({ day, text }) =>
      svg("g", { class: "tick" }, svg("line", { x1: axis.x(day), x2: axis.x(day), y1: HEAD - 6, y2: height }), svg("text", { x: axis.x(day) + 3, y: 12 }, text)),
    );
    return svg("g", {}, ...lines);
  }

  #groups(found, isNarrow) {
    let y = HEAD;
    return found.map(({ title, rows }) => {
      const made = [svg("text", { x: 6, y: y + 16, class: "group" }, `${title} (${rows.length})`)];
      y += ROW;
      for (const row of rows) {
        made.push(this.#lane(row, y, isNarrow));
        y += this.row;
      }
      return svg("g", {}, ...made);
    });
  }

  #lane(row, y, isNarrow) {
    const middle = y + (isNarrow ? this.row - ROW / 2 : ROW / 2);
    const label = svg("text", { x: isNarrow ? 8 : this.label - 4, y: isNarrow ? y + 12 : middle + 4, class: "label", "text-anchor": isNarrow ? "start" : "end" }, shortened(row.text, isNarrow ? 60 : this.label / 7.4));
    const attributes = { class: "lane", "data-id": row.id, tabindex: -1, role: "button", "aria-label": `${row.text}, ${row.items.length ? plain(row.items[0].relation) : "said of others"}. Open the evidence.` };
    return svg(
      "g",
      attributes,
      svg("title", {}, row.text),
      svg("rect", { class: "ground", x: 0, y, width: this.axis.right + 10, height: this.row }),
      label,
      ...row.items.flatMap((item) => this.#bars(item, middle)),
      ...row.points.map((point) => this.#point(point, middle)),
    );
  }

  #bars(item, middle) {
    const bars = item.periods.map((period, number) => {
      const [from, to] = [this.axis.x(item.starts[number]), this.axis.x(item.ends[number])];
      if (period.status === "unknown" || to - from <= 0) return null;
      const shape = look(period);
      if (!tells(period)) return svg("line", { class: "over", x1: from, x2: to, y1: middle, y2: middle });
      const size = { x: from, y: middle - BAR / 2, width: Math.max(to - from, 2), height: BAR, rx: 2 };
      const side = isRival(item.relation) ? " rival" : "";
      return svg("rect", { class: `bar ${shape}${side}`, fill: filling("lane", shape), ...size }, svg("title", {}, said(period)));
    });
    return [...bars.filter(Boolean), ...this.#happened(item, middle)];
  }

  /** A vote is a mark within the range of its day. */
  #happened(item, middle) {
    const met = item.kind === "vote" ? item.periods.findLast((period) => period.when?.latest) : null;
    if (!met) return [];
    const x = this.axis.x(dayOf(met.when.latest));
    return [svg("path", { class: "mark", d: `M${x} ${middle - 8}l7 8l-7 8l-7-8z` }, svg("title", {}, said(met)))];
  }

  #point(point, middle) {
    const [low, high] = [this.axis.x(point.low), this.axis.x(point.high)];
    const text = `${point.negated ? "not " : ""}${point.stance}${point.wording ? `: ${point.wording}` : ""} (${point.when?.edtf ?? "no date"})`;
    return svg(
      "g",
      { class: "point", "data-address": point.address },
      svg("line", { x1: low, x2: high, y1: middle, y2: middle }),
      svg("text", { x: high, y: middle + 5, "text-anchor": "middle" }, STANCE[point.stance] ?? "●"),
      svg("title", {}, text),
    );
  }

  #lines() {
    const line = (name) => svg("g", { class: name }, svg("line", { y1: 14, y2: this.height }), svg("text", { y: 26 }));
    this.publishedLine = line("published");
    this.dayLine = line("day");
    return svg("g", { class: "dates" }, this.publishedLine, this.dayLine);
  }

  #moveLines() {
    if (!this.axis || !this.dayLine || this.day === undefined) return;
    this.#move(this.dayLine, this.day, "");
    this.publishedLine.setAttribute("visibility", this.published === null ? "hidden" : "visible");
    if (this.published !== null) this.#move(this.publishedLine, this.published, "public by ");
  }

  #move(line, day, words) {
    const x = this.axis.x(day);
    const isLeft = x > (this.axis.left + this.axis.right) / 2;
    set(line.firstChild, { x1: x, x2: x });
    set(line.lastChild, { x: x + (isLeft ? -4 : 4), "text-anchor": isLeft ? "end" : "start" });
    line.lastChild.textContent = `${words}${textOf(day)}`;
  }

  #listen() {
    let start = null;
    const dayAt = (event) => this.axis.day(event.clientX - this.drawing.getBoundingClientRect().left);
    this.drawing.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || !event.isPrimary) return;
      start = { x: event.clientX, isMoving: false };
    });
    this.drawing.addEventListener("pointermove", (event) => {
      if (!start || (!start.isMoving && Math.abs(event.clientX - start.x) < 4)) return;
      if (!start.isMoving) this.drawing.setPointerCapture(event.pointerId);
      start.isMoving = true;
      this.moved(dayAt(event));
    });
    const end = (event) => {
      if (!start) return;
      const wasMoving = start.isMoving;
      start = null;
      if (wasMoving) this.rested();
      else if (event.type === "pointerup") this.#pressed(event, dayAt(event));
    };
    this.drawing.addEventListener("pointerup", end);
    this.drawing.addEventListener("pointercancel", end);
    this.drawing.addEventListener("keydown", (event) => this.#key(event));
    this.drawing.addEventListener("focusin", (event) => onlyStop(this.drawing, event.target));
  }

  #pressed(event, day) {
    const x = event.clientX - this.drawing.getBoundingClientRect().left;
    const point = event.target.closest(".point");
    const lane = event.target.closest(".lane");
    if (point) this.chosen({ id: lane.dataset.id, address: point.dataset.address });
    else if (lane) this.chosen(this.item(lane.dataset.id));
    else if (x >= this.axis.left) {
      this.moved(day);
      this.rested();
    }
  }

  #key(event) {
    const lane = event.target.closest(".lane");
    if (!lane) return;
    if (event.key === "Enter" || event.key === " ") this.chosen(this.item(lane.dataset.id));
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") this.#neighbour(lane, event.key === "ArrowDown" ? 1 : -1)?.focus();
    else return;
    event.preventDefault();
  }

  #neighbour(lane, step) {
    const lanes = [...this.drawing.querySelectorAll(".lane")];
    return lanes[lanes.indexOf(lane) + step];
  }
}

const shortened = (text, most) => (text.length <= most ? text : `${text.slice(0, Math.max(3, most - 1))}…`);
