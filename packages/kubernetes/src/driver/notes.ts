import type { Instant, LogLine } from "@douze/core";

/** Lines of the platform's own: kept while this process lives, since a cluster stores what its pods wrote and no more. */
export class Notes {
  readonly #lines: LogLine[] = [];
  readonly #told: (text: string) => void;
  readonly #clock: () => Instant;

  constructor(told: (text: string) => void, clock: () => Instant) {
    this.#told = told;
    this.#clock = clock;
  }

  get lines(): readonly LogLine[] {
    return this.#lines;
  }

  add(text: string): void {
    this.#lines.push({ at: this.#clock(), process: "douze", release: "", stream: "stdout", text });
    this.#told(text);
  }
}
