// The lanes of the timeline: what stands in which, and under which heading.

import { plain } from "./words.js";

const STANCES = "said of others";

/** Lanes under headings, by `relation` or by `company`: {title, rows: [{id, text, items, points, first}]}. */
export function groups(world, by) {
  const found = new Map();
  const put = (title, row) => found.set(title, [...(found.get(title) ?? []), row]);
  for (const item of [...world.relations, ...world.votes]) {
    if (item.periods.some((period) => period.status !== "unknown")) itemRows(world, item, by).forEach((row) => put(...row));
  }
  for (const [speaker, points] of bySpeaker(world.stances)) put(...stanceRow(world, speaker, points, by));
  return [...found]
    .sort(([one], [other]) => one.localeCompare(other))
    .map(([title, rows]) => ({ title, rows: rows.sort((one, other) => (one.first < other.first ? -1 : one.first > other.first ? 1 : 0)) }));
}

function itemRows(world, item, by) {
  const [subject, object] = [world.name(item.subject), world.name(item.object)];
  const row = { id: item.id, items: [item], points: [], first: item.starts[1] ?? -Infinity };
  if (item.kind === "vote") return [[by === "relation" ? "vote" : world.name(item.body), { ...row, text: motion(world, item) }]];
  if (by === "relation") return [[plain(item.relation), { ...row, text: `${subject} – ${object}` }]];
  return [
    [subject, { ...row, text: `${plain(item.relation)} ${object}` }],
    [object, { ...row, text: `${subject} ${plain(item.relation)}` }],
  ];
}

function motion(world, { body, moves, motion: text }) {
  const moved = moves ? `${world.name(moves.subject)} ${plain(moves.relation)} ${world.name(moves.object)}` : text;
  return `${world.name(body)}: ${moved}`;
}

function stanceRow(world, speaker, points, by) {
  const name = points[0].speaker_is_entity ? world.name(speaker) : "an author";
  const row = { id: `stance/${speaker}`, items: [], points, first: points[0].high };
  return by === "relation" ? [STANCES, { ...row, text: name }] : [name, { ...row, text: STANCES }];
}

function bySpeaker(stances) {
  const found = new Map();
  for (const point of stances) found.set(point.speaker, [...(found.get(point.speaker) ?? []), point]);
  return found;
}
