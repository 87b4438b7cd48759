/** What a field may hold. */
interface Field {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  /** Three letters each, the first one for `from`. */
  readonly names?: readonly string[];
}

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const fields: readonly Field[] = [
  { name: "minute", from: 0, to: 59 },
  { name: "hour", from: 0, to: 23 },
  { name: "day of the month", from: 1, to: 31 },
  { name: "month", from: 1, to: 12, names: months },
  { name: "day of the week", from: 0, to: 7, names: days },
];
const nicknames = ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];

/**
 * What a schedule should be and is not, in words; nothing when it is one. What every scheduler understands, cron and Kubernetes
 * too: numbers, names, lists, ranges and steps; not `L`, `W`, `#` or seconds, which only some do.
 */
export function scheduleFlaw(text: string): string | undefined {
  const trimmed = text.trim();
  if (trimmed.startsWith("@"))
    return nicknames.includes(trimmed.toLowerCase()) ? undefined : `one of ${nicknames.join(", ")}, or five fields`;
  const parts = trimmed.split(/[ \t]+/);
  if (parts.length !== 5) return 'five fields, such as "0 3 * * *": minute, hour, day of the month, month, day of the week';
  const [wrong] = fields.flatMap((field, index) => fieldFlaw(field, parts[index] ?? "") ?? []);
  if (wrong !== undefined) return wrong;
  return never(parts) ? "a day that comes: none of those months has one of those days" : undefined;
}

/** What a time zone should be and is not, in words; nothing when it is one. */
export function timeZoneFlaw(text: string): string | undefined {
  const expected = "an IANA time zone, such as Europe/Berlin or UTC";
  // Offsets have no summer time, and not every target knows them.
  if (!/^[A-Za-z]/.test(text)) return expected;
  try {
    new Intl.DateTimeFormat("en", { timeZone: text });
    return undefined;
  } catch (error) {
    if (error instanceof RangeError) return expected;
    throw error;
  }
}

function fieldFlaw(field: Field, text: string): string | undefined {
  const found = text.split(",").flatMap((item) => itemFlaw(field, item) ?? []);
  return found.length > 0 ? `for the ${field.name} (\`${text}\`) ${found[0]}` : undefined;
}

function itemFlaw({ from, to, names = [] }: Field, item: string): string | undefined {
  const [range = "", step, ...rest] = item.split("/");
  const wanted = `${from} to ${to}${names.length > 0 ? ` or ${names[0]?.toUpperCase()} …` : ""}, \`*\`, a range \`${from}-${to}\`, a step \`*/2\``;
  if (rest.length > 0) return wanted;
  if (step !== undefined && !(/^\d{1,2}$/.test(step) && Number(step) >= 1 && Number(step) <= to + 1 - from))
    return `a step from 1 to ${to + 1 - from}`;
  if (range === "*" || range === "?") return undefined;
  const ends = range.split("-").map((each) => number(each, from, names));
  const [first, last] = ends;
  if (ends.length > 2 || first === undefined || first < from || first > to) return wanted;
  // Some schedulers take `5/15` for "every 15 from 5 on", some refuse it.
  if (ends.length === 1) return step === undefined ? undefined : `a range before the step: \`${range}-${to}/${step}\``;
  if (last === undefined || last < from || last > to) return wanted;
  return last < first
    ? `a range that begins with its lower end; write two: \`${first}-${names.length > 0 ? from + names.length - 1 : to},${from}-${last}\``
    : undefined;
}

function number(text: string, from: number, names: readonly string[]): number | undefined {
  if (/^\d{1,2}$/.test(text)) return Number(text);
  const index = names.indexOf(text.toLowerCase());
  return index < 0 ? undefined : index + from;
}

/** Whether a day of the month is asked for that none of the months has, such as the 31st of February. */
function never([, , day = "*", month = "*", weekday = "*"]: readonly string[]): boolean {
  if (/[*?]/.test(day) || !/^[*?]$/.test(weekday)) return false;
  const earliest = Math.min(...day.split(",").map((item) => Number.parseInt(item, 10)));
  const lengths = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  const asked = lengths.filter((_, index) => month.split(",").some((item) => covers(item, index + 1)));
  return earliest > Math.max(...asked);
}

function covers(item: string, month: number): boolean {
  const [range = "", step = "1"] = item.split("/");
  const [first = 1, last = first] = /^[*?]$/.test(range) ? [1, 12] : range.split("-").map((each) => number(each, 1, months) ?? 0);
  return month >= first && month <= last && (month - first) % Number(step) === 0;
}
