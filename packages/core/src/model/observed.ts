import type { Instant, ProcessType, ReleaseVersion } from "./ids.ts";
import type { Outcome, Slot, StopReason } from "./process.ts";
import type { Run } from "./run.ts";

/** What a driver sees on its target, all of it at one moment. */
export interface Observed {
  readonly at: Instant;
  readonly releases: readonly ObservedRelease[];
  /** The release that requests go to. */
  readonly routed?: ReleaseVersion;
  readonly maintenance: boolean;
  readonly runs: readonly Run[];
}

export interface ObservedRelease {
  readonly release: ReleaseVersion;
  /** What the last `scale` steps asked for. */
  readonly scale: Readonly<
    Record<ProcessType, { readonly count: number; readonly freshSince: Instant; readonly freshSlots: Readonly<Record<number, Instant>> }>
  >;
  readonly draining: boolean;
  readonly processes: readonly ObservedProcess[];
}

/** A slot and what fills it. While a slot is being refreshed it appears twice: the old process and its replacement. */
export type ObservedProcess = {
  readonly slot: Slot;
  /** How often this slot was started again after an end that nobody asked for. */
  readonly restarts: number;
  /** The last end of this slot, if any. */
  readonly last?: Exit;
  /** Of a cluster: what the process runs in. */
  readonly pod?: string;
} & (
  | { readonly phase: "starting"; readonly pid: number; readonly startedAt: Instant }
  | {
      readonly phase: "ready";
      readonly pid: number;
      readonly startedAt: Instant;
      readonly readyAt: Instant;
      readonly memoryBytes?: number;
      /** Cores it used over the last quarter of a minute, its children included. Absent: not measured yet. */
      readonly cores?: number;
      readonly port?: number;
      /** Of one that takes requests. */
      readonly requests?: RequestPath;
    }
  | {
      readonly phase: "stopping";
      readonly pid: number;
      readonly startedAt: Instant;
      readonly reason: StopReason;
      readonly deadline: Instant;
    }
  /** Backing off: it will be started again then. `endOfTime` after exit status 78: not before a person asks for it. */
  | { readonly phase: "exited"; readonly restartAt: Instant }
);

/** Through what a process gets its requests. */
export interface RequestPath {
  /** The public socket itself, with no hop between, or the router. */
  readonly via: "socket" | "router";
  /** Why it is the router. */
  readonly why?: string;
}

export interface Exit {
  readonly at: Instant;
  readonly outcome: Outcome;
  /** More than the outcome tells, or why it never ran: `its image cannot be pulled`. */
  readonly why?: string;
  /** Why it had been stopped, when it had been. */
  readonly stopped?: StopReason;
  /** Whether it had become ready before. */
  readonly wasReady: boolean;
}
