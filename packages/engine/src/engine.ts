import { readFile } from "node:fs/promises";
import { openBuild } from "@douze/build";
import {
  type AppName,
  type Desired,
  type DesiredRelease,
  type EnvironmentName,
  type Instant,
  type Observed,
  Problem,
  type Release,
  type ReleaseVersion,
  type Verdict,
  versionName,
} from "@douze/core";
import { operationsOn } from "./asking.ts";
import { Autoscaler } from "./autoscaler.ts";
import { contractEnv } from "./contract.ts";
import { Crontab } from "./crontab.ts";
import type { Driver, Runnable, RunnableSource } from "./driver.ts";
import { writeWhole } from "./files.ts";
import { candidateOf, currentOf, overtaken, standing } from "./history.ts";
import type { Archive, Home, InventoryFiles, Remote, Running } from "./home.ts";
import { Ledger } from "./ledger.ts";
import type { LedgerKey } from "./ledger-key.ts";
import { fileStore } from "./ledger-store.ts";
import { Loop } from "./loop.ts";
import { tellingOfMachine } from "./machine-problem.ts";
import type { Operations } from "./operations.ts";
import { taskName } from "./progress.ts";
import type { Provider } from "./provider.ts";
import { pruneOldBuilds } from "./pruning.ts";
import { Refreshed } from "./refreshed.ts";
import { liveValues, unsealed } from "./releasing.ts";
import { RunBook } from "./run-book.ts";
import type { StatePaths } from "./state.ts";
import type { DrainView } from "./view.ts";

export interface EngineOptions {
  readonly app: AppName;
  readonly environment: EnvironmentName;
  /** The app's folder. */
  readonly directory: string;
  readonly paths: StatePaths;
  readonly key: LedgerKey;
  readonly provider: Provider;
  readonly inventory: () => Promise<InventoryFiles>;
  readonly path: string;
  readonly userHome: string;
  readonly clock: () => Instant;
  readonly archive: Archive;
  /** Default: the target is this machine. */
  readonly remote?: Remote;
  /** Absent: the engine keeps the ledger and runs nothing. */
  readonly drive?: {
    readonly open: (runnable: RunnableSource) => Promise<Driver>;
    readonly addresses: (driver: Driver) => readonly string[];
    /** It is only looked at: nothing is decided, and nothing is written down but the ends of one-offs. Default false. */
    readonly looksOnly?: boolean;
    /** Sentences for people. Default none. */
    readonly isolation?: readonly string[];
    /** How often autoscaling looks, in milliseconds. Default 15_000. */
    readonly autoscaleMs?: number;
    /** Where the log goes. Default nowhere. */
    readonly drains?: () => readonly DrainView[];
    /** Called once when somebody asks the engine to end. */
    readonly onShutDown: () => void;
  };
}

/** One environment of one app: its ledger, and, with a driver, the loop that makes its target match. The caller holds its lock. */
export class Engine implements AsyncDisposable {
  readonly operations: Operations;
  readonly #home: Home;
  readonly #stop: AbortController;
  readonly #loop: Loop | undefined;
  readonly #crontab: Crontab | undefined;

  private constructor(home: Home, stop: AbortController, loop: Loop | undefined, crontab: Crontab | undefined) {
    this.#home = home;
    this.#stop = stop;
    this.#loop = loop;
    this.#crontab = crontab;
    this.operations = tellingOfMachine(operationsOn(home));
  }

  /**
   * Opens an environment's state and, with a driver, starts to look after it: the last good release is brought up again, and
   * one that was on its way goes on where it was.
   *
   * @throws Problem ledger-unreadable - an entry is damaged; nothing was changed
   */
  static async open(options: EngineOptions): Promise<Engine> {
    const { paths, clock } = options;
    const stop = new AbortController();
    const { remote } = options;
    const ledger = await Ledger.open(remote?.ledger ?? fileStore(paths.ledger), options.key);
    const book = await RunBook.open(paths.runs);
    const offline: Home = {
      app: options.app,
      environment: options.environment,
      directory: options.directory,
      paths,
      ledger,
      book,
      provider: options.provider,
      clock,
      archive: options.archive,
      stopping: stop.signal,
      path: options.path,
      userHome: options.userHome,
      inventory: options.inventory,
      openBuild: remote?.openBuild ?? ((digest) => openBuild(paths.builds, digest)),
      runName: remote?.runName ?? (() => book.nextName()),
      ...(remote && { ship: remote.ship }),
    };
    if (!options.drive?.looksOnly) await closeOvertaken(ledger, clock());
    if (!options.drive) return new Engine(offline, stop, undefined, undefined);
    return await Engine.#drive(offline, stop, options.drive, remote);
  }

  static async #drive(
    offline: Home,
    stop: AbortController,
    drive: NonNullable<EngineOptions["drive"]>,
    remote: Remote | undefined,
  ): Promise<Engine> {
    const { clock, paths } = offline;
    const refreshed = new Refreshed();
    const marker = remote?.maintenance ?? maintenanceFile(paths.maintenance, clock);
    let maintenance = await marker.read();
    const runnable = (version: ReleaseVersion): Promise<Runnable> => runnableRelease(offline, version);
    const driver = await drive.open(runnable);
    const loop: Loop = new Loop({
      driver,
      clock,
      desired: () => desired(home, scaler, refreshed, maintenance),
      ...(drive.looksOnly && { looksOnly: true }),
      onObserved: (observed) => crontab.settle(observed),
      onVerdict: (verdict) => record(home, crontab, verdict),
    });
    const scaler = new Autoscaler({
      driver,
      clock,
      current: () => currentRelease(offline.ledger),
      observed: () => loop.observed,
      changed: () => loop.look(),
      fail: (error) => loop.fail(error),
      ...(drive.autoscaleMs !== undefined && { everyMs: drive.autoscaleMs }),
    });
    const running: Running = {
      scaler,
      driver,
      loop,
      runnable,
      observed: () => loop.observed,
      refresh: (names) => {
        refreshed.mark(names, home, afterAll(loop.observed, clock()));
        loop.look();
      },
      maintain: async (on) => {
        await marker.write(on);
        maintenance = on;
        loop.look();
      },
      addresses: drive.addresses(driver),
      isolation: drive.isolation ?? [],
      drains: drive.drains ?? ((): readonly DrainView[] => []),
      shutDown: drive.onShutDown,
    };
    const home: Home = { ...offline, running };
    const crontab = new Crontab(home, !remote?.schedules);
    loop.start();
    crontab.wake();
    return new Engine(home, stop, loop, crontab);
  }

  /** Rejects with the defect that ended the loop, if one ever does. */
  async failure(): Promise<never> {
    if (!this.#loop) return await new Promise<never>(() => undefined);
    return await this.#loop.failure();
  }

  /** Waits until all steps that follow from what was asked so far have been taken. */
  async rest(): Promise<void> {
    await this.#loop?.rest();
  }

  /** Waits for the first look at what is there. */
  async seen(): Promise<void> {
    await this.#loop?.until(() => true);
  }

  get app(): AppName {
    return this.#home.app;
  }

  /** Ends the loop. What runs is the driver's matter: its owner says whether it is stopped or left. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#crontab?.[Symbol.dispose]();
    await this.#home.running?.scaler[Symbol.asyncDispose]();
    await this.#loop?.[Symbol.asyncDispose]();
  }
}

function desired({ ledger }: Home, scaler: Autoscaler, refreshed: Refreshed, maintenance: boolean): Desired {
  const records = ledger.records();
  const current = currentOf(records);
  const candidate = candidateOf(records);
  const wanted = (record: NonNullable<typeof current>): DesiredRelease => ({
    release: record.release.version,
    formation: scaler.formation(standing(record)),
    ...refreshed.of(record.release.version),
  });
  const task = candidate?.release.manifest.release;
  const due = task && (task.on === "release" || current?.release.build !== candidate.release.build);
  return {
    maintenance,
    ...(current && { current: wanted(current) }),
    ...(candidate && {
      candidate: {
        ...wanted(candidate),
        ...(due && { task: { run: taskName(candidate.release.version), command: task.command, timeoutMs: task.timeoutMs } }),
      },
    }),
  };
}

function currentRelease(ledger: Ledger): Release | undefined {
  const found = currentOf(ledger.records());
  return found && standing(found);
}

async function record(home: Home, crontab: Crontab, verdict: Verdict): Promise<void> {
  const { ledger, clock, running } = home;
  const at = clock();
  if (verdict.kind === "failed") {
    const why = `${verdict.process}: ${verdict.why}`;
    await ledger.close(verdict.release, { kind: "failed", at, step: verdict.step, why });
    running?.driver.note(`${versionName(verdict.release)} was given up: ${why}`);
  } else {
    await ledger.close(verdict.release, { kind: "succeeded", at });
    await closeOvertaken(ledger, at);
    running?.driver.note(`${versionName(verdict.release)} is current`);
    await crontab.afterFirstRelease();
    await pruneOldBuilds(home).catch((error: unknown) => {
      // Another environment's ledger may be damaged: then nothing is removed, and this one goes on.
      if (!(error instanceof Problem)) throw error;
      running?.driver.note(`old builds were not removed: ${error.what}: ${error.why}`);
    });
  }
  crontab.wake();
}

/** A command that was killed could not say what became of its release. */
async function closeOvertaken(ledger: Ledger, at: Instant): Promise<void> {
  for (const { release } of overtaken(ledger.records())) {
    await ledger.close(release.version, { kind: "failed", at, step: "superseded", why: "a newer release overtook it" });
  }
}

async function runnableRelease(home: Home, version: ReleaseVersion): Promise<Runnable> {
  const release = await unsealed(home, version);
  const { build, tree } = await home.openBuild(release.build);
  const attachments = await Promise.all(
    Object.entries(release.attachments).map(async ([name, each]) => {
      if (each.kind === "url") return [name, each] as const;
      const { url } = await home.provider.provision(name, each.type, home.stopping);
      return [name, { ...each, url }] as const;
    }),
  );
  const ready = { ...release, attachments: Object.fromEntries(attachments) };
  return { release: ready, tree, env: contractEnv(ready, build, tree), live: liveValues(ready) };
}

/** A moment after all starts: where the clock was set back, some of them lie ahead. */
function afterAll(observed: Observed | undefined, now: Instant): Instant {
  const processes = observed?.releases.flatMap((each) => each.processes) ?? [];
  return Math.max(now, ...processes.flatMap((each) => (each.phase === "exited" ? [] : [each.startedAt + 1]))) as Instant;
}

function maintenanceFile(file: string, clock: () => Instant): Remote["maintenance"] {
  return {
    write: (on) => writeWhole(file, `${JSON.stringify({ on, at: clock() })}\n`),
    read: async () => {
      try {
        return (JSON.parse(await readFile(file, "utf8")) as { readonly on?: unknown }).on === true;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
        throw error;
      }
    },
  };
}
