import type { LogLine, LogQuery, LogRetention, Problem } from "@douze/core";
import { Mask } from "@douze/engine";
import { EachLine } from "./each-line.ts";
import { Portions } from "./portions.ts";
import { lastOf, type Selection, selection } from "./query.ts";
import { readLines } from "./read.ts";
import { recover } from "./recover.ts";
import type { Position, Segment } from "./segment.ts";
import { Segments } from "./segments.ts";
import type { AttachedSpool, KnownSpool, Spool, Stream } from "./spool.ts";
import { type OnTrouble, segmentDamaged, storeUnusable } from "./troubles.ts";
import { LogWriter } from "./writer.ts";

export interface LogStoreOptions {
  readonly retention: LogRetention;
  /** At which size a file of the store is closed and the next begun. Default an eighth of what is kept, at most 8 MiB. */
  readonly segmentBytes?: number;
  /** As given to `mask`. Default none. */
  readonly secrets?: readonly string[];
  /** Milliseconds since the epoch. Default `Date.now`. */
  readonly clock?: () => number;
  /** Told of what the store gets over by itself: a full disk, a damaged segment. Default: nobody. */
  readonly onTrouble?: OnTrouble;
}

/**
 * The event stream of one environment on this machine, kept across releases, crashes and restarts of the engine.
 *
 * What processes write is copied from their spools as it is, with a header for each piece; lines are made of it only when
 * somebody reads. One store may write in a directory at a time; any number may read.
 */
export class LogStore implements AsyncDisposable {
  readonly #segments: Segments;
  readonly #writer: LogWriter;
  readonly #mask: Mask;
  readonly #clock: () => number;
  readonly #onTrouble: OnTrouble;
  readonly #closing = new AbortController();
  readonly #damaged = new Set<string>();

  private constructor(directory: string, segments: Segments, known: Map<string, KnownSpool>, options: LogStoreOptions) {
    const { secrets = [], clock = Date.now, onTrouble = noTrouble } = options;
    this.#segments = segments;
    this.#mask = new Mask(secrets);
    this.#clock = clock;
    this.#onTrouble = onTrouble;
    this.#writer = new LogWriter({ directory, segments, known, mask: this.#mask, clock, onTrouble });
  }

  /**
   * Opens the store in a directory, which is made when it is absent. Learns from it how far each spool was copied; a frame
   * that was torn when the last engine was killed is cut off by the first write.
   *
   * @throws Problem log-store-unusable - the directory cannot be made or read
   */
  static async open(directory: string, options: LogStoreOptions): Promise<LogStore> {
    try {
      const segments = await Segments.open(directory, options.retention, options.segmentBytes);
      const { known, damaged } = await recover(segments.list);
      const store = new LogStore(directory, segments, known, options);
      for (const segment of damaged) store.#noteDamage(segment);
      return store;
    } catch (error) {
      throw storeUnusable(directory, error);
    }
  }

  /** Starts to follow a spool, or goes on where an earlier attach ended, be it in an engine that was killed. */
  attach(spool: Spool): AttachedSpool {
    return this.#writer.attach(spool);
  }

  /** Adds a line of the platform's own, of `router` or `douze`. Written at the end of the turn; see `flush`. */
  append(process: string, release: string, stream: Stream, text: string): void {
    this.#writer.append(process, release, stream, text);
  }

  /**
   * Returns when all that was appended and all whole lines in the attached spools are stored.
   *
   * @throws Problem log-write-failed - they could not be; it is tried again by itself
   */
  flush(): Promise<void> {
    return this.#writer.flush();
  }

  /**
   * Stored lines, oldest first; for a follower then those that come, until the signal aborts or the store is closed, which
   * end it without an error. A slow reader holds up nobody: it reads from the files, and is told when retention was faster.
   *
   * @throws Problem log-grep-invalid - at once: `grep` is no regular expression; while reading: it takes too long
   */
  read(query: LogQuery, signal: AbortSignal): AsyncIterable<LogLine> {
    return new EachLine(this.#select(selection(query), signal), signal);
  }

  /** The last lines that are stored of one start of a process, by the id of its spool, oldest first. */
  async lastLines(spool: string, count: number): Promise<readonly LogLine[]> {
    const batches: (readonly LogLine[])[] = [];
    // Of one that has ended all is stored. To have that of all others stored first would cost more the more there are.
    for await (const batch of this.#stored(lastOf(spool, count, this.#writer.beginningOf(spool)), this.#closing.signal))
      batches.push(batch);
    return batches.flat();
  }

  /**
   * Stored lines from a position on, and then those that come, for a reader that remembers how far it got. Ends when the signal
   * aborts or the store is closed.
   *
   * @param from - absent: from now on
   * @param processes - `web` means every `web.N`; none means all
   */
  portions(from: Position | undefined, processes: readonly string[], signal: AbortSignal): Portions {
    const until = AbortSignal.any([signal, this.#closing.signal]);
    return new Portions(this.#segments, from, processes, (segment, cause) => this.#noteDamage(segment, cause), until);
  }

  /**
   * Adds values that must never be stored in clear: each is replaced by `••••`, also as JSON or a URL writes it, and line by
   * line where it has several (parts of eight characters or more). Holds for what is stored from now on.
   */
  mask(values: readonly string[]): void {
    this.#mask.add(values);
  }

  async *#select(wanted: Selection, signal: AbortSignal): AsyncGenerator<readonly LogLine[]> {
    // What cannot be stored now was told to `onTrouble`; what is stored can be read all the same.
    await this.#writer.flush().catch(() => undefined);
    yield* this.#stored(wanted, signal);
  }

  #stored(wanted: Selection, signal: AbortSignal): AsyncGenerator<readonly LogLine[]> {
    const until = AbortSignal.any([signal, this.#closing.signal]);
    return readLines(this.#segments, wanted, this.#clock, (segment, cause) => this.#noteDamage(segment, cause), until);
  }

  #noteDamage(segment: Segment, cause?: unknown): void {
    if (this.#damaged.has(segment.path)) return;
    this.#damaged.add(segment.path);
    this.#onTrouble(segmentDamaged(segment.path, cause));
  }

  /** Stores the platform's last lines and ends all readers. What is still in spools stays there for the next attach. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer[Symbol.asyncDispose]();
    this.#closing.abort();
    await this.#segments[Symbol.asyncDispose]();
  }
}

function noTrouble(_problem: Problem): void {
  // Whoever opened the store did not ask.
}
