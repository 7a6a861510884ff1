// The explorer: puts its parts together, and has all of them show the same point of the clocks.

import { asked, changed, keep, withClocks } from "./address.js";
import { Dates } from "./dates.js";
import { dayOf } from "./days.js";
import { Evidence } from "./evidence.js";
import { keepingFocus } from "./focus.js";
import { Following } from "./following.js";
import { Lanes } from "./lanes.js";
import { legend } from "./legend.js";
import { Network } from "./network.js";
import { drawn, listed, painted, save } from "./saving.js";
import { html } from "./svg.js";
import { Table } from "./table.js";
import { World } from "./world.js";

const MOST_FOLLOWED = 100;
const LONGEST_QUESTION = 6_000;
const PAUSE_MILLISECONDS = 1_000;
const LONGEST_PAUSE = 30_000;
const SCOPE = ["center", "depth", "entities", "relation", "according_to"];
const part = (id) => document.getElementById(id);
const given = asked();

let world = seen(JSON.parse(part("world").textContent));
let fetching = null;
let shown = null;
let renewing = null;
let renewed = -Infinity;

const evidence = new Evidence(part("evidence"), () => select(null));
const table = new Table(part("table"));
const dates = new Dates(part("dates"), { moved, asked: ask, rested });
part("network").hidden = part("lanes").hidden = false;
const network = new Network(part("network"), open, center);
const lanes = new Lanes(part("lanes"), {
  moved: (day) => dates.setDay(day),
  rested,
  chosen: open,
  grouped: (by) => keep({ lanes: by === "company" ? by : null }),
});
const following = part("live") && new Following(part("live"), { bears: () => true, news });

begin();

function begin() {
  const published = given.get("published_by");
  const recorded = given.get("recorded_by");
  shown = { published: published ? dayOf(published) : null, recorded: recorded ? world.position : null };
  dates.show(world, dayOf(part("table-day").textContent), shown.published, shown.recorded);
  network.show(world);
  lanes.show(world);
  if (given.get("lanes") === "company") lanes.group("company");
  document.querySelectorAll(".no-script").forEach((field) => field.remove());
  document.querySelector("form.scope").addEventListener("submit", askAnew);
  part("dates").append(viewButtons(), saveButtons(), legend());
  view(given.get("view") === "table" ? "table" : "network");
  moved();
  const item = given.get("select") ? lanes.item(given.get("select")) : null;
  if (item) open(item, false);
  follow(Number(part("live")?.dataset.position));
  requestAnimationFrame(() => requestAnimationFrame(ready));
}

/** All of it was painted once. */
function ready() {
  document.documentElement.dataset.ready = "yes";
  performance.mark("ready");
}

/** Everything at the day of the sliders. */
function moved() {
  const { day, published } = dates.values;
  network.at(day);
  lanes.at(day, published);
  table.show(world, day, clocks());
  keep(dates.clocks());
}

/** After the dates came to rest. */
function rested() {
  evidence.follow(clocks());
  for (const link of document.querySelectorAll("#further a")) link.href = withClocks(link.getAttribute("href"), clocks());
}

/** The world as published or recorded by other dates; of several wishes the last one counts, and a refused one none. */
async function ask() {
  fetching?.abort();
  const mine = (fetching = new AbortController());
  const wanted = { ...dates.values };
  let answer;
  try {
    answer = await answered(clocks(), mine);
  } catch (error) {
    return mine.signal.aborted ? undefined : refuse(error.message);
  }
  say("");
  take(answer, wanted);
  moved();
  rested();
  follow();
}

/** Draws another world, and leaves the focus where it is. */
function take(answer, { published, recorded }) {
  fetching = null;
  shown = { published, recorded };
  const before = world;
  world = seen(answer, before);
  dates.show(world, dates.values.day, published, recorded);
  part("position").textContent = world.position;
  if (world.text === before.text) return false;
  if (world.relations.length) part("nothing")?.remove();
  keepingFocus(part("network"), () => network.show(world, true));
  lanes.show(world, true);
  return true;
}

/** What /v1/periods answers at some clocks; an Error with its words where it refuses. */
async function answered(clocks, { signal }) {
  const unreachable = () => Promise.reject(new Error("The service does not answer now."));
  const response = await fetch(`/v1/periods?${changed(scope(), clocks)}`, { signal }).catch(unreachable);
  const answer = await response.json().catch(unreachable);
  if (!response.ok) throw new Error(answer.detail);
  return answer;
}

/** Listens for what is recorded from now on of those who are shown; not where the log is held at a position. */
function follow(position = world.position) {
  clearTimeout(renewing);
  const whom = [...new Set([world.center, ...(given.get("entities") ?? "").split(","), ...world.ids])].filter(Boolean);
  const entity = whom.join(",");
  const isChosen = scope().size > 0 && whom.length <= MOST_FOLLOWED && entity.length <= LONGEST_QUESTION;
  following?.from(shown.recorded === null ? position : null, isChosen ? { entity } : {});
}

/** Has the picture brought up to date with what was recorded at a position; once in a while at most. */
function news(position, pause = PAUSE_MILLISECONDS) {
  clearTimeout(renewing);
  renewing = setTimeout(() => renew(position, pause), Math.max(0, renewed + pause - performance.now()));
}

/** Brings the picture up to date. A slider that asks for something else does so, too. */
async function renew(position, pause) {
  if (fetching || !following.isOn || dates.values.recorded !== null) return;
  const mine = (fetching = new AbortController());
  const wanted = { ...dates.values };
  renewed = performance.now();
  let answer;
  try {
    answer = await answered({ ...clocks(), min_position: position }, mine);
  } catch (error) {
    if (mine.signal.aborted) return;
    fetching = null;
    following.say(`This is not up to date. ${error.message}`);
    return news(position, Math.min(LONGEST_PAUSE, pause * 2));
  }
  fetching = null;
  if (dates.values.published !== wanted.published || dates.values.recorded !== null) return;
  const isNew = take(answer, wanted);
  if (isNew) keepingFocus(part("table"), moved);
  following.say(isNew ? `Brought up to date: log position ${world.position}.` : "", { isQuiet: true });
  evidence.renew(clocks());
  follow();
}

/** Goes back to the dates of what is shown, and says why. */
function refuse(why) {
  dates.show(world, dates.values.day, shown.published, shown.recorded);
  moved();
  say(why);
  fetching = null;
  follow();
}

/** Another question at the same dates. */
function askAnew(event) {
  event.preventDefault();
  const { view: shownAs, lanes: by } = Object.fromEntries(asked());
  const wanted = changed(new URLSearchParams(new FormData(event.target)), { ...dates.clocks(), view: shownAs ?? null, lanes: by ?? null });
  if (!wanted.get("center")) wanted.delete("depth");
  location.search = changed(wanted, Object.fromEntries(wanted));
}

function open(item, takesFocus = true) {
  select(item.id);
  evidence.open(item, clocks(), takesFocus);
}

function select(id) {
  lanes.select(id);
  network.select(id);
  keep({ select: id });
}

function center(id) {
  location.search = changed(asked(), { center: id, entities: null, select: null });
}

function clocks() {
  return { ...dates.clocks(), according_to: asked().get("according_to") };
}

/** A world around the one that is asked for, a merged one under the id that goes on; what was to be seen before still is. */
function seen(answer, before = null) {
  const asked = given.get("center")?.trim() || null;
  const center = answer.notices.find((notice) => notice.asked === asked)?.answered ?? asked;
  const depth = Number(given.get("depth") ?? 1);
  return new World({ ...answer, center, depth, head: before ? Math.max(before.head, answer.position) : answer.head, extent: before?.extent });
}

function scope() {
  return new URLSearchParams(SCOPE.filter((name) => given.get(name)?.trim()).map((name) => [name, given.get(name).trim()]));
}

function view(name) {
  part("table").hidden = name !== "table";
  part("network").hidden = name === "table";
  for (const button of document.querySelectorAll("[data-view]")) button.setAttribute("aria-pressed", button.dataset.view === name);
  keep({ view: name === "table" ? name : null });
}

function viewButtons() {
  const buttons = ["network", "table"].map((name) => {
    const made = html("button", { type: "button", "data-view": name }, name);
    made.addEventListener("click", () => view(name));
    return made;
  });
  return html("div", { class: "group", role: "group", "aria-label": "View" }, ...buttons);
}

function saveButtons() {
  const name = () => `frenemies-${dates.clocks().as_of}`;
  const acts = {
    "SVG network": () => save(drawn(network.drawing, caption()), `${name()}-network.svg`),
    "SVG timeline": () => save(drawn(lanes.drawing, caption()), `${name()}-timeline.svg`),
    "PNG network": async () => save(await painted(network.drawing, caption()), `${name()}-network.png`),
    "PNG timeline": async () => save(await painted(lanes.drawing, caption()), `${name()}-timeline.png`),
    CSV: async () => save(await listed(scope(), clocks()), `${name()}.csv`),
  };
  const buttons = Object.entries(acts).map(([text, act]) => {
    const made = html("button", { type: "button" }, text);
    made.addEventListener("click", () => Promise.resolve().then(act).then(() => say(""), (error) => say(error.message)));
    return made;
  });
  return html("details", { class: "saving" }, html("summary", {}, "Save"), html("div", { class: "group" }, ...buttons));
}

/** What is shown, for whoever sees only the picture. */
function caption() {
  const { as_of, published_by, according_to } = clocks();
  const whom = world.center === null ? "" : `${world.name(world.center)}, `;
  const limits = [published_by && `as published by ${published_by}`, according_to && `according to ${world.name(according_to)}`];
  return [`${whom}as of ${as_of}`, ...limits.filter(Boolean), `log position ${world.position}`, "Frenemies"].join(", ");
}

function say(text) {
  const said = part("said") ?? part("dates").appendChild(html("p", { id: "said", role: "status", class: "fault" }));
  said.textContent = text;
}
