import { setImmediate } from "node:timers/promises";

/** Hands the latest state to each of several observers; what changes while one is busy reaches it as one change. */
export class Observers<T> implements Disposable {
  readonly #look: () => T;
  #changed = Promise.withResolvers<void>();
  #closed = false;
  #fault: { readonly error: unknown } | undefined;

  /** @param look - what is there now */
  constructor(look: () => T) {
    this.#look = look;
  }

  /** Something may be different. */
  changed(): void {
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers<void>();
    resolve();
  }

  /** There is nothing more to be seen: all observers, present and later, are told why. */
  fail(error: unknown): void {
    this.#fault ??= { error };
    this.changed();
  }

  /** What is there now, then again after every change, until the signal aborts or nothing will change any more. */
  async *observe(signal: AbortSignal): AsyncGenerator<T> {
    const aborted = Promise.withResolvers<void>();
    const abort = (): void => aborted.resolve();
    signal.addEventListener("abort", abort);
    try {
      while (!signal.aborted) {
        const { promise } = this.#changed;
        if (this.#fault) throw this.#fault.error;
        yield this.#look();
        if (this.#closed) return;
        await Promise.race([promise, aborted.promise]);
        // What happens in one turn of the event loop is one change.
        await setImmediate();
      }
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    this.changed();
  }
}
