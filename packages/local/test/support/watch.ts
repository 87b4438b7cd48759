import { readdirSync, readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import type { Observed, ObservedProcess, ReleaseVersion } from "@douze/core";
import { find, ready, scale, until } from "../../../engine/src/driver-bench.ts";
import type { LocalBench, ReleaseParts } from "./local-bench.ts";

export { find, processesOf, ready, runEnded, runOnce, scale, starts, until } from "../../../engine/src/driver-bench.ts";

export type Ready = Extract<ObservedProcess, { readonly phase: "ready" }>;

/** Declares a release, scales it, routes it, and waits until all of it is ready. */
export async function up(
  bench: LocalBench,
  parts: ReleaseParts,
  formation: Readonly<Record<string, number>>,
  signal: AbortSignal,
  version = 1,
): Promise<{ readonly release: ReleaseVersion; readonly processes: readonly Ready[] }> {
  const release = bench.declare(version, parts);
  await scale(bench, release, formation, signal);
  await bench.driver.apply({ do: "route", release }, signal);
  const count = Object.values(formation).reduce((a, b) => a + b, 0);
  return { release, processes: (await ready(bench.driver, release, count, signal)) as readonly Ready[] };
}

/** Waits for the last end of a slot, `web.1`. */
export async function lastEnd(
  bench: LocalBench,
  release: ReleaseVersion,
  name: string,
  signal: AbortSignal,
): Promise<NonNullable<ObservedProcess["last"]>> {
  return await until(bench.driver, signal, (observed) => named(observed, release, name).find(({ last }) => last !== undefined)?.last);
}

export function named(observed: Observed, release: ReleaseVersion, name: string): readonly ObservedProcess[] {
  return (find(observed, release)?.processes ?? []).filter(({ slot }) => `${slot.process}.${slot.index}` === name);
}

/** Waits for what nothing tells of. */
export async function eventually(holds: () => boolean, signal: AbortSignal): Promise<void> {
  while (!holds()) await setTimeout(10, undefined, { signal });
}

/** Asks a process itself, past the router, and keeps no connection. */
export async function ask(port: number | undefined, path: string, signal: AbortSignal): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { signal, headers: { connection: "close" } });
  return await answer.text();
}

/** Whether a process of that pid runs. */
export function runs(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX] /s.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

/** Pids of the processes whose arguments hold the text. */
export function pidsWith(text: string): readonly number[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      return readFileSync(`/proc/${name}/cmdline`, "utf8").includes(text) ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}
