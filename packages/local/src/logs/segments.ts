import { type FileHandle, mkdir, open, readdir, rename, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { Instant, LogRetention } from "@douze/core";
import { Bell } from "./bell.ts";
import { encodeHeader, type FrameHeader, headerBytes } from "./frame.ts";
import { expired, segmentLimitBytes, segmentLimitMs } from "./retention.ts";
import { newSegment, type Position, type Segment, type Source, segmentOf } from "./segment.ts";

/** The folder of segments: append to the last, begin the next, delete the oldest. One writer; any number of readers. */
export class Segments implements AsyncDisposable {
  /** Rung after each change. */
  readonly grown: Bell = new Bell();
  readonly #directory: string;
  readonly #retention: LogRetention;
  readonly #segmentBytes: number;
  #list: Segment[];
  #handle: FileHandle | undefined;
  /** Bytes of the current segment that only say who its sources are. */
  #headBytes = 0;
  #unsynced = new Set<Segment>();
  readonly #beforeDelete = new Set<(segment: Segment) => Promise<void>>();

  private constructor(directory: string, retention: LogRetention, segmentBytes: number, list: Segment[]) {
    this.#directory = directory;
    this.#retention = retention;
    this.#segmentBytes = segmentBytes;
    this.#list = list;
  }

  /** Lists what is there. Changes nothing: a store that is only read needs no permission to write. */
  static async open(directory: string, retention: LogRetention, segmentBytes: number = segmentLimitBytes(retention)): Promise<Segments> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const list: Segment[] = [];
    for (const file of (await readdir(directory)).sort()) {
      const segment = segmentOf(directory, file);
      if (segment === undefined) continue;
      const { size, mtimeMs } = await stat(segment.path);
      segment.bytes = size;
      segment.writtenAt = mtimeMs;
      list.push(segment);
    }
    return new Segments(directory, retention, segmentBytes, list);
  }

  /** Oldest first. */
  get list(): readonly Segment[] {
    return this.#list;
  }

  /** The one that is appended to. */
  get current(): Segment | undefined {
    return this.#list.at(-1);
  }

  /** Behind all that is stored now. */
  get end(): Position {
    const { current } = this;
    return { sequence: current?.sequence ?? 0, offset: current?.bytes ?? 0 };
  }

  /** Whether the current segment can take more; no: it is full, too old, or there is none. */
  async ready(now: number): Promise<boolean> {
    const { current } = this;
    if (current === undefined || current.bytes >= this.#segmentBytes) return false;
    if (current.bytes > this.#headBytes && current.createdAt < now - segmentLimitMs(this.#retention)) return false;
    this.#handle ??= await reopen(current).catch(ignoreAbsent);
    return this.#handle !== undefined;
  }

  /** All parts or, when it throws, none: the segment ends where it ended. */
  async append(parts: readonly Buffer[], now: number): Promise<void> {
    const { current } = this;
    if (current === undefined || this.#handle === undefined) throw new Error("no segment was begun");
    const bytes = await writeAll(this.#handle, parts, current.bytes);
    current.bytes += bytes;
    current.writtenAt = now;
    this.#unsynced.add(current);
    this.grown.ring();
  }

  /** Begins the next segment and tells in it first who its sources are and how far each was copied. */
  async begin(sources: readonly Source[], now: number): Promise<void> {
    await this.#close();
    const segment = newSegment(this.#directory, (this.current?.sequence ?? 0) + 1, now);
    const parts = sources.map((source, index) => sourceFrame(segment, index, source, now));
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const aside = join(this.#directory, "next.tmp");
    const handle = await open(aside, "w+", 0o600);
    try {
      segment.bytes = await writeAll(handle, parts, 0);
      await rename(aside, segment.path);
    } catch (error) {
      await handle.close();
      throw error;
    }
    segment.sources.push(...sources);
    this.#handle = handle;
    this.#headBytes = segment.bytes;
    this.#list.push(segment);
    this.grown.ring();
  }

  /** Ends the current segment, in which a writer that was killed may have left a torn frame. */
  async #close(): Promise<void> {
    const { current } = this;
    const handle = this.#handle ?? (current && (await reopen(current).catch(ignoreAbsent)));
    this.#handle = undefined;
    await handle?.close();
  }

  /** Deletes what is past its bounds. Readers that have a deleted segment open read it to its end. */
  async retain(now: number): Promise<void> {
    const gone = this.#list.slice(0, expired(this.#list, this.#retention, this.#segmentBytes, now));
    // A segment leaves the list first: no reader then opens one that is being deleted.
    this.#list = this.#list.slice(gone.length);
    for (const segment of gone) {
      for (const look of this.#beforeDelete) await look(segment);
      this.#unsynced.delete(segment);
      await unlink(segment.path).catch(ignoreAbsent);
    }
  }

  /**
   * Calls a function with each segment that is about to be deleted, and waits for it.
   *
   * @returns ends it
   */
  beforeDelete(look: (segment: Segment) => Promise<void>): () => void {
    this.#beforeDelete.add(look);
    return () => void this.#beforeDelete.delete(look);
  }

  /** All that was appended before is on the disk, not only in the kernel's memory. */
  async sync(): Promise<void> {
    const unsynced = [...this.#unsynced];
    this.#unsynced = new Set();
    for (const [index, segment] of unsynced.entries()) {
      try {
        await using handle = await open(segment.path, "r").catch(ignoreAbsent);
        await handle?.datasync();
      } catch (error) {
        for (const rest of unsynced.slice(index)) this.#unsynced.add(rest);
        throw error;
      }
    }
    if (unsynced.length === 0) return;
    await using folder = await open(this.#directory, "r");
    await folder.sync();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle?.close();
    this.#handle = undefined;
  }
}

/** A frame that says who the source of an index is. */
export function sourceFrame(segment: Segment, index: number, source: Source, now: number): Buffer {
  const body = Buffer.from(JSON.stringify(source));
  const frame = Buffer.alloc(headerBytes + body.length);
  const header: FrameHeader = {
    kind: "source",
    source: index,
    at: now as Instant,
    stream: "stdout",
    continues: false,
    offset: 0,
    length: 0,
  };
  encodeHeader(frame, segment.marker, header, body);
  body.copy(frame, headerBytes);
  return frame;
}

async function reopen(segment: Segment): Promise<FileHandle> {
  const handle = await open(segment.path, "r+");
  try {
    // A frame that was torn when the last writer was killed: its spool still has what it held.
    await handle.truncate(segment.bytes);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Writes at a position, so that a failed attempt is written over by the next. */
async function writeAll(handle: FileHandle, parts: readonly Buffer[], position: number): Promise<number> {
  let rest = parts.filter((part) => part.length > 0);
  let written = 0;
  while (rest.length > 0) {
    // An interrupted or nearly full disk takes a part only and tells the reason at the next call.
    const { bytesWritten } = await handle.writev(rest, position + written);
    if (bytesWritten === 0) throw new Error("the file takes no more bytes");
    written += bytesWritten;
    rest = after(rest, bytesWritten);
  }
  return written;
}

function after(parts: readonly Buffer[], bytes: number): Buffer[] {
  let skip = bytes;
  const rest: Buffer[] = [];
  for (const part of parts) {
    if (skip < part.length) rest.push(part.subarray(skip));
    skip = Math.max(0, skip - part.length);
  }
  return rest;
}

function ignoreAbsent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
  return undefined;
}
