import type { AppName, Digest, EnvironmentName, Formation, LogLine, LogQuery, Outcome, ReleaseVersion } from "@douze/core";
import type { CrashBundle, OneOffPlace } from "./driver.ts";
import type {
  BackupView,
  ConfigView,
  ConfigWhy,
  CronRunView,
  CronView,
  DrainView,
  ProcessView,
  ReleaseDiff,
  ReleaseView,
  ResourceView,
  RunView,
  ScalingView,
} from "./view.ts";

/**
 * All that can be asked of an engine about one environment. The HTTP API carries exactly these, one path each; a command
 * calls them through a socket when an engine runs, or in its own process when none does.
 *
 * No answer holds a secret value, but for `oneOff`, which hands a release's environment to a caller who may run code in it anyway.
 */
export interface Operations {
  status(): Promise<Status>;
  /** Makes a release and sees it through; `onProgress` is told each stage. Without a running driver the release waits for the next start. */
  deploy(request: DeployRequest, onProgress: OnProgress): Promise<ReleaseView>;
  changeConfig(request: ConfigChange, onProgress: OnProgress): Promise<ConfigChangeView>;
  attach(request: AttachRequest, onProgress: OnProgress): Promise<ReleaseView>;
  detach(request: { readonly resource: string; readonly by: string }, onProgress: OnProgress): Promise<ReleaseView>;
  /** @throws Problem nothing-to-roll-back-to */
  rollbackPreview(to?: ReleaseVersion): Promise<ReleaseDiff>;
  rollback(request: { readonly to?: ReleaseVersion; readonly by: string }, onProgress: OnProgress): Promise<ReleaseView>;
  releases(): Promise<readonly ReleaseView[]>;
  release(version: ReleaseVersion): Promise<ReleaseView>;
  diff(from: ReleaseVersion, to: ReleaseVersion): Promise<ReleaseDiff>;
  config(): Promise<readonly ConfigView[]>;
  configKey(key: string): Promise<ConfigWhy>;
  processes(): Promise<readonly ProcessView[]>;
  /** Of the types that are autoscaled: the count that holds, and why. Without a running engine none. */
  scaling(): Promise<readonly ScalingView[]>;
  scale(request: { readonly formation: Formation; readonly by: string }): Promise<Formation>;
  /** With nothing named, all. `web` names a type, `web.1` one process. */
  restart(names: readonly string[]): Promise<void>;
  maintenance(on: boolean): Promise<void>;
  resources(): Promise<readonly ResourceView[]>;
  /** Returns the file's path. */
  backup(resource: string): Promise<BackupView>;
  restore(request: { readonly resource: string; readonly file: string }): Promise<void>;
  cron(): Promise<readonly CronView[]>;
  cronRuns(entry?: string): Promise<readonly CronRunView[]>;
  /** Starts an entry now, beside its schedule. */
  cronRun(entry: string): Promise<CronRunView>;
  runs(): Promise<readonly RunView[]>;
  /** Starts a command in the background, under the engine. */
  runDetached(request: { readonly command: readonly string[]; readonly by: string }): Promise<RunView>;
  /** Reserves a name for a one-off that the caller, whose pid it tells, starts in its own terminal. */
  oneOff(request: { readonly command: readonly string[]; readonly by: string; readonly pid: number }): Promise<OneOff>;
  /** Says how a one-off of `oneOff` ended. */
  oneOffEnded(request: { readonly run: string; readonly outcome: Outcome }): Promise<void>;
  logs(query: LogQuery, signal: AbortSignal): AsyncIterable<LogLine>;
  crashes(process?: string): Promise<readonly CrashBundle[]>;
  /** Where the log goes, and how far it got. Without a running engine none. */
  drains(): Promise<readonly DrainView[]>;
  /** Stops all processes in order and ends the engine. Returns at once. */
  shutDown(): Promise<void>;
}

export type OnProgress = (event: ProgressEvent) => void;

/** One stage of a build or a release on its way. */
export type ProgressEvent =
  | { readonly stage: "build"; readonly text: string }
  /** A line of the build's own output. */
  | { readonly stage: "output"; readonly text: string }
  | { readonly stage: "release"; readonly text: string; readonly release?: ReleaseVersion }
  | { readonly stage: "task"; readonly text: string }
  | { readonly stage: "process"; readonly text: string };

export interface Status {
  readonly app: AppName;
  readonly environment: EnvironmentName;
  /** Whether processes are run by this engine; false when a command opened the state by itself. */
  readonly running: boolean;
  /** Pid of the engine. */
  readonly pid: number;
  readonly current?: ReleaseVersion;
  /** A release on its way. */
  readonly candidate?: ReleaseVersion;
  readonly formation: Formation;
  readonly maintenance: boolean;
  /** Where to open the app: `http://127.0.0.1:5000`. */
  readonly addresses: readonly string[];
  /** What stands between its processes and the machine, and what does not and why: a sentence each. */
  readonly isolation: readonly string[];
}

export interface DeployRequest {
  /** A commit, branch or tag; absent: the working tree in development, HEAD elsewhere. */
  readonly ref?: string;
  /** A build that exists, as `promote` gives it, in place of building. */
  readonly build?: Digest;
  /** Where that build was promoted from. */
  readonly promotedFrom?: { readonly environment: EnvironmentName; readonly version: ReleaseVersion };
  /** The working tree, with changes no commit holds. */
  readonly workingTree?: boolean;
  /** Values for this release alone, over all other layers. */
  readonly flags?: Readonly<Record<string, string>>;
  /** Make no release when it would equal the last good one. */
  readonly onlyIfChanged?: boolean;
  readonly by: string;
}

export interface ConfigChange {
  readonly set: Readonly<Record<string, string>>;
  readonly unset: readonly string[];
  readonly by: string;
}

/** Live keys alone change without a release. */
export interface ConfigChangeView {
  readonly release?: ReleaseView;
  readonly live: readonly string[];
}

export interface AttachRequest {
  readonly resource: string;
  /** Absent: what Douze provides by itself (`embedded`). */
  readonly url?: string;
  /** Name of the variable, for a resource that the manifest does not declare. Default by type. */
  readonly as?: string;
  readonly by: string;
}

export interface OneOff {
  readonly run: string;
  readonly release: ReleaseVersion;
  readonly place: OneOffPlace;
}
