import { type Instant, later } from "@douze/core";

/** A process that was told to end and has not. */
export interface Ending {
  /** Of SIGTERM. */
  readonly at: Instant;
  /** Of SIGKILL, as things stood. */
  readonly deadline: Instant;
  /** How long after SIGTERM it may say that it is busy, in milliseconds. */
  readonly busyMs: number;
  /** What it has said, as it is in its file. */
  readonly said: string | undefined;
}

/**
 * Until when a process that says that it is busy may go on. It says so by a time, in seconds since 1970.
 *
 * @returns nothing where its deadline stands: it has said nothing, nothing that can be understood, or a time that is no later
 */
export function busyDeadline({ at, deadline, busyMs, said }: Ending): Instant | undefined {
  if (said === undefined) return undefined;
  const until = Math.min(timeOf(said.trim()), later(at, busyMs));
  return until > deadline ? (until as Instant) : undefined;
}

function timeOf(text: string): number {
  return /^\d{1,12}(\.\d+)?$/.test(text) ? Number(text) * 1000 : 0;
}
