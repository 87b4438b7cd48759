import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { LocalBench } from "./support/local-bench.ts";
import { ask, eventually, lastEnd, named, pidsWith, ready, runEnded, runs, scale, starts, until, up } from "./support/watch.ts";

const web = { command: "node serve.mjs", routed: true };
const worker = { command: "./count.sh" };

function runFolder(bench: LocalBench): string {
  return join(bench.folder, "environment/run");
}

test("a new driver finds what runs, routes it at once, and starts nothing beside it", async ({ signal }) => {
  await using bench = await LocalBench.open();
  const { release, processes } = await up(bench, { processes: { web, worker } }, { web: 2, worker: 1 }, signal);
  await bench.reopen();
  const again = await ready(bench.driver, release, 3, signal);
  expect(starts(again)).toEqual(starts(processes));
  expect(again.map((each) => ("pid" in each ? each.pid : 0))).toEqual(processes.map(({ pid }) => pid));
  const { routed, releases } = await until(bench.driver, signal, (each) => each);
  expect(routed).toBe(release);
  expect(releases[0]?.scale).toMatchObject({ web: { count: 2 }, worker: { count: 1 } });
  expect((await bench.visit("/", signal)).body).toMatch(/^web\.[12] v1 /);
  // It is watched as if it had been started here.
  process.kill(processes[0]?.pid ?? 0, "SIGKILL");
  expect((await lastEnd(bench, release, "web.1", signal)).outcome).toEqual({ by: "signal", signal: "SIGKILL" });
});

test("what ended in between is known by its status, and its last words are kept", async ({ signal }) => {
  await using bench = await LocalBench.open();
  const { release, processes } = await up(
    bench,
    { processes: { web, worker: { command: "./count.sh", settleMs: 200 } } },
    { web: 1, worker: 1 },
    signal,
  );
  await bench.driver.end("leave");
  const [visited, counted] = processes;
  await ask(visited?.port, "/exit", signal);
  process.kill(counted?.pid ?? 0, "SIGTERM");
  await eventually(() => !runs(visited?.pid ?? 0) && !runs(counted?.pid ?? 0), signal);
  await bench.reopen();
  expect(await lastEnd(bench, release, "web.1", signal)).toMatchObject({ outcome: { by: "exit", code: 3 }, wasReady: true });
  expect(await lastEnd(bench, release, "worker.1", signal)).toMatchObject({ outcome: { by: "exit", code: 0 }, wasReady: true });
  const again = await ready(bench.driver, release, 2, signal);
  expect(again.map(({ restarts }) => restarts)).toEqual([1, 1]);
  const lines = await bench.lines("worker.1", signal);
  expect(lines.some((line) => /^counted to \d+$/.test(line))).toBe(true);
  const crashes = await bench.driver.crashes("web.1");
  expect(crashes.map(({ ending }) => ending)).toEqual(["exited with status 3"]);
});

test("how often and how a slot ended outlives the engine", async ({ signal }) => {
  await using bench = await LocalBench.open();
  const release = bench.release(1, { worker: { fixture: "misconfigured" } });
  await scale(bench, release, { worker: 1 }, signal);
  const last = await lastEnd(bench, release, "worker.1", signal);
  await until(bench.driver, signal, async () => (await bench.driver.crashes()).length === 1);
  await bench.reopen();
  const [process] = await until(bench.driver, signal, (observed) => named(observed, release, "worker.1"));
  expect(process).toMatchObject({ phase: "exited", last });
  await until(bench.driver, signal, (each) => each);
  expect(await bench.driver.crashes()).toHaveLength(1);
});

test("an end that was under way goes on, with its reason", async ({ signal }) => {
  await using bench = await LocalBench.open();
  const { release } = await up(bench, { processes: { worker: { command: "./stubborn.sh", graceMs: 1_000 } } }, { worker: 1 }, signal);
  await scale(bench, release, { worker: 0 }, signal);
  const before = await until(bench.driver, signal, (observed) =>
    named(observed, release, "worker.1").find(({ phase }) => phase === "stopping"),
  );
  await until(bench.driver, signal, async () => (await bench.lines("worker.1", signal)).includes("asked to end"));
  await bench.reopen();
  const [after] = await until(bench.driver, signal, (observed) => named(observed, release, "worker.1"));
  expect(after).toEqual(before);
  await ready(bench.driver, release, 0, signal);
  expect((await bench.lines("worker.1", signal)).filter((line) => line === "asked to end")).toHaveLength(1);
});

test("a run goes on, and is not started again", async ({ signal }) => {
  await using bench = await LocalBench.open();
  const release = bench.declare(1, { processes: { web } });
  const step = { do: "run-once", release, run: "release.1" as never, command: "./count.sh 0.05; exit 4", timeoutMs: 60_000 } as const;
  await bench.driver.apply(step, signal);
  const before = await until(bench.driver, signal, ({ runs: all }) => all[0]);
  await bench.reopen();
  const after = await until(bench.driver, signal, ({ runs: all }) => all[0]);
  expect(after).toMatchObject({ phase: "running", startedAt: before.startedAt });
  await bench.driver.apply(step, signal);
  await bench.driver.apply({ do: "end-run", run: step.run, deadline: (Date.now() + 10_000) as never }, signal);
  await runEnded(bench.driver, step.run, signal);
  await bench.reopen();
  await bench.driver.apply(step, signal);
  expect(await until(bench.driver, signal, ({ runs: all }) => all)).toMatchObject([{ phase: "exited", startedAt: before.startedAt }]);
  const numbers = (await bench.lines("release.1", signal)).flatMap((line) => /^line (\d+)$/.exec(line)?.[1] ?? []);
  expect(numbers).toEqual(numbers.map((_, index) => String(index + 1)));
});

test("a process that a killed engine had not written down wholly is ended", async ({ signal }) => {
  await using bench = await LocalBench.open();
  const { release } = await up(bench, { processes: { web } }, { web: 1 }, signal);
  const [folder = ""] = readdirSync(runFolder(bench));
  const [shim = 0] = pidsWith(join(runFolder(bench), folder));
  await bench.driver.end("leave");
  rmSync(join(runFolder(bench), folder, "state.json"));
  mkdirSync(join(runFolder(bench), "web.7@v1-abc"));
  await bench.reopen();
  expect(runs(shim)).toBe(false);
  await ready(bench.driver, release, 1, signal);
  expect(readdirSync(runFolder(bench))).toHaveLength(1);
  expect(readdirSync(runFolder(bench))).not.toContain(folder);
});

test("a damaged record costs one process; that of a run, or of what is wanted, is not guessed", async ({ signal }) => {
  await using bench = await LocalBench.open();
  const { release, processes } = await up(bench, { processes: { web } }, { web: 1 }, signal);
  const run = { do: "run-once", release, run: "run.1" as never, command: "true", timeoutMs: 60_000 } as const;
  await bench.driver.apply(run, signal);
  await runEnded(bench.driver, run.run, signal);
  await bench.driver.end("leave");
  const [own = ""] = readdirSync(runFolder(bench)).filter((name) => name.startsWith("web"));
  writeFileSync(join(runFolder(bench), own, "state.json"), "{");
  for (const file of [join(runFolder(bench), "run.1/state.json"), join(bench.folder, "environment/wanted.json")]) {
    const text = readFileSync(file, "utf8");
    writeFileSync(file, "");
    await expect(bench.reopen()).rejects.toMatchObject({ code: "state-unreadable", places: [{ file }] });
    expect(runs(processes[0]?.pid ?? 0)).toBe(true);
    writeFileSync(file, text);
  }
  await bench.reopen();
  const [next] = await ready(bench.driver, release, 1, signal);
  expect(next).toMatchObject({ phase: "ready" });
  expect(runs(processes[0]?.pid ?? 0)).toBe(false);
});

test("after a restart of the machine all is started again, and nothing has failed", async ({ signal }) => {
  await using bench = await LocalBench.open();
  const { release, processes } = await up(bench, { processes: { worker } }, { worker: 1 }, signal);
  const run = { do: "run-once", release, run: "run.1" as never, command: "./idle.sh", timeoutMs: 60_000 } as const;
  await bench.driver.apply(run, signal);
  await until(bench.driver, signal, async () => (await bench.lines("run.1", signal)).includes("idle"));
  await bench.driver.end("leave");
  for (const name of readdirSync(runFolder(bench))) {
    const file = join(runFolder(bench), name, "state.json");
    writeFileSync(file, readFileSync(file, "utf8").replace(/"bootId":"[^"]*"/, '"bootId":"another"'));
  }
  const ours = pidsWith(runFolder(bench));
  for (const pid of ours) process.kill(-pid, "SIGKILL");
  await eventually(() => !ours.some(runs), signal);
  await bench.reopen();
  const [next] = await ready(bench.driver, release, 1, signal);
  expect(next).toMatchObject({ restarts: 0 });
  expect(next?.last).toBeUndefined();
  expect(starts(next ? [next] : [])).not.toEqual(starts(processes));
  expect(await runEnded(bench.driver, run.run, signal)).toMatchObject({ outcome: { by: "unknown" } });
});

test("what is retired leaves nothing; a run keeps its release's live keys until it ends", async ({ signal }) => {
  await using bench = await LocalBench.open();
  const release = bench.declare(1, { processes: { worker }, live: { GREETING: "hola" } });
  const step = { do: "run-once", release, run: "cron.tidy.1" as never, command: "./idle.sh", timeoutMs: 60_000 } as const;
  await bench.driver.apply(step, signal);
  await bench.driver.apply({ do: "drain", release, deadline: Date.now() as never }, signal);
  await bench.driver.apply({ do: "retire", release }, signal);
  const live = join(bench.folder, "environment/live");
  expect(await until(bench.driver, signal, (each) => each)).toMatchObject({ releases: [] });
  expect(readdirSync(live)).toEqual(["v1"]);
  await bench.driver.apply({ do: "end-run", run: step.run, deadline: Date.now() as never }, signal);
  await runEnded(bench.driver, step.run, signal);
  await until(bench.driver, signal, () => readdirSync(live).length === 0);
  await bench.driver.apply({ do: "forget-run", run: step.run }, signal);
  await until(bench.driver, signal, () => readdirSync(runFolder(bench)).length === 0);
});
