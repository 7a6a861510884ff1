// The table: the same as the network, for reading and for screen readers.

import { withClocks } from "./address.js";
import { textOf } from "./days.js";
import { html } from "./svg.js";
import { plain } from "./words.js";

export class Table {
  constructor(element) {
    this.rows = element.querySelector("#rows");
    this.title = element.querySelector("#table-day");
  }

  /** The relations of a world that tell something on a day. */
  show(world, day, clocks) {
    this.title.textContent = textOf(day);
    this.rows.replaceChildren(...world.told(day).map(([item, period]) => row(world, item, period, clocks)));
  }
}

function row(world, item, period, clocks) {
  const entity = (id) => html("a", { href: withClocks(`/entity/${id}`, clocks) }, world.name(id));
  const dates = ["since", "until", "due"].map((name) => html("td", {}, period[name]?.edtf ?? ""));
  const status = [html("span", { class: `status ${period.status}` }, plain(period.status))];
  if (period.contested && period.status !== "contested") status.push(" ", html("span", { class: "status contested" }, "contested in part"));
  const link = html("a", { href: withClocks(item.address, clocks) }, plain(item.relation));
  return html("tr", {}, html("td", {}, entity(item.subject)), html("td", {}, link), html("td", {}, entity(item.object)), html("td", {}, ...status), ...dates);
}
