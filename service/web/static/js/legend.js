// What the lines, fillings and shapes mean.

import { filling, patterns } from "./patterns.js";
import { outline } from "./shapes.js";
import { html, svg } from "./svg.js";

const STATES = ["holds", "possibly", "planned", "unconfirmed", "contested"];
const KINDS = ["company", "person", "product", "organization"];
const WIDE = 1200;
const KIND_WORDS = { product: "product, project", organization: "organization, body, other" };

/** The legend of the timeline and the network. */
export function legend() {
  return html(
    "details",
    { class: "legend", open: innerWidth >= WIDE ? "" : null },
    html("summary", {}, "Legend"),
    html("ul", {}, ...STATES.map((status) => state(status)), state("holds", "rival", "competes with"), ...KINDS.map(kind), mark("M12 1l7 7l-7 7l-7-7z", "a vote, on its latest day"), said("▲▼●", "said of others: friendly, opposed, neutral")),
  );
}

function state(status, side = "", text = status) {
  const bar = svg("rect", { class: `bar ${status} ${side}`, x: 1, y: 2, width: 34, height: 12, rx: 2, fill: filling("legend", status) });
  const line = svg("g", { class: `edge ${status} ${side}` }, svg("path", { class: "line", d: "M44 8H88" }), svg("path", { class: "core", d: "M44 8H88" }));
  return entry(svg("svg", { class: "drawing lanes network", width: 92, height: 16, "aria-hidden": "true" }, patterns("legend"), bar, line), text);
}

function kind(name) {
  const shape = svg("g", { class: "node", transform: "translate(10 9)" }, svg("path", { class: `shape ${name}`, d: outline(name, 6) }));
  return entry(svg("svg", { class: "drawing network", width: 20, height: 18, "aria-hidden": "true" }, shape), KIND_WORDS[name] ?? name);
}

const mark = (d, text) => entry(svg("svg", { class: "drawing lanes", width: 24, height: 16, "aria-hidden": "true" }, svg("path", { class: "mark", d })), text);

const said = (signs, text) => entry(html("span", { class: "signs", "aria-hidden": "true" }, signs), text);

const entry = (picture, text) => html("li", {}, picture, text);
