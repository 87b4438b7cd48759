import type { JsonLine, LogLevel } from "@douze/core";
import { type Format, type Paint, printable } from "./printable.ts";

const levelFormats: Readonly<Record<LogLevel, Format>> = {
  trace: "dim",
  debug: "dim",
  info: "green",
  warn: "yellow",
  error: "red",
  fatal: ["bold", "red"],
};

/** What pino and bunyan put into every line and the log says already, or says better. */
const bookkeeping = new Set(["pid", "hostname", "v"]);

/**
 * A JSON line as people read it: level, message, fields; then, where several lines may be taken, those of a stack or another
 * text that has several. Undefined when it has neither level nor message: then it is better shown as it is.
 */
export function jsonEventText({ level, message, fields }: JsonLine, severalLines: boolean, paint: Paint): readonly string[] | undefined {
  if (level === undefined && message === undefined) return undefined;
  const words: string[] = [];
  const below: string[] = [];
  const text = (value: string): string => {
    if (!severalLines) return printable(value, false);
    const [first = "", ...more] = value.split("\n");
    below.push(...more.map((one) => printable(one, true)));
    return printable(first, true);
  };
  if (level !== undefined) words.push(paint(levelFormats[level], level.toUpperCase().padEnd(5)));
  if (message !== undefined) words.push(text(message));
  for (const [key, value] of Object.entries(fields)) {
    if (bookkeeping.has(key)) continue;
    const { shown, block } = severalLines ? unfolded(value) : { shown: value, block: undefined };
    if (block !== undefined) below.push(...block.split("\n").map((one) => paint("dim", printable(one, false))));
    if (shown !== undefined) words.push(paint("dim", printable(`${key}=${valueText(shown)}`, false)));
  }
  return [words.join(" "), ...below];
}

/** Takes out of a field what is read better in lines of its own: a text of several lines, or the stack of an error. */
function unfolded(value: unknown): { readonly shown: unknown; readonly block: string | undefined } {
  if (typeof value === "string" && value.includes("\n")) return { shown: undefined, block: value.trimEnd() };
  if (typeof value !== "object" || value === null || !("stack" in value) || typeof value.stack !== "string")
    return { shown: value, block: undefined };
  // The stack begins with the error's name and message.
  const { stack, type, name, message, ...rest } = value as Record<string, unknown> & { stack: string };
  const told = typeof message !== "string" || stack.includes(message);
  return { shown: Object.keys(rest).length === 0 ? undefined : rest, block: told ? stack : `${message}\n${stack}` };
}

function valueText(value: unknown): string {
  return typeof value === "string" && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
}
