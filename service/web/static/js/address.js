// The address of what is shown: it is kept up to date, so that it can be copied at any time.

const PAUSE_MILLISECONDS = 100;
let wanted = {};
let timer = null;

/** The parameters of the address, with what is about to be put into it. */
export const asked = () => changed(new URLSearchParams(location.search), wanted);

/** Puts parameters into the address; null takes one away. Browsers refuse to do that too often, so it waits a moment. */
export function keep(values) {
  Object.assign(wanted, values);
  timer ??= setTimeout(put, PAUSE_MILLISECONDS);
}

function put() {
  const given = asked();
  history.replaceState(null, "", given.size ? `?${given}` : location.pathname);
  wanted = {};
  timer = null;
}

/** The parameters with others in them. */
export function changed(given, values) {
  const made = new URLSearchParams(given);
  for (const [name, value] of Object.entries(values)) {
    if (value === null || value === "") made.delete(name);
    else made.set(name, value);
  }
  return made;
}

/** An address of ours with the clocks of the page. */
export function withClocks(address, clocks) {
  const [path, query] = address.split("?");
  return `${path}?${changed(new URLSearchParams(query), clocks)}`;
}
