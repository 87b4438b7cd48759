import { type ChildProcess, spawn } from "node:child_process";
import { watch } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AppName, Instant, ProcessType, ReleaseVersion } from "@douze/core";
import type { Runnable } from "@douze/engine";
import { Local } from "../../packages/local/src/local.ts";
import { Crashes } from "../../packages/local/src/logs/crash.ts";
import { LogStore } from "../../packages/local/src/logs/store.ts";

// How long a formation takes to come up, and a killed process to be replaced: Douze against a bare Node supervisor, which spawns,
// waits for `exit` and spawns again, and does nothing else. Both in this process, in turns, with the same children.
//
//   node --conditions=douze-source bench/start/start.ts [rounds]

const rounds = Number(process.argv[2] ?? 5);
const count = 50;
const kills = 20;

/** A child says that it runs by making a file, which both sides see in the same way. */
const command = 'echo $$ >"$MARKS/$DOUZE_PROCESS.$$"; exec sleep 3600';

interface Supervisor extends AsyncDisposable {
  start(): Promise<void>;
}

interface Figures {
  readonly startMs: number;
  readonly replaceMs: number;
}

async function bare(marks: string): Promise<Supervisor> {
  const children = new Map<number, ChildProcess>();
  let ending = false;
  const fill = (index: number): void => {
    const env = { PATH: process.env["PATH"], MARKS: marks, DOUZE_PROCESS: `worker.${index}` };
    const child = spawn("sh", ["-c", command], { env, detached: true, stdio: "ignore" });
    children.set(index, child);
    child.on("exit", () => (ending ? children.delete(index) : fill(index)));
  };
  return {
    async start() {
      for (let index = 1; index <= count; index++) fill(index);
    },
    async [Symbol.asyncDispose]() {
      ending = true;
      for (const child of children.values()) child.kill("SIGKILL");
    },
  };
}

async function douze(marks: string, folder: string): Promise<Supervisor & { age(): void }> {
  const logs = await LogStore.open(join(folder, "logs"), { retention: { maxBytes: 2 ** 26, maxAgeMs: 3_600_000 } });
  const worker = { command, scale: 0, graceMs: 1_000, bootMs: 60_000, settleMs: 0, routed: false };
  const runnable: unknown = {
    release: { manifest: { source: "douze.yaml", processes: { worker } }, config: {}, attachments: {} },
    tree: folder,
    env: { PATH: process.env["PATH"], MARKS: marks },
    live: {},
  };
  // Started in the past, they have proved themselves when they are killed.
  let offsetMs = -20_000;
  const driver = await Local.open({
    directory: join(folder, "environment"),
    app: "bench" as AppName,
    runnable: async () => runnable as Runnable,
    router: {
      route: () => undefined,
      remove: () => undefined,
      drained: async () => undefined,
      goodbye: () => undefined,
    },
    logs,
    crashes: new Crashes(join(folder, "logs")),
    hosts: [],
    fallback: true,
    clock: () => (Date.now() + offsetMs) as Instant,
  });
  return {
    async start() {
      const [release, process, fresh] = [1 as ReleaseVersion, "worker" as ProcessType, 0 as Instant];
      await driver.apply({ do: "scale", release, process, count, freshSince: fresh, freshSlots: {} }, new AbortController().signal);
    },
    age() {
      offsetMs = 0;
    },
    async [Symbol.asyncDispose]() {
      await driver.end("stop", AbortSignal.abort());
      await logs[Symbol.asyncDispose]();
    },
  };
}

async function measure(open: (marks: string, folder: string) => Promise<Supervisor & { age?(): void }>): Promise<Figures> {
  const folder = await mkdtemp(join(tmpdir(), "douze-bench-"));
  const marks = join(folder, "marks");
  await mkdir(marks);
  const seen: string[] = [];
  let wake = (): void => undefined;
  const watcher = watch(marks, (_event, name) => {
    if (name !== null && !seen.includes(name)) seen.push(name);
    wake();
  });
  const until = async (total: number): Promise<void> => {
    while (seen.length < total) {
      const { promise, resolve } = Promise.withResolvers<void>();
      wake = resolve;
      await promise;
    }
  };
  try {
    await using supervisor = await open(marks, folder);
    const begun = performance.now();
    await supervisor.start();
    await until(count);
    const startMs = performance.now() - begun;
    supervisor.age?.();
    const replaced: number[] = [];
    for (let kill = 0; kill < kills; kill++) {
      // What was started last has settled by now.
      await new Promise((resolve) => setTimeout(resolve, 50));
      const pid = Number(seen[kill]?.split(".").at(-1));
      const at = performance.now();
      process.kill(pid, "SIGKILL");
      await until(count + kill + 1);
      replaced.push(performance.now() - at);
    }
    return { startMs, replaceMs: median(replaced) };
  } finally {
    watcher.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function row(name: string, figures: readonly Figures[]): string {
  const show = (values: readonly number[]): string =>
    [Math.min(...values), median(values), Math.max(...values)].map((ms) => ms.toFixed(1)).join(" / ");
  return `| ${name} | ${show(figures.map(({ startMs }) => startMs))} | ${show(figures.map(({ replaceMs }) => replaceMs))} |`;
}

const all: { readonly bare: Figures; readonly douze: Figures }[] = [];
for (let round = 0; round < rounds; round++) all.push({ bare: await measure(bare), douze: await measure(douze) });
console.log(`| | ${count} started, ms (min / median / max) | killed until replaced, ms |\n|---|---|---|`);
console.log(
  row(
    "bare Node",
    all.map((each) => each.bare),
  ),
);
console.log(
  row(
    "Douze",
    all.map((each) => each.douze),
  ),
);
const ratio = (of: keyof Figures): string => median(all.map((each) => each.douze[of] / each.bare[of])).toFixed(2);
console.log(`| ratio, median of rounds | ${ratio("startMs")} | ${ratio("replaceMs")} |`);
