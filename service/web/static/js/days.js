// Days as whole numbers: days since 1970-01-01, in the proleptic Gregorian calendar.

const MILLISECONDS = 86_400_000;

/** The first and the last day that have a date of four digits for the year. */
export const FIRST = -719_162;
export const LAST = 2_932_896;

/** The day, or the nearest that has a date. */
export const within = (day) => Math.min(LAST, Math.max(FIRST, day));

/** The number of a day `YYYY-MM-DD`. */
export const dayOf = (text) => Date.parse(`${text}T00:00:00Z`) / MILLISECONDS;

/** The day of a number, as `YYYY-MM-DD`. */
export const textOf = (day) => new Date(day * MILLISECONDS).toISOString().slice(0, 10);

/** The first day of a month; months count from 0 and may be any whole number. */
export function firstOf(year, month = 0) {
  const date = new Date(0);
  date.setUTCFullYear(year, month, 1);
  return date.getTime() / MILLISECONDS;
}

/** The year and the month (from 0) of a day. */
export function monthOf(day) {
  const date = new Date(day * MILLISECONDS);
  return [date.getUTCFullYear(), date.getUTCMonth()];
}

export const today = () => Math.floor(Date.now() / MILLISECONDS);
