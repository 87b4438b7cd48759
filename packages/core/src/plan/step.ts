import type { Instant, ProcessType, ReleaseVersion } from "../model/ids.ts";
import type { RunName } from "../model/run.ts";

/** What a driver can be asked to do. Each is safe to repeat: one already taken has no further effect. */
export type Step =
  /** Start a command once, in the release's tree and environment. A run of that name that was ever started is not started again. */
  | {
      readonly do: "run-once";
      readonly release: ReleaseVersion;
      readonly run: RunName;
      readonly command: string;
      readonly timeoutMs: number;
    }
  /** End a run that still goes on: SIGTERM, then SIGKILL at the deadline. */
  | { readonly do: "end-run"; readonly run: RunName; readonly deadline: Instant }
  /** Drop what is kept of a run that has ended, after its outcome was recorded. */
  | { readonly do: "forget-run"; readonly run: RunName }
  /**
   * Keep `count` processes of one type. Those that were started before `freshSince`, or before the instant that `freshSlots`
   * holds for their index, are replaced one after the other, each only when its replacement is ready.
   */
  | {
      readonly do: "scale";
      readonly release: ReleaseVersion;
      readonly process: ProcessType;
      readonly count: number;
      readonly freshSince: Instant;
      readonly freshSlots: Readonly<Record<number, Instant>>;
    }
  /** Send requests to this release's ready processes and to no other's. */
  | { readonly do: "route"; readonly release: ReleaseVersion }
  /** Answer every request with 503 and the maintenance page, or stop doing so. */
  | { readonly do: "maintain"; readonly on: boolean }
  /** Un-route, let requests in flight finish, SIGTERM to all processes; SIGKILL at each type's grace, at the latest at the deadline. */
  | { readonly do: "drain"; readonly release: ReleaseVersion; readonly deadline: Instant }
  /** Drop what is kept of a release that has no processes left. */
  | { readonly do: "retire"; readonly release: ReleaseVersion };
