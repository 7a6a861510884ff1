// The network on a day: entities stay where they are, and what is between them comes and goes.

import { readable } from "./labels.js";
import { places } from "./layout.js";
import { curve, outline } from "./shapes.js";
import { button, html, onlyStop, set, svg } from "./svg.js";
import { isRival, look, plain, said } from "./words.js";

const SYMMETRIC = new Set(["partner_of", "agreement_with", "competes_with"]);
const FEW = 26;
const BEND = 22;

export class Network {
  /** `chosen(item)` when what is between two entities is opened, `centered(id)` when an entity is. */
  constructor(element, chosen, centered) {
    this.chosen = chosen;
    this.centered = centered;
    this.places = new Map();
    this.edges = [];
    this.linked = new Set();
    this.scale = 1;
    this.drawing = svg("svg", { class: "drawing network", role: "group", "aria-label": "Network: left and right go from entity to entity, up and down along its lines" });
    element.append(html("div", { class: "tools controls" }, html("h2", {}, "Network"), ...this.#buttons()), html("div", { class: "canvas" }, this.drawing));
    this.element = element;
    new ResizeObserver(() => this.#fit()).observe(this.drawing);
    this.#listen();
  }

  /** Shows a world; entities that were there before keep their places. */
  show(world, keepsExtent = false) {
    this.world = world;
    const ids = world.nodes.map((node) => node.id);
    const links = world.relations.map((relation) => [relation.subject, relation.object]);
    this.places = places(ids, links.filter((ends) => ends.every((end) => ids.includes(end))), this.places);
    this.#draw();
    if (!keepsExtent) this.#fit();
    else this.#zoom();
    if (this.day !== undefined) this.at(this.day);
  }

  /** Shows a day. */
  at(day) {
    this.day = day;
    const told = new Map(this.world.told(day));
    const linked = new Set([...told.keys()].flatMap((item) => [item.subject, item.object]));
    for (const edge of this.edges) {
      const period = told.get(edge.item) ?? null;
      if (edge.period !== period) this.#turn(edge, period);
    }
    this.linked = linked;
    for (const [id, node] of this.nodes) node.classList.toggle("alone", !linked.has(id));
    this.#name();
    this.drawing.classList.toggle("few", told.size <= FEW);
  }

  /** Has what is between two entities stand out. */
  select(id) {
    this.selected = id;
    for (const edge of this.edges) edge.element.classList.toggle("selected", edge.item.id === id);
  }

  #turn(edge, period) {
    const shape = period === null ? "none" : look(period);
    edge.period = period;
    const isSelected = edge.item.id === this.selected;
    const side = isRival(edge.item.relation) ? " rival" : "";
    set(edge.element, { class: `edge ${shape}${side}${isSelected ? " selected" : ""}` });
    edge.title.textContent = period === null ? edge.text : `${edge.text}: ${said(period)}`;
    edge.element.setAttribute("aria-label", edge.title.textContent);
  }

  #buttons() {
    const middle = () => [this.drawing.clientWidth / 2, this.drawing.clientHeight / 2];
    return [
      button("+", "Zoom in", () => this.#scale(1.5, ...middle())),
      button("−", "Zoom out", () => this.#scale(1 / 1.5, ...middle())),
      button("⤢", "Show all of it", () => this.#fit()),
    ];
  }

  #draw() {
    const degrees = new Map();
    for (const { subject, object } of this.world.relations) {
      for (const end of [subject, object]) degrees.set(end, (degrees.get(end) ?? 0) + 1);
    }
    this.edges = bent(this.world.relations.filter((item) => this.places.has(item.subject) && this.places.has(item.object))).map(([item, bend]) => this.#edge(item, bend));
    const ranked = this.world.nodes.toSorted((one, other) => degrees.get(other.id) - degrees.get(one.id));
    this.nodes = new Map(ranked.map((node) => [node.id, this.#node(node, radius(degrees.get(node.id)))]));
    this.named = ranked.map((node) => ({ id: node.id, text: this.world.name(node.id), below: radius(degrees.get(node.id)) }));
    this.view = svg("g", {}, svg("g", {}, ...this.edges.map((edge) => edge.element)), svg("g", {}, ...this.nodes.values()));
    this.drawing.replaceChildren(this.view);
    this.drawing.querySelector(".node")?.setAttribute("tabindex", 0);
  }

  #edge(item, bend) {
    const { d, middle, angle } = curve(this.places.get(item.subject), this.places.get(item.object), bend);
    const text = `${this.world.name(item.subject)} ${plain(item.relation)} ${this.world.name(item.object)}`;
    const title = svg("title", {}, text);
    const at = `translate(${middle.x.toFixed(1)} ${middle.y.toFixed(1)})`;
    const isDirected = !SYMMETRIC.has(item.relation);
    const arrow = isDirected ? [svg("path", { class: "arrow", d: "M-5 -4L5 0L-5 4z", transform: `${at} rotate(${angle.toFixed(1)})` })] : [];
    const element = svg(
      "g",
      { class: "edge none", tabindex: -1, role: "button", "data-id": item.id },
      title,
      svg("path", { class: "touch", d }),
      svg("path", { class: "line", d }),
      svg("path", { class: "core", d }),
      ...arrow,
      svg("text", { class: "clash", transform: at, y: 5 }, "≠"),
      svg("text", { class: "word", transform: at, y: -6 }, plain(item.relation)),
    );
    return { item, element, title, text, period: null };
  }

  #node(node, size) {
    const { x, y } = this.places.get(node.id);
    return svg(
      "g",
      { class: node.id === this.world.center ? "node center" : "node", "data-id": node.id, tabindex: -1, role: "link", "aria-label": `${this.world.name(node.id)}, ${node.kind}. Look around it.`, transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})` },
      svg("title", {}, `${this.world.name(node.id)} (${node.kind})`),
      svg("path", { class: `shape ${node.kind}`, d: outline(node.kind, size) }),
      svg("text", { class: "name", y: size + 13 }, this.world.name(node.id)),
    );
  }

  #fit() {
    const points = [...this.places.values()];
    const { clientWidth: width, clientHeight: height } = this.drawing;
    if (!points.length || !width || !height) return;
    const [left, right] = [Math.min(...points.map((p) => p.x)) - 70, Math.max(...points.map((p) => p.x)) + 70];
    const [top, bottom] = [Math.min(...points.map((p) => p.y)) - 40, Math.max(...points.map((p) => p.y)) + 45];
    const scale = Math.min(width / (right - left), height / (bottom - top), 1.6);
    this.scale = scale;
    this.shift = { x: width / 2 - (scale * (left + right)) / 2, y: height / 2 - (scale * (top + bottom)) / 2 };
    this.#zoom();
  }

  #zoom() {
    if (!this.view || !this.shift) return;
    const { scale, shift } = this;
    set(this.view, { transform: `translate(${shift.x} ${shift.y}) scale(${scale})` });
    const zoom = Math.min(scale, 1.3);
    this.drawing.style.setProperty("--zoom", zoom);
    this.#name();
  }

  /** Shows the names that have room, of those that are linked on the day. */
  #name() {
    const { scale } = this;
    const zoom = Math.min(scale, 1.3);
    const names = this.named.filter(({ id }) => this.linked.has(id)).map(({ id, text, below }) => {
      const { x, y } = this.places.get(id);
      return { id, text, x: x * scale, y: (y + below + 9 / zoom) * scale };
    });
    const shown = readable(names);
    for (const [id, node] of this.nodes) node.classList.toggle("crowded", !shown.has(id));
  }

  #listen() {
    let start = null;
    this.drawing.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || !event.isPrimary) return;
      start = { x: event.clientX, y: event.clientY, shift: this.shift, isMoving: false };
    });
    this.drawing.addEventListener("pointermove", (event) => {
      if (!start?.shift) return;
      const [x, y] = [event.clientX - start.x, event.clientY - start.y];
      if (!start.isMoving && Math.hypot(x, y) < 4) return;
      if (!start.isMoving) this.drawing.setPointerCapture(event.pointerId);
      start.isMoving = true;
      this.shift = { x: start.shift.x + x, y: start.shift.y + y };
      this.#zoom();
    });
    this.drawing.addEventListener("pointerup", (event) => {
      if (!start) return;
      const wasMoving = start.isMoving;
      start = null;
      if (!wasMoving) this.#open(event.target);
    });
    this.drawing.addEventListener("pointercancel", () => (start = null));
    this.drawing.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    this.drawing.addEventListener("keydown", (event) => this.#key(event));
    this.drawing.addEventListener("focusin", (event) => onlyStop(this.drawing, event.target));
    for (const [type, isOver] of [["pointerover", true], ["pointerout", false], ["focusin", true], ["focusout", false]]) {
      this.drawing.addEventListener(type, (event) => this.#near(event.target.closest(".node")?.dataset.id, isOver));
    }
  }

  /** Left and right go from entity to entity, up and down along the lines of one; Enter opens. */
  #key(event) {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const { dataset, classList } = event.target.closest(".node, .edge") ?? {};
    if (!dataset || !(step || event.key === "Enter" || event.key === " ")) return;
    event.preventDefault();
    if (classList.contains("node")) this.from = dataset.id;
    if (!step) this.#open(event.target);
    else if (event.key === "ArrowRight" || event.key === "ArrowLeft") {
      const linked = [...this.nodes].filter(([id]) => this.linked.has(id)).map(([, node]) => node);
      following(linked, this.nodes.get(this.from), step)?.focus();
    } else {
      const lines = this.edges.filter(({ item, period }) => period && [item.subject, item.object].includes(this.from));
      following(lines.map(({ element }) => element), event.target.closest(".edge"), step)?.focus();
    }
  }

  /** What is around an entity stands out while it is pointed at. */
  #near(id, isOver) {
    if (!id) return;
    this.drawing.classList.toggle("pointing", isOver);
    for (const { item, element, period } of this.edges) {
      if (item.subject === id || item.object === id) {
        element.classList.toggle("near", isOver);
        for (const end of [item.subject, item.object]) this.nodes.get(end)?.classList.toggle("near", isOver && period !== null);
      }
    }
    this.nodes.get(id)?.classList.toggle("near", isOver);
  }

  /** With Ctrl, as a pinch on a touchpad sends it, the wheel zooms; without, it scrolls the page as anywhere. */
  #wheel(event) {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const box = this.drawing.getBoundingClientRect();
    this.#scale(Math.exp(-event.deltaY / 100), event.clientX - box.left, event.clientY - box.top);
  }

  #scale(times, x, y) {
    if (!this.shift) return;
    const scale = Math.min(6, Math.max(0.1, this.scale * times));
    this.shift = { x: x - ((x - this.shift.x) * scale) / this.scale, y: y - ((y - this.shift.y) * scale) / this.scale };
    this.scale = scale;
    this.#zoom();
  }

  #open(target) {
    const edge = target.closest(".edge");
    const node = target.closest(".node");
    if (edge) this.chosen(this.edges.find(({ item }) => item.id === edge.dataset.id).item);
    else if (node) this.centered(node.dataset.id);
  }
}

/** The next of some in a direction, and round again; the first or the last where the one before is not among them. */
function following(some, before, step) {
  const place = some.indexOf(before);
  return place < 0 ? some.at(step > 0 ? 0 : -1) : some[(place + step + some.length) % some.length];
}

const radius = (degree) => 6 + 2.2 * Math.sqrt(degree);

/** Relations with how far each is bent: those between the same two are spread around the straight line. */
function bent(relations) {
  const beside = new Map();
  for (const item of relations) {
    const ends = [item.subject, item.object].sort().join(" ");
    beside.set(ends, [...(beside.get(ends) ?? []), item]);
  }
  return [...beside.values()].flatMap((items) =>
    items.map((item, number) => [item, BEND * 2 * (number - (items.length - 1) / 2) * (item.subject < item.object ? 1 : -1)]),
  );
}
