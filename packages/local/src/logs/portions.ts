import type { FileHandle } from "node:fs/promises";
import type { LogLine } from "@douze/core";
import { headerBytes } from "./frame.ts";
import { gap, type OnDamage, openSegment, readFrames, segmentAtOnce } from "./frames.ts";
import { frameLines } from "./lines.ts";
import { type Selection, wanting } from "./query.ts";
import type { Position, Segment } from "./segment.ts";
import type { Segments } from "./segments.ts";

/** A piece of the event stream with its place in the store. */
export interface Portion {
  readonly lines: readonly LogLine[];
  /** Where it lies: the same in every reading, so that what is read twice is known again. */
  readonly at: Position;
  /** From where to go on when this one is done with. */
  readonly next: Position;
  /** How many lines retention deleted before this portion, unread. Absent: none. Not a number: they were not counted. */
  readonly missed?: number;
}

/**
 * Reads the event stream from a position on and goes on with what comes, for a reader that remembers how far it got. What retention
 * deletes before it is read is counted. What others wrote comes as a portion without lines.
 */
export class Portions implements AsyncDisposable {
  /** Where it begins. */
  readonly start: Position;
  readonly #segments: Segments;
  readonly #wants: Selection["wants"];
  readonly #onDamage: OnDamage;
  readonly #frames: AsyncGenerator<Awaited<ReturnType<ReturnType<typeof readFrames>["next"]>>["value"]>;
  /** Of the segment that is being read; what is deleted behind it was not read. */
  #sequence: number;
  #opening: Promise<unknown> = Promise.resolve();
  #missed: number | undefined;
  /** Of the segment that the last portion was of. */
  #last: number | undefined;
  readonly #unsubscribe: () => void;

  /** @param from - absent: from now on */
  constructor(segments: Segments, from: Position | undefined, processes: readonly string[], onDamage: OnDamage, signal: AbortSignal) {
    const start = from ?? segments.end;
    const last = segments.current?.sequence ?? 0;
    // A store that was emptied counts anew: all that it has is new, and what was between is not known.
    const anew = start.sequence > last + 1;
    this.start = anew ? { sequence: 0, offset: 0 } : start;
    this.#segments = segments;
    this.#wants = wanting(processes);
    this.#onDamage = onDamage;
    this.#missed = anew ? Number.NaN : undefined;
    this.#sequence = anew ? 0 : start.sequence - (start.offset === 0 ? 1 : 0);
    const open = (segment: Segment): Promise<FileHandle | undefined> => {
      this.#sequence = segment.sequence;
      const opening = openSegment(segment, onDamage);
      this.#opening = opening;
      return opening;
    };
    const range = { from: this.start, to: undefined, noMore: signal, onDamage, open };
    this.#frames = readFrames(segments, range, signal);
    this.#unsubscribe = segments.beforeDelete((segment) => this.#count(segment));
  }

  /** The next portion, or nothing when the signal aborted. */
  async next(): Promise<Portion | undefined> {
    for (;;) {
      const { value, done } = await this.#frames.next();
      if (done || value === undefined) return undefined;
      if (value === gap) {
        this.#missed ??= Number.NaN;
        continue;
      }
      const { segment, frame } = value;
      const source = segment.sources[frame.header.source];
      const at = { sequence: segment.sequence, offset: frame.at };
      const next = { sequence: segment.sequence, offset: frame.at + headerBytes + frame.body.length };
      const lines = source !== undefined && this.#wants(source) ? frameLines(frame, source) : [];
      // What was deleted unread lies before the segment that comes next, not within the one that is open.
      const missed = segment.sequence === this.#last ? undefined : this.#missed;
      if (missed !== undefined) this.#missed = undefined;
      this.#last = segment.sequence;
      return { lines, at, next, ...(missed !== undefined && { missed }) };
    }
  }

  /** How many bytes of the store lie behind a position. */
  behind({ sequence, offset }: Position): number {
    let bytes = 0;
    for (const segment of this.#segments.list)
      if (segment.sequence >= sequence) bytes += segment.bytes - (segment.sequence === sequence ? offset : 0);
    return Math.max(0, bytes);
  }

  async #count(segment: Segment): Promise<void> {
    // The one that is open is read to its end although it has no name any more.
    if (segment.sequence <= this.#sequence) return void (await this.#opening);
    let lines = 0;
    for (const frame of await segmentAtOnce(segment, segment.bytes, this.#onDamage)) {
      const source = segment.sources[frame.header.source];
      if (source !== undefined && this.#wants(source)) lines += frameLines(frame, source).length;
    }
    this.#missed = (this.#missed ?? 0) + lines;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#unsubscribe();
    await this.#frames.return(undefined);
  }
}
