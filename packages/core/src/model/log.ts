import type { Instant } from "./ids.ts";
import { Problem } from "./problem.ts";

/** One line of the event stream. */
export interface LogLine {
  readonly at: Instant;
  /** `web.1`, `release.4`, `run.7`, `cron.report.3`, `router`, `douze` */
  readonly process: string;
  /** `v12`; empty where there is none. */
  readonly release: string;
  readonly stream: "stdout" | "stderr";
  /** Without its newline. Bytes that are no UTF-8 are replaced. */
  readonly text: string;
  /** The line was longer than the bound and goes on in the next one. */
  readonly continued?: true;
}

/** Which lines are wanted. All that are given must hold. */
export interface LogQuery {
  /** `web` means every `web.N`. */
  readonly processes?: readonly string[];
  readonly since?: Instant;
  readonly until?: Instant;
  /** A regular expression. */
  readonly grep?: string;
  /** Only the last N lines of what is stored. */
  readonly last?: number;
  /** Go on with what comes. */
  readonly follow?: boolean;
}

/** Whose lines a name of a query means: `web` every `web.N`, `cron.report` every run of it. */
export function isOfProcess(process: string, wanted: string): boolean {
  return process === wanted || process.startsWith(`${wanted}.`);
}

/** @throws nothing: for the caller to throw */
export function grepInvalid(pattern: string, why: string): Problem {
  return new Problem({
    code: "log-grep-invalid",
    what: `\`${pattern.slice(0, 80)}\` cannot be searched for`,
    why,
    fix: "write a JavaScript regular expression; put a backslash before characters such as `(` and `[` to take them as they are",
  });
}
