import type { Instant, Problem } from "@douze/core";
import type { Mask } from "@douze/engine";
import type { Batch } from "./batch.ts";
import { Pace } from "./pace.ts";
import { Punch } from "./punch.ts";
import type { Source } from "./segment.ts";
import { type KnownSpool, type Spool, streams } from "./spool.ts";
import { Tail } from "./tail.ts";
import { type OnTrouble, spoolTruncated, spoolUnreadable } from "./troubles.ts";

interface Look {
  /** It had something new. */
  readonly found: boolean;
  /** It has more at once. */
  readonly more: boolean;
}

export interface TailsOptions {
  readonly mask: Mask;
  readonly onTrouble: OnTrouble;
  /** Makes what was stored durable. */
  readonly sync: () => Promise<void>;
  /** A file is due to be looked at. */
  readonly onDue: () => void;
}

/** The files that are followed: which of them are due, what a turn read from them, and what became of it. */
export class Tails implements AsyncDisposable {
  readonly #options: TailsOptions;
  readonly #pace: Pace;
  readonly #punch: Punch;
  /** With the reason why it cannot be read. */
  readonly #all: Map<Tail, Problem | undefined> = new Map();
  readonly #due: Set<Tail> = new Set();
  #looked: Map<Tail, Look> = new Map();

  constructor(options: TailsOptions) {
    this.#options = options;
    this.#pace = new Pace((tail) => this.wake(tail));
    this.#punch = new Punch(options.sync, options.onTrouble);
  }

  /** None is due. */
  get idle(): boolean {
    return this.#due.size === 0;
  }

  get all(): readonly Tail[] {
    return [...this.#all.keys()];
  }

  follows(spool: Spool): boolean {
    return this.all.some(({ known }) => known.spool.id === spool.id);
  }

  add(known: KnownSpool): readonly Tail[] {
    const tails = streams.map((stream) => new Tail(known, stream));
    for (const tail of tails) {
      this.#all.set(tail, undefined);
      this.#pace.add(tail);
    }
    return tails;
  }

  /** Its process has ended: what it has now is all. */
  end(tail: Tail): void {
    tail.end();
    this.#all.set(tail, undefined);
    this.wake(tail);
  }

  wake(tail: Tail): void {
    if (!this.#all.has(tail)) return;
    this.#due.add(tail);
    this.#options.onDue();
  }

  problem(tail: Tail): Problem | undefined {
    return this.#all.get(tail);
  }

  /** A look that was begun after so many found nothing more, or nobody can look any more. */
  settled(tail: Tail, looks: number): boolean {
    return tail.settledLook > looks || !this.#all.has(tail) || this.#all.get(tail) !== undefined;
  }

  /** Reads from all that are due, in turns, until they have no more or the batch is full. */
  look(batch: Batch, marker: Buffer, now: Instant, indexOf: (source: Source) => number): void {
    const { mask, onTrouble } = this.#options;
    // A tail with more is added again behind the others, where this loop reaches it in its turn.
    for (const tail of this.#due) {
      if (batch.full) return;
      this.#due.delete(tail);
      const source = indexOf(declaration(tail.known));
      const parts = batch.parts.length;
      let more = false;
      try {
        more = tail.look({ batch, mask, marker, source, now });
        this.#all.set(tail, undefined);
      } catch (error) {
        this.#unreadable(tail, error);
      }
      if (more) this.#due.add(tail);
      this.#looked.set(tail, { more, found: batch.parts.length > parts || this.#looked.get(tail)?.found === true });
      if (tail.takeRewritten()) onTrouble(spoolTruncated(tail.known.spool, tail.stream));
    }
  }

  /** What was read is stored. */
  commit(): void {
    for (const [tail, { found, more }] of this.#looked) {
      tail.commit(!more);
      this.#pace.looked(tail, found);
      if (found && !tail.ending) this.#punch.consider(tail);
    }
    this.#looked = new Map();
  }

  /** What was read could not be stored and is to be read again. */
  rollBack(): void {
    for (const tail of this.#looked.keys()) {
      tail.rollBack();
      this.#due.add(tail);
    }
    this.#looked = new Map();
  }

  #unreadable(tail: Tail, error: unknown): void {
    const problem = spoolUnreadable(tail.known.spool, tail.stream, error);
    if (this.#all.get(tail) === undefined) this.#options.onTrouble(problem);
    this.#all.set(tail, problem);
  }

  /**
   * Lets go of files.
   *
   * @param turn - one may be under way that has read from them: they go when it has been stored
   */
  async remove(tails: readonly Tail[], turn: Promise<unknown>): Promise<void> {
    for (const tail of tails) {
      this.#pace.remove(tail);
      this.#punch.forget(tail);
      this.#due.delete(tail);
    }
    await turn;
    for (const tail of tails) {
      this.#due.delete(tail);
      this.#all.delete(tail);
      tail[Symbol.dispose]();
    }
  }

  /** Nothing is due any more. */
  pause(): void {
    this.#pace[Symbol.dispose]();
    this.#due.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.pause();
    await this.#punch[Symbol.asyncDispose]();
    for (const tail of this.#all.keys()) tail[Symbol.dispose]();
    this.#all.clear();
  }
}

/** What a segment says of a spool. */
export function declaration({ spool: { id, process, release, stdout, stderr }, copied }: KnownSpool): Source {
  return { process, release, spool: { id, stdout, stderr, copied: { ...copied } } };
}
