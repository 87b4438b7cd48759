import assert from "node:assert/strict";
import { endOfTime, type Instant, type ProcessType, processName } from "@douze/core";
import { type Bench, type FixtureProcess, find, processesOf, ready, runEnded, runOnce, scale, starts, until } from "./driver-bench.ts";

/**
 * One question of the exam that every driver sits. It knows no test runner: it passes by returning and fails by throwing, at the
 * latest when the signal aborts.
 */
export interface DriverCase {
  readonly name: string;
  run(bench: Bench, signal: AbortSignal): Promise<void>;
}

const web: FixtureProcess = { fixture: "serve", routed: true };
const worker: FixtureProcess = { fixture: "idle" };

/** The exam. */
export const driverCases: readonly DriverCase[] = [
  {
    name: "what is asked for becomes ready",
    async run(bench, signal) {
      const release = bench.release(1, { web, worker });
      await scale(bench, release, { web: 2, worker: 1 }, signal);
      const processes = await ready(bench.driver, release, 3, signal);
      assert.deepEqual(processes.map(({ slot }) => processName(slot)).sort(), ["web.1", "web.2", "worker.1"]);
      const observed = await until(bench.driver, signal, (each) => each);
      assert.deepEqual(find(observed, release)?.scale["web" as ProcessType], { count: 2, freshSince: 0, freshSlots: {} });
      assert.equal(observed.routed, undefined);
    },
  },
  {
    name: "a step taken twice has no further effect",
    async run(bench, signal) {
      const release = bench.release(1, { web });
      await scale(bench, release, { web: 1 }, signal);
      const before = await ready(bench.driver, release, 1, signal);
      await scale(bench, release, { web: 1 }, signal);
      await bench.driver.apply({ do: "route", release }, signal);
      await bench.driver.apply({ do: "route", release }, signal);
      assert.deepEqual(starts(await ready(bench.driver, release, 1, signal)), starts(before));
    },
  },
  {
    name: "requests go to the routed release alone",
    async run(bench, signal) {
      const [one, two] = [bench.release(1, { web }), bench.release(2, { web })];
      for (const release of [one, two]) {
        await scale(bench, release, { web: 1 }, signal);
        await ready(bench.driver, release, 1, signal);
      }
      for (const release of [one, two, one]) {
        await bench.driver.apply({ do: "route", release }, signal);
        await until(bench.driver, signal, (each) => each.routed === release);
        for (let visit = 0; visit < 5; visit++) assert.match((await bench.visit("/", signal)).body, new RegExp(`^web.1 v${release} `));
      }
    },
  },
  {
    name: "where nothing is ready a visitor is asked to come again",
    async run(bench, signal) {
      const release = bench.release(1, { web });
      await bench.driver.apply({ do: "route", release }, signal);
      const { status, retryAfter } = await bench.visit("/", signal);
      assert.equal(status, 503);
      assert.match(retryAfter ?? "", /^\d+$/);
    },
  },
  {
    name: "a formation shrinks from its highest slots",
    async run(bench, signal) {
      const release = bench.release(1, { web });
      await scale(bench, release, { web: 3 }, signal);
      const before = await ready(bench.driver, release, 3, signal);
      await scale(bench, release, { web: 1 }, signal);
      const after = await until(bench.driver, signal, (each) => processesOf(each, release).length === 1 && each);
      assert.deepEqual(starts(processesOf(after, release)), starts(before.slice(0, 1)));
    },
  },
  {
    name: "a refreshed process is replaced without being missed",
    async run(bench, signal) {
      const release = bench.release(1, { web });
      await scale(bench, release, { web: 1 }, signal);
      const [before] = await ready(bench.driver, release, 1, signal);
      await bench.driver.apply({ do: "route", release }, signal);
      const first = (await bench.visit("/", signal)).body;
      const freshSince = ((before && "startedAt" in before ? before.startedAt : 0) + 1) as Instant;
      await bench.driver.apply({ do: "scale", release, process: "web" as ProcessType, count: 1, freshSince, freshSlots: {} }, signal);
      const seen = new Set<string>();
      await until(bench.driver, signal, async (each) => {
        const answer = await bench.visit("/", signal);
        assert.equal(answer.status, 200);
        seen.add(answer.body);
        const [only, ...others] = processesOf(each, release);
        return others.length === 0 && only?.phase === "ready" && only.startedAt >= freshSince;
      });
      seen.add((await bench.visit("/", signal)).body);
      assert.equal(seen.size, 2, [...seen].join(", "));
      assert.ok(seen.has(first));
    },
  },
  {
    name: "a process that fails is started again, and its end is told",
    async run(bench, signal) {
      const release = bench.release(1, { worker: { fixture: "fail", settleMs: 10_000 } });
      await scale(bench, release, { worker: 1 }, signal);
      const process = await until(bench.driver, signal, (each) => processesOf(each, release).find(({ restarts }) => restarts > 0));
      assert.deepEqual(process.last?.outcome, { by: "exit", code: 3 });
      assert.equal(process.last?.wasReady, false);
      const [crash] = await until(bench.driver, signal, async () => {
        const crashes = await bench.driver.crashes("worker.1");
        return crashes.length > 0 && crashes;
      });
      assert.match(crash?.ending ?? "", /status 3/);
      assert.ok(
        crash?.lines.some(({ text }) => text === "failing"),
        JSON.stringify(crash),
      );
    },
  },
  {
    name: "one that finds its configuration wrong is not",
    async run(bench, signal) {
      const release = bench.release(1, { worker: { fixture: "misconfigured" } });
      await scale(bench, release, { worker: 1 }, signal);
      const process = await until(bench.driver, signal, (each) => processesOf(each, release).find(({ phase }) => phase === "exited"));
      assert.deepEqual(process.last?.outcome, { by: "exit", code: 78 });
      assert.equal(process.phase === "exited" && process.restartAt, endOfTime);
    },
  },
  {
    name: "one that does not become ready in time is ended",
    async run(bench, signal) {
      const release = bench.release(1, { web: { fixture: "idle", routed: true, bootMs: 200 } });
      await scale(bench, release, { web: 1 }, signal);
      const process = await until(bench.driver, signal, (each) => processesOf(each, release).find(({ last }) => last !== undefined));
      assert.equal(process.last?.stopped, "boot-timeout");
    },
  },
  {
    name: "one that ignores SIGTERM is killed at its grace",
    async run(bench, signal) {
      const release = bench.release(1, { worker: { fixture: "stubborn", graceMs: 200 } });
      await scale(bench, release, { worker: 1 }, signal);
      await ready(bench.driver, release, 1, signal);
      await scale(bench, release, { worker: 0 }, signal);
      await until(bench.driver, signal, (each) => processesOf(each, release).length === 0);
      const [crash] = await until(bench.driver, signal, async () => {
        const crashes = await bench.driver.crashes("worker");
        return crashes.length > 0 && crashes;
      });
      assert.match(crash?.ending ?? "", /ignored SIGTERM/);
    },
  },
  {
    name: "a drained release ends, and is gone when it is retired",
    async run(bench, signal) {
      const release = bench.release(1, { web, worker });
      await scale(bench, release, { web: 1, worker: 1 }, signal);
      await ready(bench.driver, release, 2, signal);
      const deadline = (Date.now() + 3_600_000) as Instant;
      await bench.driver.apply({ do: "drain", release, deadline }, signal);
      await until(bench.driver, signal, (each) => find(each, release)?.draining && processesOf(each, release).length === 0);
      await bench.driver.apply({ do: "retire", release }, signal);
      await until(bench.driver, signal, (each) => find(each, release) === undefined);
    },
  },
  {
    name: "maintenance answers every request, and ends",
    async run(bench, signal) {
      const release = bench.release(1, { web });
      await scale(bench, release, { web: 1 }, signal);
      await ready(bench.driver, release, 1, signal);
      await bench.driver.apply({ do: "route", release }, signal);
      for (const on of [true, false]) {
        await bench.driver.apply({ do: "maintain", on }, signal);
        await until(bench.driver, signal, (each) => each.maintenance === on);
        assert.equal((await bench.visit("/", signal)).status, on ? 503 : 200);
      }
    },
  },
  {
    name: "a live value reaches a running process",
    async run(bench, signal) {
      const release = bench.release(1, { web }, { GREETING: "hola" });
      await scale(bench, release, { web: 1 }, signal);
      await ready(bench.driver, release, 1, signal);
      await bench.driver.apply({ do: "route", release }, signal);
      const before = (await bench.visit("/", signal)).body;
      assert.equal((await bench.visit("/live/GREETING", signal)).body, "hola");
      await bench.driver.setLive(release, { GREETING: "¡buenas!\n" });
      await until(bench.driver, signal, async () => (await bench.visit("/live/GREETING", signal)).body === "¡buenas!\n");
      assert.equal((await bench.visit("/", signal)).body, before);
    },
  },
  {
    name: "a run happens once, whatever is asked",
    async run(bench, signal) {
      const release = bench.release(1, { web });
      const step = runOnce(bench, release, "release.1", "task", 60_000);
      await bench.driver.apply(step, signal);
      await bench.driver.apply(step, signal);
      const run = await runEnded(bench.driver, step.run, signal);
      assert.deepEqual(run.outcome, { by: "exit", code: 0 });
      await bench.driver.apply(step, signal);
      const lines = await until(bench.driver, signal, async () => {
        const found: string[] = [];
        for await (const { text } of bench.driver.logs({ processes: ["release.1"] }, signal)) found.push(text);
        return found.length > 0 && found;
      });
      assert.deepEqual(lines, ["task of release.1"]);
      await bench.driver.apply({ do: "forget-run", run: step.run }, signal);
      await until(bench.driver, signal, (each) => each.runs.length === 0);
    },
  },
  {
    name: "a run that takes too long is ended",
    async run(bench, signal) {
      const release = bench.release(1, { web });
      const step = runOnce(bench, release, "cron.report.1", "idle", 300);
      await bench.driver.apply(step, signal);
      assert.equal((await runEnded(bench.driver, step.run, signal)).timedOut, true);
    },
  },
  {
    name: "a run can be ended",
    async run(bench, signal) {
      const release = bench.release(1, { web });
      const step = runOnce(bench, release, "run.1", "stubborn", 60_000);
      await bench.driver.apply(step, signal);
      await until(bench.driver, signal, (each) => each.runs.some(({ phase }) => phase === "running"));
      await bench.driver.apply({ do: "end-run", run: step.run, deadline: (Date.now() + 200) as Instant }, signal);
      const run = await runEnded(bench.driver, step.run, signal);
      assert.deepEqual(run.outcome, { by: "signal", signal: "SIGKILL" });
      assert.equal(run.timedOut, false);
    },
  },
  {
    name: "the platform's own lines are in the event stream",
    async run(bench, signal) {
      const text = "something worth knowing";
      bench.driver.note(text);
      for await (const line of bench.driver.logs({ processes: ["douze"], follow: true }, signal)) if (line.text === text) return;
      assert.fail("the line never came");
    },
  },
  {
    name: "a one-off gets the environment of its release",
    async run(bench, signal) {
      const release = bench.release(1, { web });
      const { env } = await bench.driver.oneOff(release, "run.7");
      signal.throwIfAborted();
      assert.equal(env["DOUZE_PROCESS"], "run.7");
      assert.equal(env["DYNO"], "run.7");
      assert.equal(env["DOUZE_RELEASE"], "v1");
    },
  },
];
