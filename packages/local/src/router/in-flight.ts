/** How many requests each target is serving, and who waits for it to be none. */
export class InFlight {
  readonly #counts = new Map<string, number>();
  readonly #waiting = new Map<string, (() => void)[]>();

  /** Called in the same turn in which a target is picked, so that no switch comes in between. */
  claim(target: string): void {
    this.#counts.set(target, this.of(target) + 1);
  }

  release(target: string): void {
    const count = this.of(target) - 1;
    if (count > 0) {
      this.#counts.set(target, count);
      return;
    }
    this.#counts.delete(target);
    for (const resolve of this.#waiting.get(target) ?? []) resolve();
    this.#waiting.delete(target);
  }

  of(target: string): number {
    return this.#counts.get(target) ?? 0;
  }

  async drained(target: string): Promise<void> {
    if (this.of(target) === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.set(target, [...(this.#waiting.get(target) ?? []), resolve]);
    await promise;
  }
}
