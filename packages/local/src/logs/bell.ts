/** Wakes those who wait. Nothing is kept for them: who wakes looks for itself. */
export class Bell {
  readonly #waiting = new Set<() => void>();

  /** Returns at the next ring, or when the signal aborts. */
  wait(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (signal.aborted) return Promise.resolve();
    const wake = (): void => {
      this.#waiting.delete(wake);
      signal.removeEventListener("abort", wake);
      resolve();
    };
    this.#waiting.add(wake);
    signal.addEventListener("abort", wake, { once: true });
    return promise;
  }

  ring(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}
