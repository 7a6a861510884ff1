// A stream of the feed that comes back by itself, and goes on after the last event that it told of.

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 30_000;
const GONE = 410;
const LATER = ["checkpoint", "caught-up"];

export class Stream {
  /** `told(event)` for each event, `changed(isOpen)`, and `replaced()` once the log is another one. */
  constructor(acts) {
    Object.assign(this, acts);
    this.failures = 0;
    addEventListener("online", () => this.timer && this.resume());
  }

  /** What is to be read from a cursor on. It is read once `resume` is called. */
  ask(question, cursor) {
    this.close();
    Object.assign(this, { question, cursor });
  }

  /** Goes on after the last event. */
  resume() {
    this.close();
    const asked = new URLSearchParams(this.question);
    asked.set("lastEventId", this.cursor);
    const source = (this.source = new EventSource(`/v1/feed?${asked}`));
    source.onopen = () => this.changed(true);
    source.onmessage = (event) => {
      this.#keep(event);
      this.told(JSON.parse(event.data), event.data);
    };
    for (const name of LATER) source.addEventListener(name, (event) => this.#keep(event));
    for (const name of ["ended", "error"]) source.addEventListener(name, () => this.source === source && this.#pause());
  }

  close() {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = this.timer = null;
  }

  #keep(event) {
    this.cursor = event.lastEventId;
    this.failures = 0;
  }

  /** Browsers give up after a refusal and do not tell which one it was: the API is asked before the next attempt. */
  #pause() {
    this.close();
    this.changed(false);
    const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** this.failures++) * (0.5 + Math.random());
    const timer = (this.timer = setTimeout(async () => {
      const isReplaced = await isGone(this.cursor);
      if (this.timer !== timer) return;
      if (isReplaced) this.replaced();
      else this.resume();
    }, pause));
  }
}

async function isGone(cursor) {
  try {
    return (await fetch(`/v1/feed?limit=1&lastEventId=${cursor}`)).status === GONE;
  } catch {
    return false;
  }
}

/** The cursor of another position of the same log: the position is its last eight bytes. */
export function cursorAt(position, cursor) {
  const bytes = Uint8Array.from(atob(cursor.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
  new DataView(bytes.buffer).setBigUint64(16, BigInt(position));
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_");
}
