import { setImmediate } from "node:timers/promises";

/** Hands the latest state to each of several observers; what changes while one is busy reaches it as one change. */
export class Observers<T> implements Disposable {
  readonly #look: () => T;
  readonly #waiting = new Set<() => void>();
  #changes = 0;
  #closed = false;
  #fault: { readonly error: unknown } | undefined;

  /** @param look - what is there now */
  constructor(look: () => T) {
    this.#look = look;
  }

  /** Something may be different. */
  changed(): void {
    this.#changes++;
    for (const wake of this.#waiting) wake();
  }

  /** There is nothing more to be seen: all observers, present and later, are told why. */
  fail(error: unknown): void {
    this.#fault ??= { error };
    this.changed();
  }

  /** What is there now, then again after every change, until the signal aborts or nothing will change any more. */
  async *observe(signal: AbortSignal): AsyncGenerator<T> {
    while (!signal.aborted) {
      if (this.#fault) throw this.#fault.error;
      const seen = this.#changes;
      yield this.#look();
      if (this.#closed && this.#changes === seen) return;
      await this.#changeAfter(seen, signal);
      // What happens in one turn of the event loop is one change.
      await setImmediate();
    }
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    this.changed();
  }

  async #changeAfter(seen: number, signal: AbortSignal): Promise<void> {
    if (this.#changes !== seen || signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.add(resolve);
    const abort = (): void => resolve();
    signal.addEventListener("abort", abort);
    try {
      await promise;
    } finally {
      this.#waiting.delete(resolve);
      signal.removeEventListener("abort", abort);
    }
  }
}
