import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import type {
  Instant,
  Observed,
  ObservedProcess,
  ObservedRelease,
  ProcessDeclaration,
  ProcessType,
  ReleaseVersion,
  Run,
  RunName,
  Step,
} from "@douze/core";
import { processName } from "@douze/core";
import type { Driver } from "./driver.ts";

/**
 * One question of the exam that every driver sits. It knows no test runner: it passes by returning and fails by throwing, at the
 * latest when the signal aborts.
 */
export interface DriverCase {
  readonly name: string;
  run(bench: Bench, signal: AbortSignal): Promise<void>;
}

/** An empty target with a driver on it, and how to have something run there. Each case of the exam gets its own. */
export interface Bench {
  readonly driver: Driver;
  /** Makes a release known to the driver's source. Its config has a `SECRET`, declared secret: `secretValue`. */
  release(version: number, processes: Readonly<Record<string, FixtureProcess>>, live?: Readonly<Record<string, string>>): ReleaseVersion;
  /** The command that runs a fixture, for one-offs. */
  command(fixture: Fixture): string;
  /** Asks the app as a visitor does, by its host name. */
  visit(path: string, signal: AbortSignal): Promise<Visit>;
}

export interface Visit {
  readonly status: number;
  readonly body: string;
  readonly retryAfter: string | undefined;
}

/**
 * What a fixture does, whatever it is written in:
 *
 * - `serve` answers `/` on `PORT` with `DOUZE_PROCESS`, `DOUZE_RELEASE` and a number that is this process's own, separated by
 *   blanks; `/live/KEY` with the live value; it exits with 0 on SIGTERM;
 * - `idle` prints `idle` and stays until SIGTERM, then exits with 0; `stubborn` stays after SIGTERM too;
 * - `fail` prints `failing` and exits with 3; `misconfigured` exits with 78; `task` prints `task of` and its `DYNO`, and exits with 0;
 * - `environment` prints `DOUZE_PROCESS`, `DYNO` and `DOUZE_RELEASE`, separated by blanks, and exits with 0; `telltale` prints
 *   `the secret is` and its `SECRET`, and exits with 3 when a moment has passed.
 */
export type Fixture = "serve" | "idle" | "stubborn" | "fail" | "misconfigured" | "task" | "environment" | "telltale";

/** What every release of the exam has for a secret. */
export const secretValue = "opensesame-1001";

/** Short times where nothing is said, and no health paths. */
export type FixtureProcess = { readonly fixture: Fixture } & Partial<Omit<ProcessDeclaration, "command">>;

/** Between two looks at what no observation tells of, in milliseconds. */
const lookMs = 20;

/**
 * Waits until something holds, looking at each observation and now and then in between.
 *
 * @throws AssertionError - the signal aborted first; with what was last observed
 */
export async function until<T>(
  driver: Driver,
  signal: AbortSignal,
  holds: (observed: Observed) => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  const done = new AbortController();
  let latest: Observed | undefined;
  const observing = (async (): Promise<void> => {
    for await (const observed of driver.observe(AbortSignal.any([signal, done.signal]))) latest = observed;
  })();
  try {
    for (;;) {
      const found = latest && (await holds(latest));
      if (found) return found;
      if (signal.aborted) assert.fail(`it never came to that; last seen: ${JSON.stringify(latest)}`);
      await setTimeout(lookMs);
    }
  } finally {
    done.abort();
    await observing;
  }
}

/** Asks for so many of each type, without any being refreshed. */
export async function scale(
  { driver }: Bench,
  release: ReleaseVersion,
  formation: Readonly<Record<string, number>>,
  signal: AbortSignal,
): Promise<void> {
  for (const [process, count] of Object.entries(formation)) {
    const freshSince = 0 as Instant;
    await driver.apply({ do: "scale", release, process: process as ProcessType, count, freshSince, freshSlots: {} }, signal);
  }
}

/** Waits until so many processes of a release are ready, and no others are there. */
export async function ready(
  driver: Driver,
  release: ReleaseVersion,
  count: number,
  signal: AbortSignal,
): Promise<readonly ObservedProcess[]> {
  return await until(driver, signal, (observed) => {
    const processes = processesOf(observed, release);
    return processes.length === count && processes.every(({ phase }) => phase === "ready") && processes;
  });
}

/** Waits until something is in the log of a process, and tells all of it. */
export async function linesOf(driver: Driver, process: string, signal: AbortSignal): Promise<readonly string[]> {
  return await until(driver, signal, async () => {
    const found: string[] = [];
    for await (const { text } of driver.logs({ processes: [process] }, signal)) found.push(text);
    return found.length > 0 && found;
  });
}

/** Waits until a run has ended. */
export async function runEnded(driver: Driver, name: RunName, signal: AbortSignal): Promise<Extract<Run, { readonly phase: "exited" }>> {
  return await until(
    driver,
    signal,
    (observed) =>
      observed.runs.find((run) => run.phase === "exited" && run.name === name) as Extract<Run, { readonly phase: "exited" }> | undefined,
  );
}

export function runOnce(
  bench: Bench,
  release: ReleaseVersion,
  run: string,
  fixture: Fixture,
  timeoutMs: number,
): Extract<Step, { readonly do: "run-once" }> {
  return { do: "run-once", release, run: run as RunName, command: bench.command(fixture), timeoutMs };
}

export function find(observed: Observed, release: ReleaseVersion): ObservedRelease | undefined {
  return observed.releases.find((each) => each.release === release);
}

export function processesOf(observed: Observed, release: ReleaseVersion): readonly ObservedProcess[] {
  return find(observed, release)?.processes ?? [];
}

/** `web.1@1000`: equal only for the same start of the same slot. */
export function starts(processes: readonly ObservedProcess[]): readonly string[] {
  return processes.map((process) => `${processName(process.slot)}@${process.phase === "exited" ? "" : process.startedAt}`);
}

/** Whether two observations are of the same start of a process, whatever its slot is called by now. */
export function sameProcess(one: ObservedProcess, other: ObservedProcess): boolean {
  if (one.pod !== undefined || other.pod !== undefined) return one.pod === other.pod && one.restarts === other.restarts;
  return one.phase !== "exited" && other.phase !== "exited" && one.pid === other.pid && one.startedAt === other.startedAt;
}
