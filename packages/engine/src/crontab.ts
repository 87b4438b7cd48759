import {
  type CronAction,
  type CronEntry,
  decideCron,
  type Instant,
  later,
  type Observed,
  type Outcome,
  type ReleaseVersion,
  type RunName,
} from "@douze/core";
import { Cron } from "croner";
import { currentOf } from "./history.ts";
import type { Home, Running } from "./home.ts";
import type { LedgerRecord } from "./ledger.ts";
import type { RunRecord, RunResult } from "./run-book.ts";

/** A timer waits no longer than this at a time: a clock that jumps, or a machine that slept, is noticed within it. */
const longestSleepMs = 60_000;

/** How many missed instants of one entry are written down; of more only the newest. */
const mostMissed = 100;

/**
 * Starts cron entries when they are due, as one-offs of the current release, and writes down how every run ended. What is due
 * is worked out from the records, so that neither a release nor a restart of the engine doubles or drops a run.
 */
export class Crontab implements Disposable {
  readonly #home: Home;
  readonly #starts: boolean;
  #timer: NodeJS.Timeout | undefined;
  #busy: Promise<void> = Promise.resolve();

  /** @param starts - entries when they are due; otherwise the target does */
  constructor(home: Home, starts = true) {
    this.#home = home;
    this.#starts = starts;
  }

  /** Looks what is due now, and again when the next entry is. */
  wake(): void {
    if (!this.#starts) return;
    this.#busy = this.#busy.then(() => this.#look()).catch((error: unknown) => this.#report(error));
  }

  /** Writes down the ends that were observed, of all kinds of runs. */
  async settle(observed: Observed): Promise<void> {
    const { book, running, ledger } = this.#home;
    if (!running) return;
    for (const run of observed.runs) {
      if (run.phase !== "exited") continue;
      const record = book.get(run.name);
      if (record)
        await book.end(run.name, {
          at: run.endedAt,
          result: record.ended?.result ?? resultOf(run.outcome, run.timedOut),
          outcome: run.outcome,
        });
      const task = /^release\.(\d+)$/.exec(run.name)?.[1];
      const open = task !== undefined && !ledger.get(Number(task) as ReleaseVersion)?.outcome;
      if (!open) await running.driver.apply({ do: "forget-run", run: run.name }, this.#home.stopping);
    }
  }

  /** `scripts.postdeploy` of app.json: once in an app's life, after its first good release. */
  async afterFirstRelease(): Promise<void> {
    const { book, ledger, running, clock } = this.#home;
    const current = currentOf(ledger.records());
    const command = current?.release.manifest.postdeploy;
    const run = "postdeploy.1" as RunName;
    if (!running || !current || command === undefined || book.get(run)) return;
    await book.start({ run, kind: "postdeploy", command, release: current.release.version, by: "douze", startedAt: clock() });
    await running.driver.apply(
      { do: "run-once", release: current.release.version, run, command, timeoutMs: 3_600_000 },
      this.#home.stopping,
    );
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  /** A one-off whose caller was killed will never say how it ended. */
  async #endAbandoned(): Promise<void> {
    const { book, clock } = this.#home;
    for (const { run, attached, ended } of book.records()) {
      if (attached && !ended && !isAlive(attached.pid)) await book.end(run, { at: clock(), result: "failed", outcome: { by: "unknown" } });
    }
  }

  async #look(): Promise<void> {
    await this.#endAbandoned();
    const { ledger, running, clock, stopping } = this.#home;
    clearTimeout(this.#timer);
    if (!running || stopping.aborted) return;
    const now = clock();
    const records = ledger.records();
    const current = currentOf(records);
    let wakeAt = later(now, longestSleepMs);
    for (const [entry, declared] of Object.entries(current?.release.manifest.cron ?? {})) {
      if (!current) break;
      await this.#lookAt(running, current, entry, declared, now);
      const next = nextDue(declared.schedule, declared.timeZone, now);
      if (next !== undefined && next < wakeAt) wakeAt = next;
    }
    this.#timer = setTimeout(() => this.wake(), Math.max(0, wakeAt - clock()));
  }

  async #lookAt(running: Running, current: LedgerRecord, entry: string, declared: CronEntry, now: Instant): Promise<void> {
    const { book, ledger } = this.#home;
    const own = book.records().filter((record) => record.kind === "cron" && record.entry === entry);
    const known = knownSince(ledger.records(), entry, declared.schedule);
    const from = Math.max(known, ...own.map((record) => record.scheduledAt ?? 0)) as Instant;
    const due = dueBetween(declared.schedule, declared.timeZone, from, now);
    const going = own.filter((record) => !record.ended).map((record) => record.run);
    for (const action of decideCron({ entry: declared, due, running: going, now }))
      await this.#do(running, current, entry, declared, action);
  }

  async #do(running: Running, current: LedgerRecord, entry: string, declared: CronEntry, action: CronAction<RunName>): Promise<void> {
    const { book, clock, stopping } = this.#home;
    const release = current.release.version;
    switch (action.do) {
      case "start":
        await startCronRun(this.#home, running, { entry, declared, scheduledAt: action.scheduledAt, release });
        return;
      case "end": {
        const grace = current.release.manifest.cron[entry] ? endGraceMs : 0;
        await book.end(action.run, { at: clock(), result: "replaced" });
        await running.driver.apply({ do: "end-run", run: action.run, deadline: later(clock(), grace) }, stopping);
        return;
      }
      case "missed":
      case "skipped": {
        const record: RunRecord = {
          run: runName(entry, action.scheduledAt),
          kind: "cron",
          command: declared.command,
          by: "douze",
          entry,
          scheduledAt: action.scheduledAt,
          startedAt: action.scheduledAt,
          ended: { at: clock(), result: action.do },
        };
        await book.start(record);
        running.driver.note(`cron ${entry}: the run of ${new Date(action.scheduledAt).toISOString()} was ${action.do}`);
        return;
      }
    }
  }

  #report(error: unknown): void {
    if (this.#home.stopping.aborted) return;
    this.#home.running?.driver.note(`cron: ${error instanceof Error ? error.message : String(error)}; trying again within a minute`);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.wake(), longestSleepMs);
  }
}

/** From SIGTERM to SIGKILL of a run that a newer one replaces, in milliseconds. */
const endGraceMs = 30_000;

export interface CronStart {
  readonly entry: string;
  readonly declared: CronEntry;
  readonly scheduledAt: Instant;
  readonly release: ReleaseVersion;
}

/** Written down before it is started: a run that is known may be found again, one that is not would be lost. */
export async function startCronRun(home: Home, running: Running, { entry, declared, scheduledAt, release }: CronStart): Promise<RunRecord> {
  const { command, timeoutMs } = declared;
  const run = runName(entry, scheduledAt);
  const record: RunRecord = { run, kind: "cron", command, release, by: "douze", entry, scheduledAt, startedAt: home.clock() };
  await home.book.start(record);
  await running.driver.apply({ do: "run-once", release, run, command, timeoutMs }, home.stopping);
  return record;
}

/** The next instant after `after`, or none for a schedule that never comes again. */
export function nextDue(schedule: string, timeZone: string, after: Instant): Instant | undefined {
  const next = new Cron(schedule, { timezone: timeZone }).nextRun(new Date(after));
  return next ? (next.getTime() as Instant) : undefined;
}

/** Due instants after `from` up to `to`, the newest hundred. */
export function dueBetween(schedule: string, timeZone: string, from: Instant, to: Instant): readonly Instant[] {
  const due: Instant[] = [];
  for (let next = nextDue(schedule, timeZone, from); next !== undefined && next <= to; next = nextDue(schedule, timeZone, next)) {
    due.push(next);
    if (due.length > mostMissed) due.shift();
  }
  return due;
}

/** Since when the entry has stood in the good releases with this schedule. */
function knownSince(records: readonly LedgerRecord[], entry: string, schedule: string): Instant {
  let since = 0 as Instant;
  for (const { release, outcome } of records.filter((record) => record.outcome?.kind === "succeeded").toReversed()) {
    if (release.manifest.cron[entry]?.schedule !== schedule) break;
    since = outcome?.at ?? release.createdAt;
  }
  return since;
}

function runName(entry: string, at: Instant): RunName {
  return `cron.${entry}.${new Date(at).toISOString().replace(/[-:]/g, "").replace(".", "")}` as RunName;
}

function resultOf(outcome: Outcome, timedOut: boolean): RunResult {
  if (timedOut) return "timed-out";
  return outcome.by === "exit" && outcome.code === 0 ? "succeeded" : "failed";
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
