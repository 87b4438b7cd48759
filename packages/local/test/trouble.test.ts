import { mkdirSync, readdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { Problem } from "@douze/core";
import { expect, test } from "vitest";
import { LocalBench, runnable } from "./support/local-bench.ts";
import { lastEnd, pidsWith, ready, runs, scale, until, up } from "./support/watch.ts";

const worker = { command: "./count.sh" };

test("a step that cannot be written down is refused, and is taken when it can be", async ({ signal }) => {
  await using bench = await LocalBench.open();
  const release = bench.declare(1, { processes: { worker } });
  const inTheWay = join(bench.folder, "environment/wanted.json.aside");
  mkdirSync(inTheWay);
  await expect(scale(bench, release, { worker: 1 }, signal)).rejects.toMatchObject({ code: "state-unwritable" });
  expect(await until(bench.driver, signal, (each) => each)).toMatchObject({ releases: [] });
  rmdirSync(inTheWay);
  await scale(bench, release, { worker: 1 }, signal);
  await ready(bench.driver, release, 1, signal);
});

test("a status that finds no room on the disk is known all the same, and no grandchild stays", async ({ signal }) => {
  await using bench = await LocalBench.open();
  const inRun = join(bench.folder, "environment/run");
  // The script sees to it that its shim cannot write.
  const command = 'mkdir "$TMPDIR/../exit"; ./grandchild.sh';
  const release = bench.declare(1, { processes: { worker: { command } } });
  await scale(bench, release, { worker: 1 }, signal);
  expect((await lastEnd(bench, release, "worker.1", signal)).outcome).toEqual({ by: "exit", code: 5 });
  const left = await until(bench.driver, signal, async () => /left (\d+)/.exec((await bench.lines("worker.1", signal)).join())?.[1]);
  await until(bench.driver, signal, () => !runs(Number(left)));
  expect(readdirSync(inRun).length).toBeGreaterThan(0);
});

test("while a release cannot be asked for, what runs of it is watched, and its output waits for its secrets", async ({ signal }) => {
  let refused = false;
  const parts = { processes: { worker: { command: 'echo "it is $TOKEN"; exec ./count.sh' } }, secrets: { TOKEN: "s3cr3t-of-the-app" } };
  const source = async (): Promise<ReturnType<typeof runnable>> => {
    if (refused) throw new Problem({ code: "resource-unreachable", what: "postgres does not start", why: "a test says so", fix: "wait" });
    return runnable(1, parts);
  };
  await using bench = await LocalBench.open({ runnable: source });
  const { release, processes } = await up(bench, parts, { worker: 1 }, signal);
  refused = true;
  await bench.reopen();
  expect(await ready(bench.driver, release, 1, signal)).toMatchObject([{ pid: processes[0]?.pid }]);
  process.kill(processes[0]?.pid ?? 0, "SIGKILL");
  await lastEnd(bench, release, "worker.1", signal);
  await until(bench.driver, signal, async () =>
    (await bench.lines("douze", signal)).some((line) => line.includes("postgres does not start")),
  );
  // It ends in time all the same.
  await bench.driver.end("stop", AbortSignal.abort());
  expect(pidsWith(join(bench.folder, "environment/run"))).toEqual([]);
  refused = false;
  await bench.reopen();
  const lines = await until(bench.driver, signal, async () => {
    const found = await bench.lines("worker.1", signal);
    return found.length > 0 && found;
  });
  expect(lines.filter((line) => line.startsWith("it is"))).toEqual(["it is ••••"]);
});

test("a one-off has a TMPDIR of its own, empty, and the release's place", async ({ signal }) => {
  await using bench = await LocalBench.open();
  const release = bench.declare(1, { processes: { worker }, env: { KEY: "value" }, live: { GREETING: "hola" } });
  const { cwd, env } = await bench.driver.oneOff(release, "run.3");
  signal.throwIfAborted();
  expect(env).toMatchObject({ KEY: "value", DOUZE_PROCESS: "run.3", DYNO: "run.3", TMPDIR: join(bench.folder, "environment/tmp/run.3") });
  expect(readdirSync(env["TMPDIR"] ?? "")).toEqual([]);
  expect(readdirSync(env["DOUZE_LIVE_DIR"] ?? "")).toContain("GREETING");
  expect(readdirSync(cwd)).toContain("count.sh");
  expect(env["PORT"]).toBeUndefined();
});
