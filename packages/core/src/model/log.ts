import type { Instant } from "./ids.ts";

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
