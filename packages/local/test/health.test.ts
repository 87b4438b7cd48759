import { expect, test } from "vitest";
import { LocalBench } from "./support/local-bench.ts";
import { ask, lastEnd, named, ready, scale, until, up } from "./support/watch.ts";

const health = { readiness: "/readyz", liveness: "/livez", intervalMs: 20, timeoutMs: 1_000, failures: 2 };
const web = { command: "node serve.mjs", routed: true, health };

test("one that says it is not ready gets no requests until it is again, even if it is the last", async ({ signal }) => {
  await using bench = await LocalBench.open();
  const { processes } = await up(bench, { processes: { web } }, { web: 1 }, signal);
  const port = processes[0]?.port;
  const pid = processes[0]?.pid;
  await ask(port, "/unready", signal);
  await until(bench.driver, signal, () => bench.router.targets.length === 0);
  expect((await bench.visit("/", signal)).status).toBe(503);
  const { releases } = await until(bench.driver, signal, (each) => each);
  expect(releases[0]?.processes).toMatchObject([{ phase: "starting", pid }]);
  await ask(port, "/ready", signal);
  await until(bench.driver, signal, () => bench.router.targets.length === 1);
  expect(await bench.visit("/", signal)).toMatchObject({ status: 200, body: `web.1 v1 ${pid}` });
});

test("one that never says it is ready is ended for booting too long", async ({ signal }) => {
  await using bench = await LocalBench.open();
  const release = bench.declare(1, { processes: { web: { ...web, bootMs: 500 } }, env: { START_UNREADY: "1" } });
  await scale(bench, release, { web: 1 }, signal);
  const last = await lastEnd(bench, release, "web.1", signal);
  expect(last).toMatchObject({ stopped: "boot-timeout", wasReady: false, outcome: { by: "exit", code: 0 } });
  const [crash] = await until(bench.driver, signal, async () => {
    const crashes = await bench.driver.crashes("web.1");
    return crashes.length > 0 && crashes;
  });
  expect(crash?.ending).toBe("stopped: it was not ready within 0.5 s");
});

test("one that hangs is restarted", async ({ signal }) => {
  await using bench = await LocalBench.open();
  const { release, processes } = await up(bench, { processes: { web } }, { web: 1 }, signal);
  await ask(processes[0]?.port, "/unlive", signal);
  const last = await lastEnd(bench, release, "web.1", signal);
  expect(last).toMatchObject({ stopped: "liveness", wasReady: true });
  const [next] = await ready(bench.driver, release, 1, signal);
  expect(next).toMatchObject({ restarts: 1, last });
});

test("one that takes too much memory is replaced, and requests miss nothing", async ({ signal }) => {
  await using bench = await LocalBench.open({ memoryIntervalMs: 50 });
  const { release, processes } = await up(bench, { processes: { web: { ...web, memoryBytes: 200 * 2 ** 20 } } }, { web: 1 }, signal);
  const small = await until(bench.driver, signal, (observed) => {
    const [process] = named(observed, release, "web.1");
    return process?.phase === "ready" && process.memoryBytes;
  });
  expect(small).toBeGreaterThan(10 * 2 ** 20);
  expect(small).toBeLessThan(200 * 2 ** 20);
  expect((await bench.visit("/grow", signal)).status).toBe(200);
  const seen = new Set<string>();
  const last = await until(bench.driver, signal, async (observed) => {
    const { status, body } = await bench.visit("/", signal);
    expect(status).toBe(200);
    seen.add(body);
    const [only, ...others] = named(observed, release, "web.1");
    return others.length === 0 && only?.phase === "ready" && only.pid !== processes[0]?.pid && only.last;
  });
  expect(last).toMatchObject({ stopped: "memory", outcome: { by: "exit", code: 0 } });
  expect(seen.size).toBeLessThanOrEqual(2);
  const [crash] = await until(bench.driver, signal, async () => {
    const crashes = await bench.driver.crashes("web.1");
    return crashes.length > 0 && crashes;
  });
  expect(crash?.ending).toBe("over its memory limit of 200 MiB");
  expect(crash?.memoryBytes).toBeGreaterThan(200 * 2 ** 20);
});
