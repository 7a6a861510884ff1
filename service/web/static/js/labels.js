// Which names of a network can be read: where two would lie on each other, the one of the busier entity is shown.

const HEIGHT = 14;
const WIDE = 6.4;

/** The ids whose names have room, for {id, text, x, y} in pixels, the most important first. */
export function readable(names) {
  const taken = [];
  const shown = new Set();
  for (const { id, text, x, y } of names) {
    const half = (text.length * WIDE) / 2;
    const box = { left: x - half, right: x + half, top: y - HEIGHT / 2, bottom: y + HEIGHT / 2 };
    if (taken.some((other) => overlap(box, other))) continue;
    taken.push(box);
    shown.add(id);
  }
  return shown;
}

const overlap = (one, other) => one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
