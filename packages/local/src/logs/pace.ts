import { type FSWatcher, watch } from "node:fs";
import type { Tail } from "./tail.ts";

/** How often a file is looked at that was lately written to. Milliseconds. */
const pollMs = 50;
/** After so many looks that found nothing a file is watched instead. */
const quietLooks = 20;
/** Files that are watched are looked at too, now and then: some file systems tell nothing. Milliseconds. */
const slowPollMs = 2_000;

interface Rhythm {
  quiet: number;
  watcher: FSWatcher | undefined;
}

/**
 * Decides when each file is looked at: a quiet one when the kernel tells of a write, a busy one at fixed times. A watch on
 * a busy file would cost its writer and us one event for each write.
 */
export class Pace implements Disposable {
  readonly #due: (tail: Tail) => void;
  readonly #rhythms = new Map<Tail, Rhythm>();
  readonly #slow: NodeJS.Timeout;
  #poll: NodeJS.Timeout | undefined;

  constructor(due: (tail: Tail) => void) {
    this.#due = due;
    this.#slow = setInterval(() => {
      for (const [tail, { watcher }] of this.#rhythms) if (watcher !== undefined) due(tail);
    }, slowPollMs).unref();
  }

  add(tail: Tail): void {
    this.#rhythms.set(tail, { quiet: 0, watcher: undefined });
    this.#due(tail);
    this.#keepPolling();
  }

  remove(tail: Tail): void {
    this.#rhythms.get(tail)?.watcher?.close();
    this.#rhythms.delete(tail);
    if (this.#rhythms.size === 0) this.#stopPolling();
  }

  /** Somebody looked. */
  looked(tail: Tail, found: boolean): void {
    const rhythm = this.#rhythms.get(tail);
    if (rhythm === undefined) return;
    if (found) {
      rhythm.quiet = 0;
      this.#unwatch(rhythm);
    } else if (rhythm.watcher === undefined && ++rhythm.quiet >= quietLooks) {
      this.#watch(tail, rhythm);
    }
  }

  #watch(tail: Tail, rhythm: Rhythm): void {
    rhythm.quiet = 0;
    const wake = (): void => {
      this.#unwatch(rhythm);
      this.#due(tail);
    };
    try {
      rhythm.watcher = watch(tail.path, wake).on("error", wake);
    } catch {
      // No file yet, or the kernel's watches are used up: it goes on being polled, and nothing is lost but a little time.
      return;
    }
    // What was written between the last look and the watch.
    this.#due(tail);
  }

  #unwatch(rhythm: Rhythm): void {
    rhythm.watcher?.close();
    rhythm.watcher = undefined;
    this.#keepPolling();
  }

  #keepPolling(): void {
    if (this.#poll !== undefined) return;
    this.#poll = setInterval(() => {
      let polled = 0;
      for (const [tail, { watcher }] of this.#rhythms) {
        if (watcher !== undefined) continue;
        this.#due(tail);
        polled++;
      }
      if (polled === 0) this.#stopPolling();
    }, pollMs);
  }

  #stopPolling(): void {
    clearInterval(this.#poll);
    this.#poll = undefined;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#slow);
    this.#stopPolling();
    for (const { watcher } of this.#rhythms.values()) watcher?.close();
    this.#rhythms.clear();
  }
}
