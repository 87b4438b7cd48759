import type { ParameterKind } from "./route.ts";

type Kinds = Readonly<Record<string, ParameterKind>>;
export type Values = Readonly<Record<string, unknown>>;

/**
 * Reads parameters as their kinds have them. What does not fit stays as it is, and what is not known stays too: the document's
 * own validator then says what is wrong.
 */
export function readParameters(kinds: Kinds, pairs: Iterable<readonly [string, string]>): Values {
  const texts = new Map<string, string[]>();
  for (const [name, text] of pairs) texts.set(name, [...(texts.get(name) ?? []), text]);
  return Object.fromEntries([...texts].map(([name, given]) => [name, read(Object.hasOwn(kinds, name) ? kinds[name] : undefined, given)]));
}

/** `?process=web&process=worker&follow=true`, or nothing. */
export function queryText(values: Values): string {
  const pairs = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) continue;
    for (const each of [value].flat()) pairs.append(name, String(each));
  }
  const text = pairs.toString();
  return text === "" ? "" : `?${text}`;
}

/** `/v1/releases/{version}` with its values. */
export function pathText(path: string, values: Values): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(values[name])));
}

function read(kind: ParameterKind | undefined, given: readonly string[]): unknown {
  if (kind === "strings") return given;
  const [text] = given;
  if (given.length > 1 || text === undefined) return given;
  if (kind === "integer" && /^-?\d{1,15}$/.test(text)) return Number(text);
  if (kind === "boolean" && (text === "true" || text === "false")) return text === "true";
  return text;
}
