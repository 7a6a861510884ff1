// What is said about a period, in words.

/** A word of the vocabulary as people read it. */
export const plain = (word) => word.replaceAll("_", " ");

/** What a period says: its status and its dates. */
export function said(period) {
  const dates = ["since", "until", "due", "when", "missed"]
    .filter((name) => period[name])
    .map((name) => `${name === "when" ? "on" : name} ${period[name].edtf}`);
  const also = period.contested && period.status !== "contested" ? ["contested in part"] : [];
  return [plain(period.status), ...also, ...dates].join(", ");
}

const RIVAL = new Set(["competes_with"]);

/** Whether a relation is one of rivals. */
export const isRival = (relation) => RIVAL.has(relation);

/** How a period looks: what is contested in part looks contested. */
export const look = (period) => (period.contested ? "contested" : period.status);
