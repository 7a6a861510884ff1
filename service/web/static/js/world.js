// What is so on all days: relations, votes and stances with their periods, as /v1/periods answers them.

import { dayOf, today, within } from "./days.js";

const SILENT = new Set(["not_held", "unknown", "did_not_occur"]);
const YEAR = 365;

/** Whether a period says that something holds, may hold or is planned. */
export const tells = (period) => period !== null && !SILENT.has(period.status);

/** The period of an item on a day; null where it has none. */
export function on(item, day) {
  let low = 0;
  let high = item.starts.length;
  while (low + 1 < high) {
    const middle = (low + high) >> 1;
    if (item.starts[middle] <= day) low = middle;
    else high = middle;
  }
  return item.starts.length ? item.periods[low] : null;
}

/** A world as it is shown; the same `text` is the same world. Each item has an `id`, two ends, the `address` of its evidence, and its periods. */
export class World {
  constructor(answer) {
    this.center = answer.center ?? null;
    this.depth = answer.depth ?? 1;
    this.position = answer.position;
    this.head = answer.head ?? answer.position;
    this.names = answer.names;
    this.ids = answer.nodes.map((node) => node.id);
    this.text = JSON.stringify([answer.nodes, answer.relations, answer.votes, answer.stances, answer.names]);
    this.relations = answer.relations.map((found) => item(found, "relation"));
    this.votes = answer.votes.map((found) => item(found, "vote"));
    this.stances = answer.stances.map(stance);
    const linked = new Set(this.relations.flatMap((relation) => [relation.subject, relation.object]));
    this.nodes = answer.nodes.filter((node) => linked.has(node.id));
    this.changes = changes([...this.relations, ...this.votes]);
    this.extent = extent(this, answer.extent);
  }

  /** The relations that tell something on a day, each with its period: as near to the center as is asked for. */
  told(day) {
    const telling = this.relations.map((item) => [item, on(item, day)]).filter(([, period]) => tells(period));
    if (this.center === null) return telling;
    let near = new Set([this.center]);
    for (let step = 0; step < this.depth; step++) {
      const linked = telling.filter(([item]) => near.has(item.subject) || near.has(item.object));
      near = new Set([...near, ...linked.flatMap(([item]) => [item.subject, item.object])]);
    }
    return telling.filter(([item]) => near.has(item.subject) && near.has(item.object));
  }

  /** What an entity is called. */
  name(id) {
    return this.names[id] ?? id;
  }

  /** The nearest day before (-1) or after (1) a day on which anything changes; undefined where there is none. */
  step(day, direction) {
    return direction > 0 ? this.changes.find((change) => change > day) : this.changes.findLast((change) => change < day);
  }
}

/** The first and the last day that are worth showing, with some room on both sides; `also` is to be in it. */
function extent(world, also = []) {
  const points = world.stances.flatMap((point) => [point.low, point.high]).filter(Number.isFinite);
  const days = [...world.changes, ...points];
  if (!days.length) return also.length ? also : [today() - YEAR, today()];
  const [first, last] = [Math.min(...days), Math.max(...days)];
  const room = Math.max(30, Math.round((last - first) / 25));
  return [within(Math.min(first - room, ...also)), within(Math.max(last + room, ...also))];
}

function item(found, kind) {
  const periods = found.periods ?? [];
  const [subject, object] = kind === "vote" ? voteEnds(found) : [found.subject, found.object];
  const told = { ...found, kind, subject, object, periods, relation: kind === "vote" ? "vote" : found.relation };
  told.id = kind === "vote" ? `vote/${found.body}/${found.moves ? keyOf(found.moves) : found.motion}` : keyOf(found);
  told.starts = periods.map((period) => (period.from === null ? -Infinity : dayOf(period.from)));
  told.ends = periods.map((period) => (period.to === null ? Infinity : dayOf(period.to)));
  told.address = kind === "vote" ? voteAddress(found) : `/relation/${keyOf(found)}`;
  return told;
}

const keyOf = (found) => `${found.relation}/${found.subject}/${found.object}`;

const voteEnds = (found) => (found.moves ? [found.body, found.moves.subject] : [found.body, found.body]);

function voteAddress(found) {
  const { relation, subject, object } = found.moves ?? {};
  const asked = found.moves ? { relation, subject, object } : { motion: found.motion };
  return `/vote/${encodeURIComponent(found.body)}?${new URLSearchParams(asked)}`;
}

function stance(found) {
  const { earliest, latest } = found.when ?? {};
  return {
    ...found,
    low: earliest ? dayOf(earliest) : -Infinity,
    high: latest ? dayOf(latest) : Infinity,
    address: `/claim/${found.claims[0]}`,
  };
}

function changes(items) {
  const days = new Set(items.flatMap((found) => found.starts.filter(Number.isFinite)));
  return [...days].sort((one, other) => one - other);
}
