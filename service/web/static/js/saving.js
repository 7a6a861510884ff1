// Saving what is shown: drawings as SVG and PNG, the network of the day as CSV.

import { withClocks } from "./address.js";
import { svg } from "./svg.js";

const SHARPNESS = 2;
const CAPTION = 26;
const MOST_PIXELS = 16_000;

/** The drawing as a file of its own, with its style in it and a line that says what it shows. */
export function drawn(drawing, caption) {
  const made = drawing.cloneNode(true);
  const { width, height: inner } = drawing.getBoundingClientRect();
  const height = inner + CAPTION;
  made.removeAttribute("viewBox");
  made.append(svg("text", { class: "label", x: 8, y: height - 8 }, caption));
  made.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  made.setAttribute("width", width);
  made.setAttribute("height", height);
  made.prepend(svg("style", {}, styleOf(drawing)), svg("rect", { width, height, class: "paper" }));
  return new Blob([new XMLSerializer().serializeToString(made)], { type: "image/svg+xml" });
}

/** The drawing as an image. */
export async function painted(drawing, caption) {
  const { width, height: inner } = drawing.getBoundingClientRect();
  const height = inner + CAPTION;
  const sharpness = Math.min(SHARPNESS, MOST_PIXELS / width, MOST_PIXELS / height);
  const address = URL.createObjectURL(drawn(drawing, caption));
  const image = new Image(Math.round(width * sharpness), Math.round(height * sharpness));
  image.src = address;
  await image.decode();
  URL.revokeObjectURL(address);
  const canvas = Object.assign(document.createElement("canvas"), { width: image.width, height: image.height });
  canvas.getContext("2d").drawImage(image, 0, 0, image.width, image.height);
  return new Promise((done) => canvas.toBlob(done, "image/png"));
}

/** The relations of the day as a table of the API; an Error with its words where it refuses. */
export async function listed(scope, clocks) {
  const answer = await fetch(withClocks(`/v1/network?${scope}`, clocks), { headers: { Accept: "text/csv" } });
  if (!answer.ok) throw new Error((await answer.json()).detail);
  return answer.blob();
}

/** Has the browser save something. */
export function save(blob, name) {
  const address = URL.createObjectURL(blob);
  Object.assign(document.createElement("a"), { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** The rules for drawings, with the colours of this moment. */
function styleOf(drawing) {
  const now = getComputedStyle(drawing);
  const rules = [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules]).filter((rule) => rule instanceof CSSStyleRule);
  const names = new Set(rules.filter((rule) => rule.selectorText === ":root").flatMap((rule) => [...rule.style]).filter((name) => name.startsWith("--")));
  const colours = [...names].map((name) => `${name}:${now.getPropertyValue(name)}`);
  const shown = rules.filter((rule) => rule.selectorText.includes(".drawing")).map((rule) => rule.cssText);
  return `.drawing{${colours.join(";")};font-family:system-ui,sans-serif}\n${shown.join("\n")}`;
}
