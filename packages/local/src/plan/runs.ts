import { type Instant, later, type RunName } from "@douze/core";

/** A one-off that has not ended. */
export interface RunningRun {
  readonly name: RunName;
  readonly startedAt: Instant;
  readonly timeoutMs: number;
  /** SIGTERM was sent; SIGKILL is due then. */
  readonly stopping?: { readonly deadline: Instant; readonly killed: boolean };
}

export type RunAction =
  | { readonly do: "terminate"; readonly name: RunName; readonly deadline: Instant; readonly timedOut: boolean }
  | { readonly do: "kill"; readonly name: RunName }
  | { readonly do: "wake"; readonly at: Instant };

/** From SIGTERM to SIGKILL of a run whose time is up, in milliseconds. */
export const runGraceMs = 30_000;

/** What to do now with the runs that go on. */
export function superviseRuns(runs: readonly RunningRun[], ending: boolean, now: Instant): readonly RunAction[] {
  return runs.map(({ name, startedAt, timeoutMs, stopping }): RunAction => {
    if (stopping && !stopping.killed) return now < stopping.deadline ? { do: "wake", at: stopping.deadline } : { do: "kill", name };
    if (stopping) return { do: "wake", at: later(now, runGraceMs) };
    const due = later(startedAt, timeoutMs);
    if (now >= due || ending) return { do: "terminate", name, deadline: later(now, runGraceMs), timedOut: now >= due };
    return { do: "wake", at: due };
  });
}
