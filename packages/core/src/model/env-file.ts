import { type Flaw, flawed } from "./issues.ts";
import { isInherited, variablePattern, variableWords } from "./variable.ts";

const assignment = /^[ \t]*(?:export[ \t]+)?([^\s=#"']+)[ \t]*=([ \t]*)/;

/**
 * Reads a `.env` file: `KEY=value` lines, blank lines, `#` comments on lines of their own and after a space, `export`. Single
 * quotes take everything as it is, double quotes know `\n`, `\r`, `\t`, `\"`, `\\` and `\$`; both may go on over several lines.
 * Nothing is interpolated: `$` is a dollar sign. Of a key that stands twice the last value holds, as in a shell.
 *
 * @throws Problem env-file-invalid - a line that is no assignment, a quote that is never closed, a `#` that may or may not begin a
 * comment; with every line and never with a value
 */
export function envFile(text: string, file: string): Record<string, string> {
  const values = new Map<string, string>();
  const wrong: Flaw[] = [];
  const source = text.replace(/^\uFEFF/, "").replaceAll("\r\n", "\n");
  let number = 1;
  for (let offset = 0; offset < source.length; ) {
    const line = source.slice(offset, endOfLine(source, offset));
    const read = lineValue(source, offset, line);
    if (read.flaw !== undefined) wrong.push({ place: { file, line: number, column: 1 }, text: read.flaw });
    if (read.key !== undefined) values.set(read.key, read.text);
    for (const sign of source.slice(offset, read.next)) if (sign === "\n") number += 1;
    offset = read.next;
  }
  if (wrong.length > 0) throw flawed("env-file-invalid", file, wrong);
  return Object.fromEntries(values);
}

/** What stands on a line, and where the next one begins. */
type Line =
  | { readonly next: number; readonly key?: undefined; readonly flaw?: string }
  | { readonly next: number; readonly key: string; readonly text: string; readonly flaw?: undefined };

function lineValue(source: string, offset: number, line: string): Line {
  const next = offset + line.length + 1;
  if (/^\s*(#|$)/.test(line)) return { next };
  const [whole = "", key = "", space = ""] = assignment.exec(line) ?? [];
  // A line that is no assignment may be a piece of a secret: it is not quoted.
  if (key === "") return { next, flaw: "expected `KEY=value`" };
  if (!variablePattern.test(key) || isInherited(key)) return { next, flaw: `\`${key.slice(0, 80)}\`: expected ${variableWords}` };
  const rest = line.slice(whole.length);
  if (rest.startsWith('"') || rest.startsWith("'")) return quoted(source, offset + whole.length, key, next);
  // A shell takes this `#` for a part of the value, other readers for a comment that leaves the value empty.
  if (rest.startsWith("#") && space === "") return { next, flaw: `\`${key}\`: its value begins with \`#\`: put quotes around it` };
  return { next, key, text: (rest.startsWith("#") ? "" : rest.replace(/[ \t]#.*$/, "")).trim() };
}

function quoted(source: string, start: number, key: string, next: number): Line {
  const quote = source[start];
  let close = start + 1;
  while (close < source.length && source[close] !== quote) close += quote === '"' && source[close] === "\\" ? 2 : 1;
  // Where the quote was meant to end is not known, so nothing after it can be judged.
  if (close >= source.length) return { next: source.length, flaw: `\`${key}\`: its quote is never closed` };
  const end = endOfLine(source, close);
  const rest = source.slice(close + 1, end).trim();
  if (rest !== "" && !rest.startsWith("#"))
    return { next: Math.max(next, end + 1), flaw: `\`${key}\`: something follows its closing quote` };
  const inner = source.slice(start + 1, close);
  return { next: end + 1, key, text: quote === '"' ? unescaped(inner) : inner };
}

function unescaped(text: string): string {
  const signs: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", '"': '"', "\\": "\\", $: "$" };
  return text.replace(/\\(.)/gs, (whole, sign: string) => signs[sign] ?? whole);
}

function endOfLine(source: string, from: number): number {
  const end = source.indexOf("\n", from);
  return end < 0 ? source.length : end;
}
