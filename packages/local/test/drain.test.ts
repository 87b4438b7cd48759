import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Observed, ObservedProcess } from "@douze/core";
import { expect, test } from "vitest";
import { LocalBench } from "./support/local-bench.ts";
import { ask, lastEnd, named, ready, scale, until, up } from "./support/watch.ts";

const web = { command: "node serve.mjs", routed: true };

test("a request in flight is answered before its process is told to end", async ({ signal }) => {
  await using bench = await LocalBench.open();
  const { release, processes } = await up(bench, { processes: { web } }, { web: 1 }, signal);
  const slow = bench.visit("/slow", signal);
  const id = bench.router.targets[0] ?? "";
  await until(bench.driver, signal, () => bench.router.inFlight(id) === 1);
  await scale(bench, release, { web: 0 }, signal);
  const stopping = await until(bench.driver, signal, (observed) =>
    named(observed, release, "web.1").find(({ phase }) => phase === "stopping"),
  );
  expect(stopping).toMatchObject({ reason: "scaled" });
  expect(bench.router.targets).toEqual([]);
  expect(bench.router.goodbyes).toEqual([id]);
  await ask(processes[0]?.port, "/finish", signal);
  expect(await slow).toMatchObject({ status: 200, body: "slow" });
  await ready(bench.driver, release, 0, signal);
  expect(await bench.lines("web.1", signal)).toContain("ending");
});

test("but not for ever", async ({ signal }) => {
  await using bench = await LocalBench.open({ drainMs: 100 });
  const { release } = await up(bench, { processes: { web: { ...web, graceMs: 300 } } }, { web: 1 }, signal);
  const slow = bench.visit("/slow", signal).catch((error: unknown) => error);
  await until(bench.driver, signal, () => bench.router.inFlight(bench.router.targets[0] ?? "") === 1);
  await scale(bench, release, { web: 0 }, signal);
  await ready(bench.driver, release, 0, signal);
  await slow;
  const [crash] = await until(bench.driver, signal, async () => {
    const crashes = await bench.driver.crashes("web.1");
    return crashes.length > 0 && crashes;
  });
  expect(crash?.ending).toBe("killed after 0.3 s: it ignored SIGTERM");
});

test("one that says that it is busy is given the time it says, and ends by itself", async ({ signal }) => {
  await using bench = await LocalBench.open();
  const worker = { command: "./busy.sh", graceMs: 200, busyMs: 600_000, settleMs: 50 };
  const { release } = await up(bench, { processes: { worker } }, { worker: 1 }, signal);
  await until(bench.driver, signal, async () => (await bench.lines("worker.1", signal)).includes("up"));
  const before = Date.now();
  await scale(bench, release, { worker: 0 }, signal);
  const phase = (observed: Observed): ObservedProcess | undefined =>
    named(observed, release, "worker.1").find((each) => each.phase === "stopping");
  await until(bench.driver, signal, (observed) => {
    const stopping = phase(observed);
    return stopping?.phase === "stopping" && stopping.deadline > before + 50_000;
  });
  const [folder = ""] = await readdir(join(bench.folder, "environment/run"));
  await writeFile(join(bench.folder, "environment/run", folder, "tmp/done"), "");
  await ready(bench.driver, release, 0, signal);
  expect(await bench.lines("worker.1", signal)).toContain("finished");
  expect(await bench.driver.crashes("worker.1")).toEqual([]);
});

test("everything ends in order: what is routed, then the rest", async ({ signal }) => {
  await using bench = await LocalBench.open();
  // Slow to end: what is too quick to be seen says nothing of the order.
  const slow = `trap 'sleep 0.5; echo "counted to $n"; exit 0' TERM; n=0; while :; do n=$((n + 1)); sleep 0.05; done`;
  const processes = { web, worker: { command: slow } };
  await up(bench, { processes }, { web: 2, worker: 1 }, signal);
  await bench.driver.apply({ do: "run-once", release: 1 as never, run: "run.1" as never, command: "./idle.sh", timeoutMs: 60_000 }, signal);
  await until(bench.driver, signal, async () => (await bench.lines("run.1", signal)).includes("idle"));
  const phases: string[] = [];
  const watching = (async (): Promise<void> => {
    for await (const { releases } of bench.driver.observe(signal)) {
      for (const { slot, phase } of releases[0]?.processes ?? []) phases.push(`${slot.process} ${phase}`);
    }
  })();
  await bench.driver.end("stop");
  await watching;
  const lines = await bench.lines("worker.1", signal);
  expect(lines.some((line) => /^counted to \d+$/.test(line))).toBe(true);
  expect(phases.lastIndexOf("web stopping")).toBeLessThan(phases.indexOf("worker stopping"));
  expect(bench.router.tables).toEqual([]);
  await bench.reopen();
  const observed = await until(bench.driver, signal, (each) => each);
  expect(observed.releases).toEqual([]);
  expect(observed.runs).toMatchObject([{ name: "run.1", phase: "exited", timedOut: false, outcome: { by: "exit", code: 0 } }]);
});

test("asked twice it does not wait for graces", async ({ signal }) => {
  await using bench = await LocalBench.open();
  const { release } = await up(bench, { processes: { worker: { command: "./stubborn.sh", graceMs: 60_000 } } }, { worker: 1 }, signal);
  const hurry = new AbortController();
  const ended = bench.driver.end("stop", hurry.signal);
  await until(bench.driver, signal, (observed) => named(observed, release, "worker.1")[0]?.phase === "stopping");
  hurry.abort();
  await ended;
});

test("a failed replacement leaves the former process serving", async ({ signal }) => {
  await using bench = await LocalBench.open();
  const { release, processes } = await up(
    bench,
    { processes: { web: { ...web, command: 'test ! -e "$MARK" && exec node serve.mjs' } }, env: { MARK: "/proc/none" } },
    { web: 1 },
    signal,
  );
  const [before] = processes;
  // A new engine learns the release anew; this one has it fail.
  bench.declare(1, { processes: { web: { ...web, command: "./fail.sh" } } });
  await bench.reopen();
  const freshSince = ((before?.startedAt ?? 0) + 1) as never;
  await bench.driver.apply({ do: "scale", release, process: "web" as never, count: 1, freshSince, freshSlots: {} }, signal);
  expect(await lastEnd(bench, release, "web.1", signal)).toMatchObject({ outcome: { by: "exit", code: 3 } });
  expect((await bench.visit("/", signal)).body).toBe(`web.1 v1 ${before?.pid}`);
});
