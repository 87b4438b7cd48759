import { styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];

/** Text for people, with colours on a terminal alone. */
export interface Paper {
  readonly colour: boolean;
  readonly width: number;
  line(text?: string): void;
  /** For problems, progress and questions: what is piped stays clean. */
  aside(text?: string): void;
  styled(style: Style, text: string): string;
  json(value: unknown): void;
}

export interface PaperOptions {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly colour: boolean;
}

export function paper({ stdout, stderr, colour }: PaperOptions): Paper {
  return {
    colour,
    width: stdout.columns ?? 80,
    line: (text = "") => void stdout.write(`${text}\n`),
    aside: (text = "") => void stderr.write(`${text}\n`),
    styled: (style, text) => (colour ? styleText(style, text, { validateStream: false }) : text),
    json: (value) => void stdout.write(`${JSON.stringify(value, undefined, 2)}\n`),
  };
}

/** Columns under headings, two spaces apart, as kubectl's. Cells hold no colours: they are padded as they are. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = headings.map((heading, column) => Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (column === cells.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join("  ")
      .trimEnd();
  return [line(headings), ...rows.map(line)].join("\n");
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
