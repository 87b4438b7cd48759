import type {
  AppName,
  Build,
  Digest,
  EnvironmentName,
  Instant,
  Inventory,
  LogLine,
  LogQuery,
  Observed,
  ReleaseVersion,
  RunName,
} from "@douze/core";
import type { Autoscaler } from "./autoscaler.ts";
import type { CrashBundle, Driver, Runnable } from "./driver.ts";
import type { Ledger } from "./ledger.ts";
import type { LedgerStore } from "./ledger-store.ts";
import type { Loop } from "./loop.ts";
import type { OnProgress } from "./operations.ts";
import type { Provider } from "./provider.ts";
import type { RunBook } from "./run-book.ts";
import type { StatePaths } from "./state.ts";
import type { DrainView } from "./view.ts";

/** What the parts of an engine share: one environment of one app. */
export interface Home {
  readonly app: AppName;
  readonly environment: EnvironmentName;
  /** The app's folder: manifest, inventory and code. */
  readonly directory: string;
  readonly paths: StatePaths;
  readonly ledger: Ledger;
  readonly book: RunBook;
  readonly provider: Provider;
  readonly clock: () => Instant;
  /** Aborts when the engine stops. */
  readonly stopping: AbortSignal;
  /** Where builds look for runtimes. */
  readonly path: string;
  /** The user's home, where version tools keep theirs. */
  readonly userHome: string;
  readonly inventory: () => Promise<InventoryFiles>;
  readonly openBuild: (digest: Digest) => Promise<{ readonly build: Build; readonly tree: string }>;
  readonly ship?: Remote["ship"];
  /** Default the next number in the book. */
  readonly runName: () => RunName;
  /** What was written and what failed, for who asks while nothing runs. */
  readonly archive: Archive;
  /** Absent when a command opened the state by itself, with no processes. */
  readonly running?: Running;
}

export interface Running {
  readonly driver: Driver;
  readonly loop: Loop;
  readonly runnable: (version: ReleaseVersion) => Promise<Runnable>;
  readonly observed: () => Observed | undefined;
  /** Replaces processes that were started before now; all, a type's, or one. */
  readonly refresh: (names: readonly string[]) => void;
  readonly maintain: (on: boolean) => Promise<void>;
  readonly addresses: readonly string[];
  readonly isolation: readonly string[];
  readonly scaler: Autoscaler;
  readonly drains: () => readonly DrainView[];
  readonly shutDown: () => void;
}

/** What is otherwise where the target is not this machine. */
export interface Remote {
  /** The environment's ledger, where everybody who releases finds it. */
  readonly ledger: LedgerStore;
  /** A build as it is on the target, wherever it was made. */
  readonly openBuild: (digest: Digest) => Promise<{ readonly build: Build; readonly tree: string }>;
  /** Brings a build that was made here to where the target finds it. */
  readonly ship: (made: { readonly build: Build; readonly tree: string }, onProgress: OnProgress) => Promise<void>;
  readonly maintenance: { readonly read: () => Promise<boolean>; readonly write: (on: boolean) => Promise<void> };
  /** The target starts cron entries by itself. */
  readonly schedules: boolean;
  /** A name for a one-off that nobody else gives: several machines may start some. */
  readonly runName: () => RunName;
}

/** What the operator wrote for this environment. */
export interface InventoryFiles {
  readonly inventory: Inventory;
  /** `.env`, in development alone. */
  readonly envFile?: Readonly<Record<string, string>>;
}

/** The stored part of the event stream, readable without a driver. */
export interface Archive {
  logs(query: LogQuery, signal: AbortSignal): AsyncIterable<LogLine>;
  crashes(process?: string): Promise<readonly CrashBundle[]>;
}
