// Forms for recording: dates explained while they are typed, words selected in a text, a form that follows its type.

const PAUSE = 250;
const page = document.documentElement;
page.classList.add("scripted");

// dates

const waiting = new WeakMap();

document.addEventListener("input", (event) => {
  const field = event.target;
  if (!field.dataset?.explain) return;
  clearTimeout(waiting.get(field));
  waiting.set(field, setTimeout(() => explain(field), PAUSE));
});

/** Says below a field what the date in it means; nothing new is said where nobody answers. */
async function explain(field) {
  const asked = field.value;
  try {
    const address = new URL(field.dataset.explain, window.location.href);
    address.searchParams.set("text", asked.slice(0, 200));
    const answer = await fetch(address);
    if (!answer.ok || field.value !== asked) return;
    const { sentence, is_date: isDate } = await answer.json();
    const place = document.getElementById(`${field.id}-means`);
    place.textContent = sentence;
    place.classList.toggle("is-date", isDate);
  } catch {
    // The server explains it once the form is sent.
  }
}

// a form that is drawn anew

document.addEventListener("submit", (event) => {
  if (!event.submitter?.classList.contains("redraw")) return;
  event.preventDefault();
  redraw(event.target, event.submitter);
});

document.addEventListener("change", (event) => {
  if ("redraw" in (event.target.dataset ?? {})) follow(event.target);
});

const follow = (field) => redraw(field.form, field.form.querySelector(".redraw"));

/** Whether something else is chosen than what the form was drawn for: a browser keeps what was chosen before. */
const differs = ({ value, options }) => value !== ([...options].find((one) => one.defaultSelected) ?? options[0]).value;

[...document.querySelectorAll("select[data-redraw]")].filter(differs).forEach(follow);

/** The form as the server draws it for what is typed so far; nothing is recorded. */
async function redraw(form, button) {
  const focused = document.activeElement?.name ? document.activeElement : null;
  const typed = new FormData(form);
  typed.append(button.name, button.value);
  try {
    const answer = await fetch(window.location.href, { method: "POST", body: typed });
    const drawn = new DOMParser().parseFromString(await answer.text(), "text/html");
    const parts = ["refused", form.id].map((id) => [document.getElementById(id), drawn.getElementById(id)]);
    if (parts.flat().includes(null)) throw new Error("no form");
    for (const [old, made] of parts) old.replaceChildren(...made.childNodes);
  } catch {
    button.classList.remove("redraw");
    form.requestSubmit(button);
    return;
  }
  const same = focused && [...form.elements].find((one) => one.name === focused.name && one.value === focused.value);
  const blank = button.value === "rows" && [...form.querySelectorAll(".pair input")].find((one) => !one.value);
  (blank || same)?.focus();
  showPlace();
}

// words selected in the text; places are counted in code points, as the log counts them

const text = document.getElementById("text");
const chosen = document.getElementById("chosen");
const canHighlight = Boolean(globalThis.CSS?.highlights && globalThis.Highlight);

const fieldNamed = (name) => document.querySelector(`[name="${name}"]`);

function codePoints(string) {
  let count = 0;
  for (const _ of string) count += 1;
  return count;
}

/** Fills in the place and the words of what is selected in the text, without the space around them. */
function choose() {
  const selection = document.getSelection();
  if (!selection.rangeCount || selection.isCollapsed) return;
  const selected = selection.getRangeAt(0);
  if (!text.contains(selected.startContainer)) return;
  const before = document.createRange();
  before.setStart(text, 0);
  before.setEnd(selected.startContainer, selected.startOffset);
  const inside = selected.cloneRange();
  if (!text.contains(selected.endContainer)) inside.setEnd(text, text.childNodes.length);
  const words = inside.toString();
  if (!words.trim()) return;
  const skipped = words.length - words.trimStart().length;
  const start = codePoints(before.toString() + words.slice(0, skipped));
  const quote = words.trim();
  fieldNamed("/evidence/position/start").value = start;
  fieldNamed("/evidence/position/end").value = start + codePoints(quote);
  fieldNamed("/evidence/quote/exact").value = quote;
  showPlace();
}

/** Shows which words stand at the place that is filled in. */
function showPlace() {
  if (!text || !chosen) return;
  const [start, end] = ["start", "end"].map((name) => Number.parseInt(fieldNamed(`/evidence/position/${name}`).value, 10));
  const whole = text.textContent;
  const [first, last] = [unitOf(whole, start), unitOf(whole, end)];
  const isPlace = first !== null && last !== null && first < last;
  chosen.textContent = isPlace ? `Chosen: characters ${start} to ${end}, ${end - start} in all.` : "";
  if (!canHighlight) return;
  CSS.highlights.delete("chosen");
  if (!isPlace) return;
  const range = document.createRange();
  range.setStart(text.firstChild, first);
  range.setEnd(text.firstChild, last);
  CSS.highlights.set("chosen", new Highlight(range));
}

/** The place in units of UTF-16, in which scripts count, of a place in code points; null beyond the end. */
function unitOf(string, place) {
  if (!Number.isInteger(place) || place < 0) return null;
  let unit = 0;
  for (let count = 0; count < place; count += 1) {
    if (unit >= string.length) return null;
    unit += string.codePointAt(unit) > 0xffff ? 2 : 1;
  }
  return unit;
}

if (text) {
  if (canHighlight) text.textContent = text.textContent;
  document.addEventListener("selectionchange", choose);
  document.addEventListener("input", (event) => {
    if (event.target.name?.startsWith("/evidence/position/")) showPlace();
  });
  showPlace();
}
