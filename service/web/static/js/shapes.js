// The shapes of a network: entities by kind, and the curves between them.

const SHAPES = {
  company: (r) => `M${-r} 0a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`,
  person: (r) => `M0 ${-r * 1.15}L${r * 1.1} ${r * 0.85}H${-r * 1.1}z`,
  product: (r) => `M0 ${-r * 1.25}L${r * 1.25} 0L0 ${r * 1.25}L${-r * 1.25} 0z`,
  project: (r) => `M0 ${-r * 1.25}L${r * 1.25} 0L0 ${r * 1.25}L${-r * 1.25} 0z`,
};

/** The outline of an entity of a kind; all that is not listed is a square. */
export const outline = (kind, radius) => (SHAPES[kind] ?? ((r) => `M${-r} ${-r}h${2 * r}v${2 * r}h${-2 * r}z`))(radius);

/** A curve between two places, the more bent the farther it is from the middle of several: its path and its middle. */
export function curve(from, to, bend) {
  const [x, y] = [to.x - from.x, to.y - from.y];
  const length = Math.hypot(x, y) || 1;
  const away = { x: (-y / length) * bend, y: (x / length) * bend };
  const pull = { x: (from.x + to.x) / 2 + away.x, y: (from.y + to.y) / 2 + away.y };
  const middle = { x: (from.x + to.x) / 2 + away.x / 2, y: (from.y + to.y) / 2 + away.y / 2 };
  const d = `M${round(from.x)} ${round(from.y)}Q${round(pull.x)} ${round(pull.y)} ${round(to.x)} ${round(to.y)}`;
  return { d, middle, angle: (Math.atan2(y, x) * 180) / Math.PI };
}

const round = (number) => Math.round(number * 10) / 10;
