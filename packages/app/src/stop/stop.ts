import { failureFields, failureText } from "../log/failure.ts";
import { log } from "../log/log.ts";
import { Problem } from "../problem.ts";

/**
 * The order in which a process ends. `unready`: no request is to come any more; `accept`: none is taken; `finish`: what is in hand is
 * finished, and jobs are handed back; `close`: resources are let go of; `flush`: traces and metrics are sent.
 */
export const stopPhases = ["unready", "accept", "finish", "close", "flush"] as const;
export type StopPhase = (typeof stopPhases)[number];

interface Stopper {
  readonly phase: StopPhase;
  readonly name: string;
  readonly stop: (deadline: AbortSignal) => void | Promise<void>;
}

const stoppers = new Set<Stopper>();
const told = new AbortController();
let ending: Promise<never> | undefined;
let graceMs = Number(process.env["STOP_GRACE_MS"]) || 25_000;
/** After a crash nobody knows what still works: a stop that is ever so orderly may take this long, in milliseconds. */
const crashGraceMs = 5_000;

/** Aborts when the process is told to stop: a signal for loops and waits. */
export const stopping: AbortSignal = told.signal;

/**
 * Does something when the process is told to stop. Those of one phase run together, those of a later phase after them.
 *
 * @param stop - its signal aborts when the time is up
 * @returns a function that takes it back
 */
export function onStop(phase: StopPhase, name: string, stop: (deadline: AbortSignal) => void | Promise<void>): () => void {
  heedSignals();
  const stopper: Stopper = { phase, name, stop };
  stoppers.add(stopper);
  return () => stoppers.delete(stopper);
}

export function stopGraceMs(): number {
  return graceMs;
}

/**
 * How long the whole stop may take, in milliseconds; default `STOP_GRACE_MS`, or 25_000: a little less than the 30 seconds that platforms
 * give, so that the process ends itself and says what was not finished.
 */
export function setStopGrace(milliseconds: number): void {
  graceMs = milliseconds;
}

let heeded = false;

function heedSignals(): void {
  if (heeded) return;
  heeded = true;
  for (const signal of ["SIGTERM", "SIGINT"] as const)
    process.on(signal, () => {
      // Asked twice, it is meant.
      if (ending) process.exit(signal === "SIGTERM" ? 143 : 130);
      log.info("stopping", { signal });
      void stopProcess(0);
    });
  process.on("uncaughtException", (error) => crash(error));
  process.on("unhandledRejection", (error) => crash(error));
}

/** What nobody has caught: told, then the stop goes its way for a short while, so that jobs are handed back and traces sent. Exit code 1. */
export function crash(error: unknown): void {
  graceMs = Math.min(graceMs, crashGraceMs);
  if (error instanceof Problem) log.fatal(error.what, { code: error.code, why: error.why, fix: error.fix });
  else log.fatal("crashed", failureFields(error));
  void stopProcess(error instanceof Problem ? error.exitCode : 1);
}

/** Ends the process in order. Exit code: the one that is given, 1 when something of it failed, 124 when the time was up. */
export function stopProcess(code: number): Promise<never> {
  ending ??= end(code);
  return ending;
}

async function end(code: number): Promise<never> {
  told.abort(new Error("the process is told to stop"));
  const deadline = new AbortController();
  const late = Promise.withResolvers<"late">();
  const timer = setTimeout(() => {
    deadline.abort(new Error("the time to stop is up"));
    late.resolve("late");
  }, graceMs);
  let failed = false;
  for (const phase of stopPhases) {
    const open = new Set([...stoppers].filter((each) => each.phase === phase));
    const done = [...open].map(async (each) => {
      try {
        await each.stop(deadline.signal);
      } catch (error) {
        failed = true;
        log.error("could not be stopped in order", { part: each.name, error: failureText(error) });
      }
      open.delete(each);
    });
    if ((await Promise.race([Promise.all(done), late.promise])) !== "late") continue;
    log.error("the time to stop is up", { graceMs, phase, unfinished: [...open].map(({ name }) => name) });
    process.exit(code === 0 ? 124 : code);
  }
  clearTimeout(timer);
  log.debug("stopped");
  process.exit(code === 0 && failed ? 1 : code);
}
