// The axis of time: days to pixels, and the marks along it.

import { firstOf, monthOf, textOf, within } from "./days.js";

const STEPS = [1, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 6000];
const ROOM = 64;

/** A scale from days to pixels. */
export class Axis {
  constructor(first, last, left, right) {
    Object.assign(this, { first: within(first), last: within(last), left, right });
  }

  /** Where a day stands; what lies outside stands at the edge. */
  x(day) {
    const share = (day - this.first) / (this.last - this.first);
    return this.left + Math.min(1, Math.max(0, share)) * (this.right - this.left);
  }

  /** The day at a place. */
  day(x) {
    const share = (x - this.left) / (this.right - this.left);
    return Math.round(this.first + Math.min(1, Math.max(0, share)) * (this.last - this.first));
  }

  /** Marks with enough room between them: {day, text}. */
  marks() {
    const days = this.last - this.first;
    const most = Math.max(1, (this.right - this.left) / ROOM);
    const step = STEPS.find((months) => days / (months * 30.4) <= most) ?? STEPS.at(-1);
    const [year, month] = monthOf(this.first);
    const found = [];
    for (let number = Math.ceil((year * 12 + month) / step) * step; ; number += step) {
      const day = firstOf(Math.floor(number / 12), ((number % 12) + 12) % 12);
      if (!(day <= this.last)) return found;
      if (day >= this.first) found.push({ day, text: textOf(day).slice(0, step < 12 ? 7 : 4) });
    }
  }
}
