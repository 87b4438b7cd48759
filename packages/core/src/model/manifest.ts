import type { Autoscale } from "./autoscale.ts";
import type { CheckDeclaration } from "./check-declaration.ts";
import type { AppName, ProcessType } from "./ids.ts";

/** What an app is: `douze.yaml`, or what a `Procfile` with `app.json` amounts to. */
export interface Manifest {
  readonly app: AppName;
  /** Which file it was read from. With `Procfile`, Heroku's own variables are given too. */
  readonly source: "douze.yaml" | "Procfile";
  readonly build: BuildDeclaration;
  readonly processes: Readonly<Record<ProcessType, ProcessDeclaration>>;
  readonly release?: ReleaseTask;
  /** What `douze console` runs in the current release: a prompt with the app's own things at hand. */
  readonly console?: string;
  /** `scripts.postdeploy` of app.json: runs once in an app's life, after its first good release. */
  readonly postdeploy?: string;
  readonly cron: Readonly<Record<string, CronEntry>>;
  readonly resources: Readonly<Record<string, ResourceDeclaration>>;
  readonly config: Readonly<Record<string, ConfigDeclaration>>;
  /** What `douze check` is told. */
  readonly check?: CheckDeclaration;
}

/** How the codebase is made runnable; with nothing declared it is detected. */
export interface BuildDeclaration {
  /** A shell command in place of, or after, what detection would do. */
  readonly command?: string;
  /** Forces a language where several would be detected; `none` with `command` alone. */
  readonly language?: Language;
  /** Makes the image for a cluster, in place of what detection would; from the app's folder. On this machine it has no meaning. */
  readonly dockerfile?: string;
}

export const languages = ["node", "python", "go", "ruby", "static", "none"] as const;
export type Language = (typeof languages)[number];

export interface ProcessDeclaration {
  /** Run by `sh -c` with `exec` before it where that is safe; no package manager stays in between. */
  readonly command: string;
  /** How many run unless the inventory or `douze scale` says otherwise. Default: `web` 1, others 1 in `douze.yaml`, 0 in a Procfile. */
  readonly scale: number;
  /** Absent: ready when the port accepts (`web`) or when it has stayed up for `settleMs` (others). */
  readonly health?: HealthDeclaration;
  /** From SIGTERM to SIGKILL, in milliseconds. Default 30_000; at most an hour. */
  readonly graceMs: number;
  /** How long after SIGTERM it may go on while it says that it is busy, in milliseconds; at most a day. Absent: no longer than its grace. */
  readonly busyMs?: number;
  /** From start to ready, in milliseconds, before the start counts as failed. Default 60_000. */
  readonly bootMs: number;
  /** How long a process without a port must stay up to count as ready, in milliseconds. Default 1_000. */
  readonly settleMs: number;
  /** Cores that one process counts on. What `autoscale.cpu` is a share of. Default 1. */
  readonly cores?: number;
  /** How its number follows the load. Absent: it stays as it was set. */
  readonly autoscale?: Autoscale;
  /** Resident memory of the whole process group above which it is restarted, in bytes. */
  readonly memoryBytes?: number;
  /** What the kernel keeps it below, with all that it starts, where cgroups can be had. */
  readonly limits?: LimitsDeclaration;
  /** Whether the router sends requests here. Default: true for `web`, false for all others. */
  readonly routed: boolean;
  /**
   * How it gets the connections of the public port where that is its app's alone. `auto`: a Node program takes them itself, anything
   * else by the router. `inherit`: it is started with the listening socket (`LISTEN_FDS`) and accepts on it as soon as it listens.
   * `route`: always by the router. Default `auto`.
   */
  readonly socket?: SocketWay;
}

export interface LimitsDeclaration {
  /** Absent: no bound. */
  readonly cores?: number;
  /** Processes and threads. Default 4096. */
  readonly processes?: number;
  /** Open files of one process. Default the machine's. */
  readonly files?: number;
}

export const socketWays = ["auto", "inherit", "route"] as const;
export type SocketWay = (typeof socketWays)[number];

export interface HealthDeclaration {
  /** HTTP path that answers 2xx when requests may come. Default `/readyz`. */
  readonly readiness: string;
  /** HTTP path that answers 2xx while the process should not be restarted. Default `/livez`. */
  readonly liveness: string;
  /** Between two probes, in milliseconds. Default 5_000 once ready; during the boot it is 100. */
  readonly intervalMs: number;
  /** For one probe, in milliseconds. Default 2_000. */
  readonly timeoutMs: number;
  /** How many failures in a row count. Default 3. */
  readonly failures: number;
}

/** Runs once per release, before cut-over. */
export interface ReleaseTask {
  readonly command: string;
  /** Milliseconds; default one hour, as on Heroku. */
  readonly timeoutMs: number;
  /** `release`: for each release. `build`: only when the build differs from the last good release's. Default `release`. */
  readonly on: "release" | "build";
}

/** A command run by the clock as a one-off of the current release. */
export interface CronEntry {
  readonly command: string;
  /** Five fields, or `@daily` and its like. */
  readonly schedule: string;
  /** IANA time zone. Default `UTC`. */
  readonly timeZone: string;
  /** What to do when the last run has not ended: leave this one out, run both, or end the last one. Default `forbid`. */
  readonly overlap: "forbid" | "allow" | "replace";
  /** After which the run is stopped, in milliseconds. Default one hour. */
  readonly timeoutMs: number;
}

export const resourceTypes = ["postgres", "redis", "mysql", "mongodb", "amqp", "s3", "smtp", "otlp", "http", "tcp", "llm"] as const;
export type ResourceType = (typeof resourceTypes)[number];

/** A backing service the app needs; which one it gets is the inventory's matter. */
export interface ResourceDeclaration {
  readonly type: ResourceType;
  /** Name of the variable that holds its URL. Default by type: `DATABASE_URL`, `REDIS_URL`, `SMTP_URL` …; the resource's name in front when it is not the first of its type. */
  readonly as: string;
  /** Default true. A release without a required resource is refused. */
  readonly required: boolean;
}

export const configTypes = ["string", "integer", "number", "boolean", "url", "json", "enum"] as const;
export type ConfigType = (typeof configTypes)[number];

export interface ConfigDeclaration {
  /** Default `string`. */
  readonly type: ConfigType;
  /** With `type: enum`. */
  readonly values?: readonly string[];
  /** As text, as the environment carries it. */
  readonly default?: string;
  /** Default: true when there is no default. */
  readonly required: boolean;
  readonly secret: boolean;
  /** Also a file in `$DOUZE_LIVE_DIR`; a change reaches the app without a release. Never with `secret`. */
  readonly live: boolean;
  readonly description?: string;
  /** `app.json`: `generator: secret` makes 64 hexadecimal digits at the first release and keeps them. */
  readonly generate?: "secret";
}
