import type { Instant } from "@douze/core";

/** What times are told by. */
export interface TimeSources {
  /** Milliseconds since 1970, as somebody may set it. */
  readonly wall: () => number;
  /** Milliseconds since some moment: nobody sets it. */
  readonly monotonic: () => number;
}

const system: TimeSources = { wall: () => Date.now(), monotonic: () => performance.now() };

/**
 * The time of day that does not jump while somebody waits by it: who waits a second waits a second, whatever is done to the machine's
 * clock meanwhile. Set right when nobody waits.
 */
export class SteadyClock {
  readonly #sources: TimeSources;
  #offset: number;

  constructor(sources: TimeSources = system) {
    this.#sources = sources;
    this.#offset = sources.wall() - sources.monotonic();
  }

  now(): Instant {
    return Math.round(this.#sources.monotonic() + this.#offset) as Instant;
  }

  /** Takes over the machine's clock. */
  sync(): void {
    this.#offset = this.#sources.wall() - this.#sources.monotonic();
  }
}
