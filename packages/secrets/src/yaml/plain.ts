/** The types that sops keeps apart when it encrypts. */
export type PlainType = "str" | "int" | "float" | "bool" | "time" | "bytes" | "comment";

/** A value as sops sees it: the same bytes are encrypted and go into the file's MAC. */
export interface Plain {
  readonly type: PlainType;
  readonly bytes: Buffer;
}

export function plain(type: PlainType, text: string): Plain {
  return { type, bytes: Buffer.from(text, "utf8") };
}

/**
 * The value as config has it: text.
 *
 * @returns undefined where the bytes are no UTF-8
 */
export function plainText({ type, bytes }: Plain): string | undefined {
  const text = bytes.toString("utf8");
  if (!Buffer.from(text, "utf8").equals(bytes)) return undefined;
  return type === "bool" ? text.toLowerCase() : text;
}

/** Shortest decimal digits that give the number back, never with an exponent. */
export function decimal(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  const [digits = "", exponent = "0"] = Math.abs(value).toString().split("e");
  const [whole = "", fraction = ""] = digits.split(".");
  const point = whole.length + Number(exponent);
  const all = whole + fraction;
  if (point <= 0) return `${sign}0.${"0".repeat(-point)}${all}`;
  if (point >= all.length) return `${sign}${all}${"0".repeat(point - all.length)}`;
  return `${sign}${all.slice(0, point)}.${all.slice(point)}`;
}
