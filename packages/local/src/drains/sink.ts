import type { LogLine } from "@douze/core";

/** A line on its way out. */
export interface DrainLine extends LogLine {
  /** Where it lies in the store: a line that is sent twice has the same, so that a receiver can tell. */
  readonly id: string;
}

/** Whose lines a sink sends. */
export interface Origin {
  readonly app: string;
  readonly environment: string;
  /** Name of this machine. */
  readonly host: string;
}

/** The receiving side of a drain, in one protocol. */
export interface Sink {
  /**
   * Resolves when the receiver has taken all of them, as far as its protocol can say so.
   *
   * @returns how many of them the receiver took and threw away
   * @throws Refusal - it will never take these; any other error: try again
   */
  send(lines: readonly DrainLine[], signal: AbortSignal): Promise<{ readonly refused: number }>;
  /** Closes what is open. Nothing is sent any more. */
  close(): Promise<void>;
}

/** The receiver says that these lines are wrong, and would be each time. */
export class Refusal extends Error {}

/** The receiver asks for fewer lines at once. */
export class TooMuch extends Error {}

/** The receiver names the time after which to try again. */
export class Later extends Error {
  readonly afterMs: number;

  constructor(message: string, afterMs: number) {
    super(message);
    this.afterMs = afterMs;
  }
}
