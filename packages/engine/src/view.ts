import type {
  ConfigLayer,
  Digest,
  Formation,
  Instant,
  Outcome,
  ProcessLimits,
  ProcessType,
  ReleaseOutcome,
  ReleaseReason,
  ReleaseVersion,
  RequestPath,
  ResourceType,
  Source,
} from "@douze/core";

/** What operations answer with: never a secret. */

export interface ReleaseView {
  readonly version: ReleaseVersion;
  readonly status: "current" | "superseded" | "failed" | "pending";
  readonly build: Digest;
  readonly source: Source;
  readonly description: string;
  readonly reason: ReleaseReason;
  readonly by: string;
  readonly createdAt: Instant;
  readonly outcome?: ReleaseOutcome;
  readonly formation: Formation;
  readonly config: readonly ConfigView[];
  readonly attachments: readonly AttachmentView[];
  /** The manifest's. */
  readonly console?: string;
  /** The manifest's process types, and what bounds each. */
  readonly processes: Readonly<Record<ProcessType, ProcessLimits>>;
}

/** `value` is absent for secrets. */
export interface ConfigView {
  readonly key: string;
  readonly value?: string;
  readonly secret: boolean;
  readonly live: boolean;
  readonly from: ConfigLayer;
  readonly since: ReleaseVersion;
  readonly by: string;
  readonly at: Instant;
}

/** A key's value and every layer that has one, the winner first. */
export interface ConfigWhy {
  readonly key: string;
  readonly current?: ConfigView;
  readonly layers: readonly { readonly from: ConfigLayer; readonly value?: string; readonly secret: boolean; readonly where: string }[];
  readonly description?: string;
  readonly type: string;
  readonly required: boolean;
}

export interface AttachmentView {
  readonly resource: string;
  readonly type: ResourceType;
  readonly as: string;
  readonly kind: "embedded" | "url";
  /** Host and port alone; the URL carries a password. */
  readonly at: string;
  readonly since: ReleaseVersion;
}

/** What differs between two releases; values of secrets are never shown. */
export interface ReleaseDiff {
  readonly from: ReleaseVersion;
  readonly to: ReleaseVersion;
  readonly build?: { readonly from: Digest; readonly to: Digest; readonly fromCommit?: string; readonly toCommit?: string };
  readonly config: readonly Change[];
  readonly attachments: readonly Change[];
  readonly formation: readonly Change[];
  /** Process types and cron entries added, removed or changed. */
  readonly manifest: readonly Change[];
}

export interface Change {
  readonly name: string;
  readonly change: "added" | "removed" | "changed";
  readonly from?: string;
  readonly to?: string;
}

export interface ProcessView {
  /** `web.1` */
  readonly name: string;
  readonly process: ProcessType;
  readonly index: number;
  readonly release: ReleaseVersion;
  readonly phase: "starting" | "ready" | "stopping" | "exited";
  readonly pid?: number;
  readonly startedAt?: Instant;
  readonly restartAt?: Instant;
  readonly restarts: number;
  readonly memoryBytes?: number;
  readonly port?: number;
  readonly requests?: RequestPath;
  readonly command: string;
  /** In words, for the last end: `exited with status 3, 12 s ago`. */
  readonly last?: string;
}

export interface ResourceView {
  readonly resource: string;
  readonly type: ResourceType;
  readonly as: string;
  readonly required: boolean;
  readonly kind?: "embedded" | "url";
  /** Host and port alone. */
  readonly at?: string;
  readonly reachable: boolean;
  /** What a person should know: version of the server, or why it cannot be reached. */
  readonly detail: string;
}

export interface BackupView {
  readonly file: string;
  readonly sizeBytes: number;
}

export interface CronView {
  readonly entry: string;
  readonly schedule: string;
  readonly timeZone: string;
  readonly overlap: "forbid" | "allow" | "replace";
  readonly command: string;
  readonly next?: Instant;
  readonly last?: CronRunView;
}

export interface CronRunView {
  readonly entry: string;
  readonly run: string;
  readonly scheduledAt: Instant;
  readonly release?: ReleaseVersion;
  readonly startedAt?: Instant;
  readonly endedAt?: Instant;
  /** `missed`: no engine was running. `skipped`: the last run had not ended. */
  readonly result: "running" | "succeeded" | "failed" | "timed-out" | "missed" | "skipped" | "replaced";
  readonly outcome?: Outcome;
}

/** How many of a type that is autoscaled run, and why. */
export interface ScalingView {
  readonly process: ProcessType;
  readonly count: number;
  readonly min: number;
  readonly max: number;
  /** `cpu 93 % of 70 %, so 4` */
  readonly why: string;
  /** When it was last looked at. */
  readonly at?: Instant;
}

/** A place that receives the log, and how far it got. */
export interface DrainView {
  readonly name: string;
  /** Where it leads, without what may be a password: `https://logs.example.org`, `/var/log/shop.ndjson`. */
  readonly to: string;
  /** Lines that it took since it was declared. */
  readonly sent: number;
  /** Lines that it did not get: deleted by retention before it took them, or refused. */
  readonly dropped: number;
  /** How much of the store it has still to get. */
  readonly behindBytes: number;
  /** Why it cannot be reached, and since when. */
  readonly trouble?: string;
  readonly since?: Instant;
}

export interface RunView {
  readonly run: string;
  readonly command: string;
  readonly release: ReleaseVersion;
  readonly by: string;
  readonly startedAt: Instant;
  readonly endedAt?: Instant;
  readonly outcome?: Outcome;
}
