import { createHash } from "node:crypto";

/** Chance that comes from a seed: the same seed, the same numbers, on every machine. */
export class Chance {
  readonly seed: string;
  #count = 0;

  constructor(seed: string) {
    this.seed = seed;
  }

  /** For another purpose, independent of this one's. */
  of(purpose: string): Chance {
    return new Chance(`${this.seed}/${purpose}`);
  }

  /** Lower-case hexadecimal digits. */
  hex(digits: number): string {
    return createHash("sha256")
      .update(`${this.seed}:${this.#count++}`)
      .digest("hex")
      .slice(0, digits);
  }

  /** From 0 to below 1. */
  fraction(): number {
    return Number.parseInt(this.hex(8), 16) / 0x1_0000_0000;
  }

  /** A whole number from `from` to `to`, both included. */
  whole(from: number, to: number): number {
    return from + Math.floor(this.fraction() * (to - from + 1));
  }
}
