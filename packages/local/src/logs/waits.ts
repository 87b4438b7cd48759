import type { Problem } from "@douze/core";

interface Wait {
  readonly met: () => boolean;
  readonly resolve: () => void;
  readonly reject: (problem: Problem) => void;
  readonly impatient: boolean;
}

/** Callers that wait until something is stored. */
export class Waits {
  readonly #waits = new Set<Wait>();
  #closed: Problem | undefined;

  /** @param impatient - gives up when a write fails, instead of waiting for the next attempt */
  async until(met: () => boolean, impatient: boolean): Promise<void> {
    if (met()) return;
    if (this.#closed !== undefined) throw this.#closed;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waits.add({ met, resolve, reject, impatient });
    await promise;
  }

  /** Something was stored, or is no longer waited for. */
  settle(): void {
    for (const wait of [...this.#waits]) if (wait.met() && this.#waits.delete(wait)) wait.resolve();
  }

  failed(problem: Problem): void {
    for (const wait of [...this.#waits]) if (wait.impatient && this.#waits.delete(wait)) wait.reject(problem);
  }

  close(problem: Problem): void {
    this.#closed = problem;
    for (const wait of this.#waits) wait.reject(problem);
    this.#waits.clear();
  }
}
