import { access } from "node:fs/promises";
import { setTimeout as sleep, setImmediate as turnEnd } from "node:timers/promises";
import type { Instant, Problem } from "@douze/core";
import { Batch } from "./batch.ts";
import { Bell } from "./bell.ts";
import type { Mask } from "./mask.ts";
import { OwnLines } from "./own-lines.ts";
import { Pace } from "./pace.ts";
import { Punch } from "./punch.ts";
import type { Segment, Source } from "./segment.ts";
import { type Segments, sourceFrame } from "./segments.ts";
import { type AttachedSpool, type KnownSpool, type Spool, type Stream, streams } from "./spool.ts";
import { Tail } from "./tail.ts";
import { type OnTrouble, spoolTruncated, spoolUnreadable, storeClosed, writeFailed } from "./troubles.ts";
import { Waits } from "./waits.ts";

const firstRetryMs = 100;
const lastRetryMs = 5_000;
const retainMs = 10 * 60_000;

export interface WriterOptions {
  readonly directory: string;
  readonly segments: Segments;
  readonly known: Map<string, KnownSpool>;
  readonly mask: Mask;
  readonly clock: () => number;
  readonly onTrouble: OnTrouble;
}

interface Look {
  /** It had something new. */
  readonly found: boolean;
  /** It has more at once. */
  readonly more: boolean;
}

/**
 * Copies what comes into the segments: the spools that are due and the platform's own lines, a batch a turn. A spool's
 * place moves on when its batch is written and not before, so that a failed write is no more than a delay.
 */
export class LogWriter implements AsyncDisposable {
  readonly #options: WriterOptions;
  readonly #batch: Batch = new Batch();
  readonly #own: OwnLines = new OwnLines();
  readonly #pace: Pace;
  readonly #punch: Punch;
  readonly #work: Bell = new Bell();
  readonly #closing: AbortController = new AbortController();
  readonly #tails: Map<Tail, Problem | undefined> = new Map();
  readonly #due: Set<Tail> = new Set();
  readonly #waits: Waits = new Waits();
  readonly #retainTimer: NodeJS.Timeout;
  readonly #running: Promise<void>;
  /** Index of a source in the current segment, by spool id or by process and release. */
  #indexes: Map<string, number> = new Map();
  #retain = false;
  #failures = 0;
  #turning: Promise<unknown> = Promise.resolve();

  constructor(options: WriterOptions) {
    this.#options = options;
    this.#pace = new Pace((tail) => this.#wake(tail));
    this.#punch = new Punch(() => options.segments.sync(), options.onTrouble);
    this.#retainTimer = setInterval(() => {
      this.#retain = true;
      this.#work.ring();
    }, retainMs).unref();
    this.#running = this.#run();
  }

  attach(spool: Spool): AttachedSpool {
    if ([...this.#tails.keys()].some((tail) => tail.known.spool.id === spool.id)) throw new Error(`spool ${spool.id} is attached already`);
    const before = this.#options.known.get(spool.id);
    const known = { spool, copied: before?.copied ?? { stdout: 0, stderr: 0 }, fresh: before === undefined };
    this.#options.known.set(spool.id, known);
    // Told anew: its files may lie elsewhere now.
    this.#indexes.delete(spoolKey(spool.id));
    const tails = streams.map((stream) => new Tail(known, stream));
    for (const tail of tails) {
      this.#tails.set(tail, undefined);
      this.#pace.add(tail);
    }
    return { finish: () => this.#finish(tails), stop: () => this.#stop(tails) };
  }

  append(process: string, release: string, stream: Stream, text: string): void {
    this.#own.append({ process, release }, stream, text, this.#options.clock() as Instant);
    this.#work.ring();
  }

  /** All that was appended and all whole lines that are in the spools now are stored. */
  async flush(): Promise<void> {
    const lines = this.#own.appended;
    const places = [...this.#tails.keys()].map((tail) => ({ tail, looks: tail.looks, size: sizeOf(tail) }));
    for (const { tail } of places) this.#wake(tail);
    const seen = ({ tail, looks, size }: (typeof places)[number]): boolean => tail.copied >= size || this.#settled(tail, looks);
    await this.#waits.until(() => this.#own.settled >= lines && places.every(seen), true);
  }

  async #finish(tails: readonly Tail[]): Promise<void> {
    const looks = tails.map((tail) => tail.looks);
    for (const tail of tails) {
      tail.end();
      this.#tails.set(tail, undefined);
      this.#wake(tail);
    }
    await this.#waits.until(() => tails.every((tail, index) => this.#settled(tail, looks[index] ?? 0)), false);
    const unreadable = tails.map((tail) => this.#tails.get(tail)).find((problem) => problem !== undefined);
    await this.#stop(tails);
    if (unreadable !== undefined) throw unreadable;
  }

  async #stop(tails: readonly Tail[]): Promise<void> {
    for (const tail of tails) {
      this.#pace.remove(tail);
      this.#punch.forget(tail);
      this.#due.delete(tail);
    }
    // A turn under way may have read from them: they are let go when that is stored.
    await this.#turning;
    for (const tail of tails) {
      this.#due.delete(tail);
      this.#tails.delete(tail);
      tail[Symbol.dispose]();
    }
    this.#waits.settle();
  }

  /** A look that was begun after so many found nothing more, or nobody looks any more. */
  #settled(tail: Tail, looks: number): boolean {
    return tail.settledLook > looks || !this.#tails.has(tail) || this.#tails.get(tail) !== undefined;
  }

  #wake(tail: Tail): void {
    if (!this.#tails.has(tail)) return;
    this.#due.add(tail);
    this.#work.ring();
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      if (this.#due.size === 0 && this.#own.empty && !this.#retain) await this.#work.wait(signal);
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
      this.#waits.settle();
      return true;
    } catch (error) {
      const problem = writeFailed(this.#options.directory, error);
      if (this.#failures++ === 0) this.#options.onTrouble(problem);
      this.#waits.failed(problem);
      return false;
    }
  }

  async #turn(): Promise<void> {
    const { segments, clock } = this.#options;
    const now = clock() as Instant;
    if (this.#retain) await segments.retain(now);
    this.#retain = false;
    if (this.#due.size === 0 && this.#own.empty) return;
    if (!(await segments.ready(now))) await this.#begin(now);
    const segment = segments.current;
    if (segment === undefined) throw new Error("no segment was begun");

    const known = segment.sources.length;
    this.#batch.clear();
    this.#own.take(this.#batch, segment.marker, this.#options.mask, now, (source) => this.#index(segment, source, now));
    const looked = this.#look(segment, now);
    try {
      if (this.#batch.parts.length > 0) await segments.append(this.#batch.parts, now);
    } catch (error) {
      segment.sources.length = known;
      for (const [key, index] of this.#indexes) if (index >= known) this.#indexes.delete(key);
      this.#own.rollBack();
      for (const tail of looked.keys()) {
        tail.rollBack();
        this.#due.add(tail);
      }
      throw error;
    }
    this.#own.commit();
    for (const [tail, look] of looked) this.#stored(tail, look);
  }

  /** Reads from all that are due, in turns, until they have no more or the batch is full. */
  #look(segment: Segment, now: Instant): Map<Tail, Look> {
    const { mask, onTrouble } = this.#options;
    const looked = new Map<Tail, Look>();
    // A tail with more is added again behind the others, where this loop reaches it in its turn.
    for (const tail of this.#due) {
      if (this.#batch.full) break;
      this.#due.delete(tail);
      const source = this.#index(segment, declaration(tail.known), now);
      const parts = this.#batch.parts.length;
      let more = false;
      try {
        more = tail.look({ batch: this.#batch, mask, marker: segment.marker, source, now });
        this.#tails.set(tail, undefined);
      } catch (error) {
        this.#unreadable(tail, error);
      }
      if (more) this.#due.add(tail);
      looked.set(tail, { more, found: this.#batch.parts.length > parts || looked.get(tail)?.found === true });
      if (tail.takeRewritten()) onTrouble(spoolTruncated(tail.known.spool, tail.stream));
    }
    return looked;
  }

  #stored(tail: Tail, { found, more }: Look): void {
    tail.commit(!more);
    this.#pace.looked(tail, found);
    if (found && !tail.ending) this.#punch.consider(tail);
  }

  #unreadable(tail: Tail, error: unknown): void {
    const problem = spoolUnreadable(tail.known.spool, tail.stream, error);
    if (this.#tails.get(tail) === undefined) this.#options.onTrouble(problem);
    this.#tails.set(tail, problem);
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
    const attached = new Set([...this.#tails.keys()].map(({ known }) => known));
    for (const [id, known] of this.#options.known) {
      // A finished spool is remembered until its files are gone: it may be attached once more after a kill.
      if (!attached.has(known) && !(await exists(known.spool.stdout)) && !(await exists(known.spool.stderr)))
        this.#options.known.delete(id);
    }
    const sources = [...this.#options.known.values()].map(declaration);
    await this.#options.segments.begin(sources, now);
    this.#indexes = new Map(sources.map((source, index) => [spoolKey(source.spool?.id ?? ""), index]));
  }

  /** Stores the platform's last lines. Spools are left where they are. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    clearInterval(this.#retainTimer);
    this.#pace[Symbol.dispose]();
    await this.#running;
    this.#due.clear();
    await this.#attempt();
    await this.#punch[Symbol.asyncDispose]();
    for (const tail of this.#tails.keys()) tail[Symbol.dispose]();
    this.#tails.clear();
    this.#waits.close(storeClosed(this.#options.directory));
  }
}

function declaration({ spool: { id, process, release, stdout, stderr }, copied }: KnownSpool): Source {
  return { process, release, spool: { id, stdout, stderr, copied: { ...copied } } };
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
