import { scalar } from "./scalar.ts";

/** A text in double quotes, with every character that YAML readers dispute escaped. */
export function quoted(text: string): string {
  const escaped = text.replace(/["\\\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu, (character) => named[character] ?? numbered(character));
  return `"${escaped}"`;
}

const named: Readonly<Record<string, string>> = { '"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function numbered(character: string): string {
  const digits = (character.codePointAt(0) ?? 0).toString(16);
  if (digits.length <= 4) return `\\u${digits.padStart(4, "0")}`;
  return `\\U${digits.padStart(8, "0")}`;
}

/** A key, quoted unless every YAML reader takes it for a text. */
export function keyOf(key: string): string {
  const disputed = /^(y|n|yes|no|on|off|sops)$/i.test(key);
  return /^[A-Za-z_][\w.-]*$/.test(key) && !disputed && isText(key) ? key : quoted(key);
}

/** A text as a person would write it: bare where that reads back the same, in a block when it has several lines. */
export function valueText(
  text: string,
  { flow, remark, indent, eol }: { flow: boolean; remark: boolean; indent: string; eol: string },
): string {
  // What YAML takes for null, or sops for a number too large, needs its quotes.
  if (!flow && bare.test(text) && scalar({ text, bare: true })) return text;
  if (flow || remark || !blockable.test(text)) return quoted(text);
  const lines = text.replace(/\n$/, "").split("\n");
  return [text.endsWith("\n") ? "|" : "|-", ...lines.map((line) => (line === "" ? "" : indent + line))].join(eol);
}

const bare = /^[A-Za-z0-9_./](?:[\w/.+=@%,?&!$*()~^;-]|:(?! |$)| (?![ #]|$))*$/;

// No blank at its beginning, which would need a sign of how far it is indented; at most one line break at its end, and
// no character that needs an escape.
const blockable = /^(?=\S)(?=[\s\S]*\n)(?:[\t\n\x20-\x7e\u00a0-\u1fff\u3000-\ud7ff])+$(?<![\n\t ]\n)(?<![\t ])/;

function isText(text: string): boolean {
  return scalar({ text, bare: true })?.type === "str";
}
