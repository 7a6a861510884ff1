// A page that says when something new was recorded about what it shows. It stays as it is until the reader wants to see it.

import { Following, reload } from "./following.js";

const PAUSE = 1_000;
const LONGEST_PAUSE = 30_000;
const element = document.getElementById("live");
const named = element.dataset.named.split(" ").filter(Boolean);
const claims = [...document.querySelectorAll('main a[href^="/claim/"]')].map((link) => new URL(link.href).pathname.slice("/claim/".length));
const shown = [...new Set(claims)];

const following = new Following(element, { bears, news: announce });
following.from(Number(element.dataset.position));

/** Whether an event tells of all that is named, of one of them itself, or of a claim that the page shows. */
function bears(event, text) {
  const tells = (id) => text.includes(`"${id}"`);
  if (named.every(tells) || shown.some((id) => text.includes(id))) return true;
  return event.subject.startsWith("entity/") && named.some(tells);
}

/** Says it once the page would show it. */
async function announce(position, pause = PAUSE) {
  const isThere = await fetch(`/v1/entities?limit=1&min_position=${position}`).then((answer) => answer.ok, () => false);
  if (!following.isOn) return;
  if (isThere) following.say("Something new was recorded about this.", { act: reload("Show it") });
  else setTimeout(() => announce(position, Math.min(LONGEST_PAUSE, 2 * pause)), pause);
}
