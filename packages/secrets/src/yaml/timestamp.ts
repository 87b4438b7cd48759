/**
 * Reads an unquoted date or time, and gives it in RFC 3339 with the zone it was written with; nothing when it is none.
 * A date alone is its midnight in UTC.
 */
export function timestamp(text: string): string | undefined {
  const [, year = "", month = "", day = "", clock, offset] = pattern.exec(text) ?? [];
  if (year === "") return undefined;
  const date = `${year}-${two(month)}-${two(day)}`;
  if (!isDay(Number(year), Number(month), Number(day))) return undefined;
  if (clock === undefined) return `${date}T00:00:00Z`;
  const [, hour = "", minute = "", second = "", fraction = ""] = /^(\d+):(\d+):(\d+)(?:[.,](\d+))?$/.exec(clock) ?? [];
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  const nanoseconds = fraction.slice(0, 9).replace(/0+$/, "");
  const time = `${two(hour)}:${two(minute)}:${two(second)}${nanoseconds ? `.${nanoseconds}` : ""}`;
  return `${date}T${time}${offset === undefined || /^[-+]00:00$/.test(offset) ? "Z" : offset}`;
}

// With `T` a zone is required; with a space none is allowed.
const pattern =
  /^(\d{4})-(\d{1,2})-(\d{1,2})(?:$|(?:[Tt](?=.*(?:Z|[-+]\d\d:\d\d)$)| (?=[^Z+-]*$))(\d{1,2}:\d{1,2}:\d{1,2}(?:[.,]\d+)?)(Z|[-+]\d\d:\d\d)?$)/;

function two(digits: string): string {
  return digits.padStart(2, "0");
}

function isDay(year: number, month: number, day: number): boolean {
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0;
  return day >= 1 && day <= days;
}
