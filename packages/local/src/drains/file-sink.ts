import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Drain } from "@douze/core";
import { ndjson } from "./ndjson.ts";
import type { DrainLine, Origin, Sink } from "./sink.ts";

/** Appends lines of JSON. The file is opened anew for each batch, so that it may be moved away at any time, as log rotation does. */
export class FileSink implements Sink {
  readonly #path: string;
  readonly #origin: Origin;

  constructor({ url }: Drain, origin: Origin) {
    this.#path = fileURLToPath(url);
    this.#origin = origin;
  }

  async send(lines: readonly DrainLine[]): Promise<{ readonly refused: number }> {
    const { O_APPEND, O_CREAT, O_RDWR, O_NOFOLLOW } = constants;
    await using file = await open(this.#path, O_APPEND | O_CREAT | O_RDWR | O_NOFOLLOW, 0o640);
    const { size } = await file.stat();
    const text = lines.map((line) => ndjson(line, this.#origin)).join("");
    // A kill, or a disk that was full, may have left a line without its end: the next one begins on a line of its own.
    await append(file, Buffer.from((await endsWhole(file, size)) ? text : `\n${text}`));
    await file.datasync();
    return { refused: 0 };
  }

  async close(): Promise<void> {
    // Nothing stays open between two batches.
  }
}

async function endsWhole(file: FileHandle, size: number): Promise<boolean> {
  if (size === 0) return true;
  const last = Buffer.alloc(1);
  await file.read(last, 0, 1, size - 1);
  return last[0] === 10;
}

async function append(file: FileHandle, bytes: Buffer): Promise<void> {
  let written = 0;
  while (written < bytes.length) written += (await file.write(bytes, written)).bytesWritten;
}
