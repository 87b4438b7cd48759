import type { LogLine } from "@douze/core";
import { characterStart, lineLimitBytes } from "./cut.ts";
import type { Frame } from "./scan.ts";
import type { Source } from "./segment.ts";

// A UTF-16 unit takes at most three bytes: a shorter text cannot pass the limit.
const surelyShort = Math.floor(lineLimitBytes / 3);

/** Splits a frame into lines: at `\n`, without a `\r` before it; what passes the limit comes in pieces. */
export function frameLines({ header, body }: Frame, { process, release }: Source): LogLine[] {
  const { at, stream } = header;
  const texts = body.toString("utf8").split("\n");
  // Behind the last newline; something only where a process ended within a line, or a line was too long to wait for.
  const rest = texts.pop() ?? "";
  const lines: LogLine[] = [];
  const add = (text: string, continues: boolean): void => {
    let piece = text;
    if (text.length > surelyShort) {
      const pieces = inPieces(text);
      piece = pieces.pop() ?? "";
      for (const part of pieces) lines.push({ at, process, release, stream, text: part, continued: true });
    }
    lines.push(continues ? { at, process, release, stream, text: piece, continued: true } : { at, process, release, stream, text: piece });
  };
  for (const text of texts) add(text.endsWith("\r") ? text.slice(0, -1) : text, false);
  if (rest !== "") add(rest, header.continues);
  return lines;
}

function inPieces(text: string): string[] {
  const bytes = Buffer.from(text);
  const pieces: string[] = [];
  let start = 0;
  while (bytes.length - start > lineLimitBytes) {
    const end = start + characterStart(bytes.subarray(start), lineLimitBytes);
    pieces.push(bytes.toString("utf8", start, end));
    start = end;
  }
  pieces.push(bytes.toString("utf8", start, bytes.length));
  return pieces;
}
