import { setTimeout as sleep } from "node:timers/promises";
import { type Drain as Declared, drainAddress, type Instant } from "@douze/core";
import type { DrainView } from "@douze/engine";
import type { Portion, Portions } from "../logs/portions.ts";
import type { Position } from "../logs/segment.ts";
import { type DrainProgress, readProgress, writeProgress } from "./progress.ts";
import { type DrainLine, Later, Refusal, type Sink, TooMuch } from "./sink.ts";

/** One request carries at most so much, and what came within this time. */
const mostLines = 2_000;
const mostBytes = 512 * 1024;
const gatherMs = 200;
/** What was sent is noted so often at most: after a kill no more is sent twice. */
const saveMs = 1_000;
const firstRetryMs = 500;
const lastRetryMs = 60_000;
/** Refusals are told so often at most: the telling goes to the drain too, which may refuse it. */
const tellMs = 60_000;

export interface DrainOptions {
  readonly declared: Declared;
  readonly sink: Sink;
  /** Reads the event stream from a position on. */
  readonly read: (from: Position | undefined, signal: AbortSignal) => Portions;
  /** The file that keeps how far it got. */
  readonly path: string;
  /** Tells those who read the log. */
  readonly note: (text: string) => void;
  readonly clock: () => Instant;
  /** From 0 up to 1. */
  readonly chance: () => number;
}

/**
 * Sends the event stream to one place, in order and each line at least once, at the receiver's own pace: it reads from the store and
 * holds one request's lines in memory. What retention deletes before the receiver took it is counted and told in the stream.
 */
export class Drain implements AsyncDisposable {
  readonly #options: DrainOptions;
  readonly #closing = new AbortController();
  readonly #portions: Portions;
  readonly #running: Promise<void>;
  #progress: DrainProgress;
  #savedAt = 0;
  #toldAt = Number.NEGATIVE_INFINITY;
  /** Refused and not yet told. */
  #untold = 0;
  #trouble: { readonly text: string; readonly since: Instant } | undefined;

  constructor(options: DrainOptions) {
    this.#options = options;
    this.#progress = readProgress(options.path);
    this.#portions = options.read(this.#progress.position, this.#closing.signal);
    // Known from the first moment on: what comes from here is its own, whenever it is sent.
    this.#progress = { ...this.#progress, position: this.#portions.start };
    this.#save(true);
    this.#running = this.#run();
  }

  get view(): DrainView {
    const { declared } = this.#options;
    const { position, sent, dropped } = this.#progress;
    return {
      name: declared.name,
      to: drainAddress(declared),
      sent,
      dropped,
      behindBytes: position === undefined ? 0 : this.#portions.behind(position),
      ...(this.#trouble && { trouble: this.#trouble.text, since: this.#trouble.since }),
    };
  }

  /** Rejects when the drain fails of a defect of its own. */
  get running(): Promise<void> {
    return this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    let coming = this.#portions.next();
    while (!signal.aborted) {
      const portions: Portion[] = [];
      const timer = new AbortController();
      let until: Promise<"time"> | undefined;
      let bytes = 0;
      while (bytes < mostBytes) {
        // Whoever waits for a first line waits for ever; for more, no longer than it takes to make a request worth while.
        const got = await (until === undefined ? coming : Promise.race([coming, until]));
        if (got === "time") break;
        if (got === undefined) return timer.abort();
        until ??= sleep(gatherMs, "time" as const, { signal: timer.signal }).catch(() => "time" as const);
        portions.push(got);
        bytes += got.next.offset - got.at.offset;
        coming = this.#portions.next();
      }
      timer.abort();
      await this.#pass(portions);
    }
  }

  /** Sends some portions and notes that they were. */
  async #pass(portions: readonly Portion[]): Promise<void> {
    const lines = portions.flatMap((portion) => [...this.#missing(portion), ...identified(portion)]);
    for (const some of slices(lines)) if (!(await this.#deliver(some))) return;
    const position = portions.at(-1)?.next;
    if (position) this.#progress = { ...this.#progress, position };
    this.#save(false);
  }

  /** Tells in the stream itself what is not in it. */
  #missing({ missed, at }: Portion): readonly DrainLine[] {
    if (missed === undefined || missed === 0) return [];
    const { declared, clock, note } = this.#options;
    const known = Number.isNaN(missed) ? "some" : String(missed);
    const text = `drain ${declared.name}: ${known} lines were dropped: they passed the bounds of the log store before the receiver took them`;
    if (!Number.isNaN(missed)) this.#progress = { ...this.#progress, dropped: this.#progress.dropped + missed };
    note(text);
    return [{ at: clock(), id: `${at.sequence}.${at.offset}.dropped`, process: "douze", release: "", stream: "stderr", text }];
  }

  /** Tries until the receiver took or refused them. @returns false: the drain ends first */
  async #deliver(lines: readonly DrainLine[]): Promise<boolean> {
    const { sink, clock } = this.#options;
    for (let attempt = 0; ; attempt++) {
      if (this.#closing.signal.aborted) return false;
      try {
        const { refused } = await sink.send(lines, this.#closing.signal);
        this.#counted(lines.length - refused, refused, "the receiver threw them away");
        this.#recovered();
        return true;
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        if (this.#closing.signal.aborted) return false;
        if (error instanceof TooMuch) return await this.#halves(lines);
        if (error instanceof Refusal) {
          this.#counted(0, lines.length, error.message);
          this.#recovered();
          return true;
        }
        this.#failed(error, clock());
        await sleep(this.#waitMs(error, attempt), undefined, { signal: this.#closing.signal }).catch(() => undefined);
      }
    }
  }

  async #halves(lines: readonly DrainLine[]): Promise<boolean> {
    const middle = Math.ceil(lines.length / 2);
    return (await this.#deliver(lines.slice(0, middle))) && (await this.#deliver(lines.slice(middle)));
  }

  #waitMs(error: Error, attempt: number): number {
    const most = Math.min(lastRetryMs, firstRetryMs * 2 ** Math.min(attempt, 10));
    // Not all at once when a receiver comes back that many were waiting for.
    const spread = most / 2 + (most / 2) * this.#options.chance();
    return error instanceof Later ? Math.max(error.afterMs, spread) : spread;
  }

  #counted(sent: number, refused: number, why: string): void {
    const { sent: before, dropped } = this.#progress;
    this.#progress = { ...this.#progress, sent: before + sent, dropped: dropped + refused };
    this.#untold += refused;
    const now = this.#options.clock();
    if (this.#untold === 0 || now - this.#toldAt < tellMs) return;
    this.#options.note(`drain ${this.#options.declared.name}: ${this.#untold} lines were dropped: ${why}`);
    this.#untold = 0;
    this.#toldAt = now;
  }

  #failed(error: Error, at: Instant): void {
    if (this.#trouble === undefined)
      this.#options.note(`drain ${this.#options.declared.name} waits: ${error.message}; nothing is lost yet`);
    this.#trouble = { text: error.message, since: this.#trouble?.since ?? at };
  }

  #recovered(): void {
    if (this.#trouble !== undefined) this.#options.note(`drain ${this.#options.declared.name} goes on`);
    this.#trouble = undefined;
  }

  #save(now: boolean): void {
    const at = this.#options.clock();
    if (!now && Math.abs(at - this.#savedAt) < saveMs) return;
    this.#savedAt = at;
    try {
      writeProgress(this.#options.path, this.#progress);
    } catch (error) {
      // A full disk: what is sent meanwhile is sent again by the next start, and the store has told of the disk.
      if (!(error instanceof Error && "code" in error)) throw error;
    }
  }

  /** What is under way is given up, to be sent again by the next start. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#running.catch(() => undefined);
    await this.#portions[Symbol.asyncDispose]();
    await this.#options.sink.close();
    this.#save(true);
  }
}

function identified({ lines, at }: Portion): readonly DrainLine[] {
  return lines.map((line, index) => ({ ...line, id: `${at.sequence}.${at.offset}.${index}` }));
}

function* slices(lines: readonly DrainLine[]): Generator<readonly DrainLine[]> {
  let start = 0;
  let bytes = 0;
  for (const [index, { text }] of lines.entries()) {
    if (index > start && (index - start >= mostLines || bytes + text.length > mostBytes)) {
      yield lines.slice(start, index);
      start = index;
      bytes = 0;
    }
    bytes += text.length;
  }
  if (start < lines.length) yield lines.slice(start);
}
