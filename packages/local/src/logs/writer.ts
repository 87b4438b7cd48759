import { access } from "node:fs/promises";
import { setTimeout as sleep, setImmediate as turnEnd } from "node:timers/promises";
import type { Instant, Problem } from "@douze/core";
import type { Mask } from "@douze/engine";
import { Batch } from "./batch.ts";
import { Bell } from "./bell.ts";
import { OwnLines } from "./own-lines.ts";
import type { Position, Segment, Source } from "./segment.ts";
import { type Segments, sourceFrame } from "./segments.ts";
import type { AttachedSpool, KnownSpool, Spool, Stream } from "./spool.ts";
import type { Tail } from "./tail.ts";
import { declaration, Tails } from "./tails.ts";
import { type OnTrouble, storeClosed, writeFailed } from "./troubles.ts";
import { Waits } from "./waits.ts";

const firstRetryMs = 100;
const lastRetryMs = 5_000;
const retainMs = 10 * 60_000;

export interface WriterOptions {
  readonly directory: string;
  readonly segments: Segments;
  /** By id. */
  readonly known: Map<string, KnownSpool>;
  readonly mask: Mask;
  readonly clock: () => number;
  readonly onTrouble: OnTrouble;
}

/**
 * Copies what comes into the segments: the spools that are due and the platform's own lines, a batch a turn. A spool's
 * place moves on when its batch is written and not before, so that a failed write is no more than a delay.
 */
export class LogWriter implements AsyncDisposable {
  readonly #options: WriterOptions;
  readonly #batch: Batch = new Batch();
  readonly #own: OwnLines = new OwnLines();
  readonly #tails: Tails;
  readonly #waits: Waits = new Waits();
  readonly #work: Bell = new Bell();
  readonly #closing: AbortController = new AbortController();
  readonly #retainTimer: NodeJS.Timeout;
  readonly #running: Promise<void>;
  #turning: Promise<unknown> = Promise.resolve();
  /** Index of a source in the current segment, by spool id or by process and release. */
  #indexes: Map<string, number> = new Map();
  #retain = false;
  #failures = 0;
  /** Why the last write failed, until one succeeds. */
  #failing: Problem | undefined;

  constructor(options: WriterOptions) {
    const { mask, onTrouble, segments } = options;
    this.#options = options;
    this.#tails = new Tails({ mask, onTrouble, sync: () => segments.sync(), onDue: () => this.#work.ring() });
    this.#retainTimer = setInterval(() => {
      this.#retain = true;
      this.#work.ring();
    }, retainMs).unref();
    this.#running = this.#run();
  }

  attach(spool: Spool): AttachedSpool {
    if (this.#tails.follows(spool)) throw new Error(`spool ${spool.id} is attached already`);
    const before = this.#options.known.get(spool.id);
    const beginning = before === undefined ? this.#options.segments.end : before.beginning;
    const known = {
      spool,
      copied: before?.copied ?? { stdout: 0, stderr: 0 },
      fresh: before === undefined,
      ...(beginning && { beginning }),
    };
    this.#options.known.set(spool.id, known);
    // Told anew: its files may lie elsewhere now.
    this.#indexes.delete(spoolKey(spool.id));
    const tails = this.#tails.add(known);
    let ended: Promise<void> | undefined;
    let stopped = false;
    return {
      finish: async () => {
        if (stopped) throw new Error(`spool ${spool.id} was stopped: attach it again`);
        ended ??= this.#finish(tails);
        await ended;
      },
      stop: async () => {
        stopped ||= ended === undefined;
        ended ??= this.#stop(tails);
        await ended;
      },
    };
  }

  /** Before it the store holds nothing of a spool. Absent: it is not known. */
  beginningOf(spool: string): Position | undefined {
    return this.#options.known.get(spool)?.beginning;
  }

  append(process: string, release: string, stream: Stream, text: string): void {
    this.#own.append({ process, release }, stream, text, this.#options.clock() as Instant);
    this.#work.ring();
  }

  /** All that was appended and all whole lines that are in the spools now are stored. */
  async flush(): Promise<void> {
    if (this.#failing !== undefined) throw this.#failing;
    const lines = this.#own.appended;
    const places = this.#tails.all.map((tail) => ({ tail, looks: tail.looks, size: sizeOf(tail) }));
    for (const { tail } of places) this.#tails.wake(tail);
    const seen = ({ tail, looks, size }: (typeof places)[number]): boolean => tail.copied >= size || this.#tails.settled(tail, looks);
    await this.#waits.until(() => this.#own.settled >= lines && places.every(seen), true);
  }

  async #finish(tails: readonly Tail[]): Promise<void> {
    const looks = new Map(tails.map((tail) => [tail, tail.looks]));
    for (const tail of tails) this.#tails.end(tail);
    await this.#waits.until(() => tails.every((tail) => this.#tails.settled(tail, looks.get(tail) ?? 0)), false);
    const unreadable = tails.map((tail) => this.#tails.problem(tail)).find((problem) => problem !== undefined);
    await this.#stop(tails);
    if (unreadable !== undefined) throw unreadable;
  }

  async #stop(tails: readonly Tail[]): Promise<void> {
    await this.#tails.remove(tails, this.#turning);
    this.#waits.settle();
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      if (this.#tails.idle && this.#own.empty && !this.#retain) await this.#work.wait(signal);
      // What else the event loop has to do comes between two batches.
      else if (await this.#attempt()) await turnEnd();
      else await sleep(retryMs(this.#failures), undefined, { signal }).catch(ignoreAbort);
    }
  }

  #attempt(): Promise<boolean> {
    const attempt = this.#tryTurn();
    this.#turning = attempt;
    return attempt;
  }

  async #tryTurn(): Promise<boolean> {
    try {
      await this.#turn();
      this.#failures = 0;
      this.#failing = undefined;
      this.#waits.settle();
      return true;
    } catch (error) {
      this.#failing = writeFailed(this.#options.directory, error);
      if (this.#failures++ === 0) this.#options.onTrouble(this.#failing);
      this.#waits.failed(this.#failing);
      return false;
    }
  }

  async #turn(): Promise<void> {
    const { segments, clock, mask } = this.#options;
    const now = clock() as Instant;
    if (this.#retain) await segments.retain(now);
    this.#retain = false;
    if (this.#tails.idle && this.#own.empty) return;
    if (!(await segments.ready(now))) await this.#begin(now);
    const segment = segments.current;
    if (segment === undefined) throw new Error("no segment was begun");

    const known = segment.sources.length;
    const indexOf = (source: Source): number => this.#index(segment, source, now);
    this.#batch.clear();
    try {
      this.#own.take(this.#batch, segment.marker, mask, now, indexOf);
      this.#tails.look(this.#batch, segment.marker, now, indexOf);
      if (this.#batch.parts.length > 0) await segments.append(this.#batch.parts, now);
    } catch (error) {
      segment.sources.length = known;
      for (const [key, index] of this.#indexes) if (index >= known) this.#indexes.delete(key);
      this.#own.rollBack();
      this.#tails.rollBack();
      throw error;
    }
    this.#own.commit();
    this.#tails.commit();
  }

  /** The index of a source in the current segment; what it is called there comes first in the batch. */
  #index(segment: Segment, source: Source, now: Instant): number {
    const key = source.spool === undefined ? `${source.process} ${source.release}` : spoolKey(source.spool.id);
    const before = this.#indexes.get(key);
    if (before !== undefined) return before;
    const index = segment.sources.length;
    this.#batch.addWhole(sourceFrame(segment, index, source, now));
    segment.sources.push(source);
    this.#indexes.set(key, index);
    return index;
  }

  async #begin(now: Instant): Promise<void> {
    const attached = new Set(this.#tails.all.map(({ known }) => known));
    for (const [id, known] of this.#options.known) {
      // A finished spool is remembered until its files are gone: it may be attached once more after a kill.
      if (!attached.has(known) && !(await exists(known.spool.stdout)) && !(await exists(known.spool.stderr)))
        this.#options.known.delete(id);
    }
    const sources = [...this.#options.known.values()].map(declaration);
    await this.#options.segments.begin(sources, now);
    this.#indexes = new Map(sources.map((source, index) => [spoolKey(source.spool?.id ?? ""), index]));
    await this.#options.segments.retain(now);
  }

  /** Stores the platform's last lines. Spools are left where they are. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    clearInterval(this.#retainTimer);
    await this.#running;
    this.#tails.pause();
    await this.#attempt();
    await this.#tails[Symbol.asyncDispose]();
    this.#waits.close(storeClosed(this.#options.directory));
  }
}

function spoolKey(id: string): string {
  return `spool ${id}`;
}

function sizeOf(tail: Tail): number {
  try {
    return tail.sizeBytes;
  } catch {
    // The next look tells what is wrong with it.
    return Number.POSITIVE_INFINITY;
  }
}

function retryMs(failures: number): number {
  return Math.min(lastRetryMs, firstRetryMs * 2 ** Math.min(failures - 1, 10));
}

function ignoreAbort(error: Error): void {
  if (error.name !== "AbortError") throw error;
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
