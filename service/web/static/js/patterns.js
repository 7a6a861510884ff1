// Fillings that tell states apart without colour, for one drawing.

import { svg } from "./svg.js";

/** The definitions of the fillings; `prefix` keeps those of several drawings apart. */
export function patterns(prefix) {
  return svg(
    "defs",
    {},
    hatching(`${prefix}-possibly`, "possibly", 6, ["M0 6L6 0"]),
    hatching(`${prefix}-contested`, "contested", 7, ["M0 7L7 0", "M0 0L7 7"]),
    hatching(`${prefix}-planned`, "planned", 6, ["M1.5 3h.01"]),
    hatching(`${prefix}-unconfirmed`, "unconfirmed", 9, ["M2 4.5h3"]),
  );
}

function hatching(id, status, size, strokes) {
  const attributes = { id, width: size, height: size, patternUnits: "userSpaceOnUse", class: `hatching ${status}` };
  return svg("pattern", attributes, svg("rect", { width: size, height: size }), ...strokes.map((d) => svg("path", { d })));
}

const FILLED = new Set(["possibly", "contested", "planned", "unconfirmed", "scheduled"]);

/** What a bar of a status is filled with; null where its colour does. */
export const filling = (prefix, status) =>
  FILLED.has(status) ? `url(#${prefix}-${status === "scheduled" ? "planned" : status})` : null;
