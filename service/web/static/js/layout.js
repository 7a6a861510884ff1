// Where the entities of a network stand: forces, always the same for the same network.

const GOLDEN = Math.PI * (3 - Math.sqrt(5));

/**
 * Places by id, for links [from, to] between ids. Linked ones attract, all repel each other, and nothing drifts away
 * (Fruchterman and Reingold, 1991). `kept` are places that are known already: these ids stay there.
 */
export function places(ids, links, kept = new Map()) {
  const index = new Map(ids.map((id, number) => [id, number]));
  const points = ids.map((id, number) => ({ ...(kept.get(id) ?? spiral(number)) }));
  const pairs = links.map(([from, to]) => [index.get(from), index.get(to)]).filter(([from, to]) => from !== to);
  const free = new Set(ids.filter((id) => !kept.has(id)).map((id) => index.get(id)));
  const rounds = free.size === 0 ? 0 : Math.min(400, Math.ceil(40_000_000 / Math.max(1, ids.length ** 2)));
  for (let round = 0; round < rounds; round++) {
    relax(points, free, pairs, 60 * (1 - round / rounds) + 0.5);
  }
  return new Map(ids.map((id, number) => [id, points[number]]));
}

function spiral(number) {
  const radius = 40 * Math.sqrt(number + 0.5);
  return { x: radius * Math.cos(number * GOLDEN), y: radius * Math.sin(number * GOLDEN) };
}

const LENGTH = 80;
const FAR = (5 * LENGTH) ** 2;

function relax(points, free, pairs, most) {
  const forces = points.map(({ x, y }) => ({ x: -x * 0.045, y: -y * 0.045 }));
  for (let one = 0; one < points.length; one++) {
    for (let other = 0; other < one; other++) {
      const [x, y] = [points[one].x - points[other].x, points[one].y - points[other].y];
      const squared = x * x + y * y;
      if (squared > FAR) continue;
      const force = (LENGTH * LENGTH) / Math.max(squared, 25);
      push(forces[one], x * force, y * force, 0.06);
      push(forces[other], x * force, y * force, -0.06);
    }
  }
  for (const [from, to] of pairs) {
    const [x, y] = [points[to].x - points[from].x, points[to].y - points[from].y];
    const force = Math.hypot(x, y) / LENGTH;
    push(forces[from], x * force, y * force, 0.045);
    push(forces[to], x * force, y * force, -0.045);
  }
  points.forEach((point, number) => {
    if (!free.has(number)) return;
    const { x, y } = forces[number];
    const scale = Math.min(1, most / Math.max(Math.hypot(x, y), 0.001));
    point.x += x * scale;
    point.y += y * scale;
  });
}

function push(force, x, y, times) {
  force.x += x * times;
  force.y += y * times;
}
