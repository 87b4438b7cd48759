import { type Exit, endOfTime, type Instant, later, type StopReason } from "@douze/core";

/** Having lived so long, and been ready, a process that ends is started again at once. Milliseconds. */
const provedMs = 10_000;
const firstPauseMs = 1_000;
const longestPauseMs = 60_000;

/** `sysexits.h`: something is wrong with its configuration. Starting it again with the same configuration would change nothing. */
const exConfig = 78;

export interface Ending {
  readonly startedAt: Instant;
  readonly exit: Exit;
  /** How many processes of this slot had ended in a row, before this one, without having proved themselves. */
  readonly quickEnds: number;
}

export interface Restart {
  /** When the slot is filled again; `endOfTime` after exit status 78, until a person asks for it. */
  readonly restartAt: Instant;
  readonly quickEnds: number;
  /** Whether the next start counts as a restart: nobody had asked for this end. */
  readonly counts: boolean;
}

/**
 * When to start a slot's process again. At once when it had proved itself, else after a pause that doubles each time, from 1 s to
 * 60 s, less up to half of it by chance so that many slots do not start in step. It never gives up by itself.
 *
 * @param chance - from 0 up to 1
 */
export function restart({ startedAt, exit, quickEnds }: Ending, chance: number): Restart {
  const { at, stopped, outcome, wasReady } = exit;
  if (stopped !== undefined && askedFor(stopped)) return { restartAt: at, quickEnds, counts: false };
  if (stopped === undefined && outcome.by === "exit" && outcome.code === exConfig) return { restartAt: endOfTime, quickEnds, counts: true };
  if (wasReady && at - startedAt >= provedMs) return { restartAt: at, quickEnds: 0, counts: true };
  const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(quickEnds, 16));
  return { restartAt: later(at, Math.round(pauseMs * (1 - chance / 2))), quickEnds: quickEnds + 1, counts: true };
}

/** Whether a person, by way of the engine, wanted this end; the others are the platform's own judgement of the process. */
export function askedFor(reason: StopReason): boolean {
  return reason === "retired" || reason === "scaled" || reason === "restart" || reason === "stopped";
}

/** What people are told after an end; nothing where the end was asked for. */
export function nextStartText(restartAt: Instant, { stopped }: Exit, now: Instant): string {
  if (stopped !== undefined && askedFor(stopped)) return "";
  if (restartAt === endOfTime) return "; it is not started again before its config changes, or `douze restart` asks for it";
  const seconds = Math.round((restartAt - now) / 1000);
  return seconds <= 0 ? "; starting it again" : `; starting it again in ${seconds} s`;
}
