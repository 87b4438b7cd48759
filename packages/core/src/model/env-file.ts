import { type Flaw, flawed } from "./issues.ts";

const line = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.]*)\s*=[ \t]*/;

/**
 * Reads a `.env` file: `KEY=value` lines, comments, `export`, single quotes (taken as they are), double quotes (with `\n`, `\t`,
 * `\"`, `\\`, and over several lines). Nothing is interpolated: `$` is a dollar sign.
 *
 * @throws Problem env-file-invalid - a line that is no assignment, or a quote that is never closed; never with a value
 */
export function envFile(text: string, file: string): Record<string, string> {
  const values: Record<string, string> = {};
  const wrong: Flaw[] = [];
  const source = text.replace(/^\uFEFF/, "").replaceAll("\r\n", "\n");
  let offset = 0;
  let number = 1;
  const advance = (to: number): void => {
    for (const sign of source.slice(offset, to)) if (sign === "\n") number += 1;
    offset = to;
  };
  while (offset < source.length) {
    const end = endOfLine(source, offset);
    const content = source.slice(offset, end);
    const place = { file, line: number, column: 1 };
    const match = line.exec(content);
    if (/^\s*(#|$)/.test(content)) advance(end + 1);
    else if (!match?.[1]) {
      wrong.push({ place, text: "expected `KEY=value`" });
      advance(end + 1);
    } else {
      const read = value(source, offset + match[0].length);
      if (typeof read === "string") {
        wrong.push({ place, text: `\`${match[1]}\`: ${read}` });
        advance(end + 1);
      } else {
        values[match[1]] = read.text;
        advance(read.next);
      }
    }
  }
  if (wrong.length > 0) throw flawed("env-file-invalid", file, wrong);
  return values;
}

/** A value and where the next line begins; or, as a text, what is wrong. */
function value(source: string, start: number): { readonly text: string; readonly next: number } | string {
  const quote = source[start];
  if (quote !== '"' && quote !== "'") {
    const end = endOfLine(source, start);
    return {
      text: source
        .slice(start, end)
        .replace(/\s+#.*$/, "")
        .replace(/^#.*$/, "")
        .trim(),
      next: end + 1,
    };
  }
  let close = start + 1;
  while (close < source.length && source[close] !== quote) close += quote === '"' && source[close] === "\\" ? 2 : 1;
  if (close >= source.length) return "its quote is never closed";
  const end = endOfLine(source, close);
  const rest = source.slice(close + 1, end).trim();
  if (rest !== "" && !rest.startsWith("#")) return "something follows its closing quote";
  const inner = source.slice(start + 1, close);
  return { text: quote === '"' ? unescaped(inner) : inner, next: end + 1 };
}

function unescaped(text: string): string {
  const signs: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", '"': '"', "\\": "\\", $: "$" };
  return text.replace(/\\(.)/gs, (whole, sign: string) => signs[sign] ?? whole);
}

function endOfLine(source: string, from: number): number {
  const end = source.indexOf("\n", from);
  return end < 0 ? source.length : end;
}
