import type { Exit, Outcome, ProcessDeclaration } from "@douze/core";
import { askedFor } from "./restart.ts";

/** An end, with what is needed to put it into words. */
export interface Ended {
  readonly exit: Exit;
  /** How long it had been given to end by itself, if it had to be killed. */
  readonly killedAfterMs?: number | undefined;
  readonly declared: Pick<ProcessDeclaration, "bootMs" | "memoryBytes">;
}

/**
 * What to tell of an abnormal end; undefined for a normal one, which is one that was asked for and was met by exit status 0 or
 * by death of the SIGTERM that asked.
 */
export function abnormalEnd({ exit, killedAfterMs, declared }: Ended): string | undefined {
  const { outcome, stopped } = exit;
  const how = outcomeText(outcome);
  if (stopped === undefined) {
    if (outcome.by !== "exit") return how;
    if (outcome.code === 0) return `${how}, but it should stay up`;
    return outcome.code === 78 ? `${how}: its configuration is wrong` : how;
  }
  const kill = killedAfterMs === undefined ? undefined : `killed after ${Math.round(killedAfterMs / 100) / 10} s: it ignored SIGTERM`;
  if (askedFor(stopped)) {
    if (kill) return kill;
    return clean(outcome) ? undefined : `${how} after SIGTERM`;
  }
  const why = judged(stopped, declared);
  return kill ? `${why}; ${kill}` : why;
}

/** The same for a run, which may end by itself. */
export function abnormalRunEnd(outcome: Outcome, asked: boolean, timedOut: boolean, timeoutMs: number): string | undefined {
  if (timedOut) return `stopped: it did not end within ${timeoutMs / 1000} s`;
  if (outcome.by === "exit" && outcome.code === 0) return undefined;
  if (asked && clean(outcome)) return undefined;
  return asked ? `${outcomeText(outcome)} after SIGTERM` : outcomeText(outcome);
}

/** `exited with status 3`, `killed by SIGSEGV` */
export function outcomeText(outcome: Outcome): string {
  switch (outcome.by) {
    case "exit":
      return `exited with status ${outcome.code}`;
    case "signal":
      return `killed by ${outcome.signal}`;
    case "unknown":
      return "ended unseen";
  }
}

function clean(outcome: Outcome): boolean {
  return outcome.by === "exit" ? outcome.code === 0 : outcome.by === "signal" && outcome.signal === "SIGTERM";
}

function judged(reason: NonNullable<Exit["stopped"]>, { bootMs, memoryBytes }: Ended["declared"]): string {
  switch (reason) {
    case "boot-timeout":
      return `stopped: it was not ready within ${bootMs / 1000} s`;
    case "liveness":
      return "stopped: it did not answer its liveness path";
    case "memory":
      return memoryBytes === undefined ? "over its memory limit" : `over its memory limit of ${Math.round(memoryBytes / 2 ** 20)} MiB`;
    default:
      return "stopped";
  }
}
