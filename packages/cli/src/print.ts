import { stripVTControlCharacters, styleText } from "node:util";
import { endLive, showLive } from "./live-line.ts";
import { printable } from "./printable.ts";

type Style = Parameters<typeof styleText>[0];

/** Text for people, with colours on a terminal alone. */
export interface Paper {
  /** Of `line`. */
  readonly colour: boolean;
  /** Columns of the terminal that `aside` writes to. */
  readonly asideWidth: number;
  line(text?: string): void;
  /** For problems, progress and questions: what is piped stays clean. */
  aside(text?: string): void;
  styled(style: Style, text: string): string;
  asideStyled(style: Style, text: string): string;
  json(value: unknown): void;
  /** Keeps a line up to date until the next one is written. Absent where there is no terminal. */
  live?(text: () => string): void;
}

type Surroundings = Pick<NodeJS.Process, "stdout" | "stderr" | "env">;

/** @see https://no-color.org */
export function paperOf({ stdout, stderr, env }: Surroundings, { noColour }: { readonly noColour: boolean }): Paper {
  const wanted = !noColour && !env["NO_COLOR"];
  const colourOn = (stream: NodeJS.WriteStream): boolean => wanted && (stream.isTTY === true || env["FORCE_COLOR"] === "1");
  const [colour, asideColour] = [colourOn(stdout), colourOn(stderr)];
  const write = (stream: NodeJS.WriteStream, text: string): void => {
    endLive();
    stream.write(`${text}\n`);
  };
  const style =
    (on: boolean): Paper["styled"] =>
    (format, text) =>
      on ? styleText(format, text, { validateStream: false }) : text;
  return {
    colour,
    asideWidth: stderr.columns || 80, // a terminal without a size says 0
    line: (text = "") => write(stdout, text),
    aside: (text = "") => write(stderr, asideColour ? text : stripVTControlCharacters(text)),
    styled: style(colour),
    asideStyled: style(asideColour),
    json: (value) => write(stdout, JSON.stringify(value, undefined, 2)),
    ...(stderr.isTTY && env["TERM"] !== "dumb" && { live: (text) => showLive(stderr, text) }),
  };
}

/** Columns under headings, two spaces apart, as kubectl's. Cells hold no colours. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [headings, ...rows.map((row) => row.map(cellText))];
  const widths = headings.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** On one line, and unable to harm a terminal: much of what is shown was written by others. */
export function cellText(text: string): string {
  return printable(text, false).replaceAll("\t", "\\t");
}

/** `12s`, `5m`, `3h`, `2d` */
export function since(at: number, now: number): string {
  const seconds = Math.max(0, Math.round((now - at) / 1000));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)}m`;
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)}h`;
  return `${Math.round(seconds / 86_400)}d`;
}

/** `48 MiB` */
export function bytesText(bytes: number): string {
  if (bytes < 2 ** 20) return `${Math.round(bytes / 2 ** 10)} KiB`;
  if (bytes < 2 ** 30) return `${Math.round(bytes / 2 ** 20)} MiB`;
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}

/** `2026-11-20 14:03:07`, in the local time of whoever reads. */
export function timeText(at: number): string {
  const date = new Date(at);
  const two = (number: number): string => String(number).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}
