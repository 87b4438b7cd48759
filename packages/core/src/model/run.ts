import type { Branded, Instant, ReleaseVersion } from "./ids.ts";
import type { Outcome } from "./process.ts";

/** Unique in an environment: `release.12` (the task of v12), `cron.report.20261120T0300Z`, `run.7`. Also what logs call it. */
export type RunName = Branded<string, "RunName">;

/** A one-off: a command run once in a release's own build and environment. */
export type Run =
  | {
      readonly phase: "running";
      readonly name: RunName;
      readonly release: ReleaseVersion;
      readonly pid: number;
      readonly startedAt: Instant;
    }
  | {
      readonly phase: "exited";
      readonly name: RunName;
      readonly release: ReleaseVersion;
      readonly startedAt: Instant;
      readonly endedAt: Instant;
      readonly outcome: Outcome;
      readonly timedOut: boolean;
      /** More than the outcome tells, or why it never ran. */
      readonly why?: string;
    };
