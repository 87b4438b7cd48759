import type { TimelineEvent } from "./timeline.ts";
import type { Ruling } from "./verdict.ts";

/** What became of one check. */
export interface CheckResult {
  /** `disposability/sigterm-in-flight` */
  readonly id: string;
  /** `IX.sigterm-in-flight` */
  readonly code: string;
  readonly ruling: Ruling;
  /** What each run of the experiment came to, in order. */
  readonly runs: readonly Ruling["verdict"][];
  /** Fixes that were tried, by the finding's subject: whether the check passes with them. */
  readonly trials: readonly Trial[];
  /** Of the run that the ruling is from. */
  readonly timeline: readonly TimelineEvent[];
  /** What was seen in that run, as plain data. */
  readonly evidence: unknown;
  /** Of all runs, in milliseconds. */
  readonly tookMs: number;
  readonly seed: string;
}

export interface Trial {
  readonly subject: string;
  readonly says: string;
  readonly holds: boolean;
  /** What was seen with it. */
  readonly what: string;
}
