import type { Instant, LogLine, LogQuery, Observed, Release, ReleaseVersion, ScalingMetric, Step } from "@douze/core";

/**
 * What makes a target match a release and a formation: the one seam between deciding and doing. The engine knows nothing
 * about processes or pods beyond what is seen through it.
 */
export interface Driver extends AsyncDisposable {
  /** What is there now, then again after every change, until the signal aborts. */
  observe(signal: AbortSignal): AsyncIterable<Observed>;
  /**
   * Takes one step. Returns when the step has been taken on, not when its effect is complete: that is observed.
   * Safe to repeat: a step already taken has no further effect.
   *
   * @throws Problem - when the step cannot be taken; nothing has changed then
   */
  apply(step: Step, signal: AbortSignal): Promise<void>;
  /** Stored lines, oldest first, then, with `follow`, what comes. */
  logs(query: LogQuery, signal: AbortSignal): AsyncIterable<LogLine>;
  /** Adds a line of the platform's own to the event stream, under the name `douze`. */
  note(text: string): void;
  /** What is known about the last abnormal ends, newest first. */
  crashes(process?: string): Promise<readonly CrashBundle[]>;
  /** Swaps the files in the release's live directory; processes see all changes at once. */
  setLive(release: ReleaseVersion, values: Readonly<Record<string, string>>): Promise<void>;
  /**
   * Asks a process that is ready for a number that the app exposes. Absent: the target scales by itself.
   *
   * @returns nothing where none is ready, or none answers with a number
   */
  metric?(release: ReleaseVersion, metric: ScalingMetric, signal: AbortSignal): Promise<number | undefined>;
  /** Everything a one-off needs that its caller starts itself, with its own terminal. */
  oneOff(release: ReleaseVersion, run: string): Promise<OneOffPlace>;
}

/** What a driver needs to know about a release; asked when the first step names it. */
export type RunnableSource = (version: ReleaseVersion) => Promise<Runnable>;

/** A release made ready to run: secrets in memory, tree on disk. */
export interface Runnable {
  readonly release: Release;
  /** The build's folder. */
  readonly tree: string;
  /**
   * Config, attachments and the contract's variables that are the same for all processes of the release. The driver adds
   * those of the single process: `PORT`, `HOST`, `DOUZE_PROCESS`, `DYNO`, `TMPDIR`, `DOUZE_LIVE_DIR`.
   */
  readonly env: Readonly<Record<string, string>>;
  /** Values of the live keys at this moment. */
  readonly live: Readonly<Record<string, string>>;
}

/** Where and with what a one-off runs. Holds secrets: never printed. */
export interface OneOffPlace {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Whom it runs as. Absent: as whoever starts it. */
  readonly user?: { readonly uid: number; readonly gid: number };
}

/** What is kept of an abnormal end. */
export interface CrashBundle {
  readonly id: string;
  /** `web.1` */
  readonly process: string;
  readonly release: ReleaseVersion;
  readonly at: Instant;
  readonly startedAt: Instant;
  /** In words: `exited with status 3`, `killed by SIGSEGV`, `killed after 30 s: it ignored SIGTERM`, `over its memory limit` */
  readonly ending: string;
  readonly command: string;
  /** Resident bytes of the process group when last seen. */
  readonly memoryBytes?: number;
  readonly restarts: number;
  /** Its last lines, oldest first, with secrets masked. */
  readonly lines: readonly LogLine[];
}
