/** Work in the background that somebody will wait for, and whose failure is nobody's to swallow. */
export class Tasks {
  readonly #running = new Set<Promise<void>>();
  readonly #fail: (error: unknown) => void;

  constructor(fail: (error: unknown) => void) {
    this.#fail = fail;
  }

  add(task: Promise<void>): void {
    const running = task.catch(this.#fail).finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Nothing is left to do, what was added meanwhile included. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }
}
