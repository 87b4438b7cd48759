import { styleText } from "node:util";
import type { LogLine } from "@douze/core";
import { readJsonLine } from "@douze/core/log-json";
import { jsonEventText } from "./log-json-text.ts";
import { type Paint, plain, printable } from "./printable.ts";

export interface LogTextOptions {
  /** For a terminal: in colour, with the time of day, and the app's own colours kept. Otherwise the date too, and one line an event. */
  readonly colour: boolean;
  /** One JSON object a line instead. */
  readonly json: boolean;
  /** Columns for the name of the process; a longer one takes more. Default 10. */
  readonly width?: number;
}

const palette = [
  "cyan",
  "yellow",
  "green",
  "magenta",
  "blue",
  "cyanBright",
  "yellowBright",
  "greenBright",
  "magentaBright",
  "blueBright",
] as const;

const colours: Paint = (format, text) => styleText(format, text, { validateStream: false });

/** A line of the event stream as people read it, or as programs do. Without a newline at its end; nothing in it can harm a terminal. */
export function logText(line: LogLine, options: LogTextOptions): string {
  return options.json ? jsonText(line) : humanText(line, options);
}

function humanText(line: LogLine, { colour, width = 10 }: LogTextOptions): string {
  const paint = colour ? colours : plain;
  const time = colour ? timeOfDay(line.at) : new Date(line.at).toISOString();
  const name = line.process.padEnd(width);
  const bar = paint(line.stream === "stderr" ? "red" : "dim", "|");
  const event = readJsonLine(line.text);
  const [first = "", ...more] = (event && jsonEventText(event, colour, paint)) ?? [printable(line.text, colour)];
  const head = `${paint("dim", time)} ${paint(colourOf(line.process), printable(name, false))} ${bar} ${first}`;
  const rest = more.map((text) => `\n${" ".repeat(time.length + 1 + name.length)} ${bar} ${text}`);
  return head + (line.continued && colour ? paint("dim", "…") : "") + rest.join("");
}

/** The app's own object is put in as the app wrote it, so that no number in it loses digits. */
function jsonText({ at, process, release, stream, text, continued }: LogLine): string {
  const line = { at: new Date(at).toISOString(), process, release, stream, text, ...(continued && { continued }) };
  const json = readJsonLine(text) === undefined ? "" : `,"json":${text.trim()}`;
  const whole = `${JSON.stringify(line).slice(0, -1)}${json}}`;
  // JSON leaves these as they are, and some terminals obey them.
  return whole.replaceAll(/[\u007f-\u009f\u2028\u2029]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function timeOfDay(at: number): string {
  const date = new Date(at);
  const [hours = "", minutes = "", seconds = ""] = [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) =>
    String(part).padStart(2, "0"),
  );
  return `${hours}:${minutes}:${seconds}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

/** The same for all processes of a type, today and tomorrow. */
function colourOf(process: string): (typeof palette)[number] {
  const [type = ""] = process.split(".", 1);
  let hash = 0;
  for (const character of type) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 65_521;
  return palette[hash % palette.length] ?? "cyan";
}
