import { decimal, type Plain, plain } from "./plain.ts";
import { timestamp } from "./timestamp.ts";

/** How a scalar is written. */
export interface Written {
  /** After folding and unescaping. */
  readonly text: string;
  /** Without quotes, and no block. */
  readonly bare: boolean;
  /** In full, `tag:yaml.org,2002:int`, or as written: `!own`. */
  readonly tag?: string | undefined;
}

/** What stands for nothing; sops leaves it as it is. */
export type Nothing = null;

/**
 * Reads a scalar as the YAML library of sops does, which is neither YAML 1.1 nor 1.2: the MAC is made of what *it* sees. So `yes` is
 * text, `0777` is 511, `1_000` is 1000 and `2024-01-02` is a time.
 *
 * @returns undefined for what sops cannot read: a whole number over 64 bits signed that fits 64 bits unsigned, or a tag that does not fit
 * @see https://pkg.go.dev/go.yaml.in/yaml/v3#hdr-Compatibility
 */
export function scalar({ text, bare, tag }: Written): Plain | Nothing | undefined {
  if (tag === undefined || tag === "!") return bare ? resolved(text, true) : plain("str", text);
  if (tag === `${standard}binary`) return { type: "str", bytes: Buffer.from(text, "base64") };
  const type = tagTypes.get(tag);
  return type === undefined ? plain("str", text) : tagged(type, resolved(text, type === "time"));
}

const standard = "tag:yaml.org,2002:";
const tagTypes: ReadonlyMap<string, "int" | "float" | "bool" | "time" | "null"> = new Map([
  [`${standard}int`, "int"],
  [`${standard}float`, "float"],
  [`${standard}bool`, "bool"],
  [`${standard}null`, "null"],
  [`${standard}timestamp`, "time"],
]);

function tagged(tag: "int" | "float" | "bool" | "time" | "null", value: Plain | Nothing | undefined): Plain | Nothing | undefined {
  if (value === undefined) return undefined;
  if (value === null) return tag === "null" ? null : undefined;
  if (tag === "float" && value.type === "int") return plain("float", decimal(Number(value.bytes.toString())));
  return value.type === tag ? value : undefined;
}

const words: ReadonlyMap<string, Plain | Nothing> = new Map<string, Plain | Nothing>([
  ...["", "~", "null", "Null", "NULL"].map((word) => [word, null] as const),
  ...["true", "True", "TRUE"].map((word) => [word, plain("bool", "True")] as const),
  ...["false", "False", "FALSE"].map((word) => [word, plain("bool", "False")] as const),
  ...[".nan", ".NaN", ".NAN"].map((word) => [word, plain("float", "NaN")] as const),
  ...["", "+"].flatMap((sign) => [".inf", ".Inf", ".INF"].map((word) => [`${sign}${word}`, plain("float", "+Inf")] as const)),
  ...["-.inf", "-.Inf", "-.INF"].map((word) => [word, plain("float", "-Inf")] as const),
]);

function resolved(text: string, times: boolean): Plain | Nothing | undefined {
  const word = words.get(text);
  if (word !== undefined) return word;
  // Read as Go's own numbers are: one underline between two digits, where a number that begins otherwise may have them anywhere.
  if (/^\.[0-9]+(_[0-9]+)*([eE][-+]?[0-9]+(_[0-9]+)*)?$/.test(text)) return float(text.replaceAll("_", "")) ?? plain("str", text);
  if (!/^[-+0-9]/.test(text)) return plain("str", text);
  const time = times ? timestamp(text) : undefined;
  if (time !== undefined) return plain("time", time);
  const digits = text.replaceAll("_", "");
  const whole = integer(digits);
  if (whole !== undefined) {
    if (whole >= -(2n ** 63n) && whole < 2n ** 63n) return plain("int", String(whole));
    if (whole > 0n && whole < 2n ** 64n && !digits.startsWith("+")) return undefined;
  }
  const number = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/.test(digits) ? float(digits) : undefined;
  return number ?? plain("str", text);
}

/** A number too large to be held stays text. */
function float(digits: string): Plain | undefined {
  const value = Number(digits);
  return Number.isFinite(value) ? plain("float", decimal(value)) : undefined;
}

function integer(digits: string): bigint | undefined {
  const [, sign, base, octal, rest] = /^([-+]?)(?:(0[xX]|0[bB]|0[oO])|(0)(?=[0-9]))?([0-9a-fA-F]+)$/.exec(digits) ?? [];
  if (rest === undefined) return undefined;
  const prefix = octal === undefined ? (base ?? "").toLowerCase() : "0o";
  const allowed = { "0x": /^[0-9a-fA-F]+$/, "0b": /^[01]+$/, "0o": /^[0-7]+$/ }[prefix] ?? /^[0-9]+$/;
  if (!allowed.test(rest)) return undefined;
  const value = BigInt(prefix + rest);
  return sign === "-" ? -value : value;
}
