import assert from "node:assert/strict";
import { endOfTime, type Instant, type ProcessType, processName, type ReleaseVersion } from "@douze/core";
import { type DriverCase, type FixtureProcess, find, processesOf, ready, sameProcess, scale, starts, until } from "./driver-bench.ts";
import { runCases } from "./driver-run-cases.ts";

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
    name: "what is current takes every request, once what was before it has drained",
    async run(bench, signal) {
      const releases = [bench.release(1, { web }), bench.release(2, { web }), bench.release(3, { web })];
      let former: ReleaseVersion | undefined;
      for (const release of releases) {
        await scale(bench, release, { web: 1 }, signal);
        await ready(bench.driver, release, 1, signal);
        await bench.driver.apply({ do: "route", release }, signal);
        if (former !== undefined) await bench.driver.apply({ do: "drain", release: former, deadline: anHourOn() }, signal);
        await until(bench.driver, signal, async (each) => {
          // Nobody is sent away meanwhile, whichever of the two answers.
          if (former !== undefined) assert.equal((await bench.visit("/", signal)).status, 200);
          return each.routed === release && (former === undefined || processesOf(each, former).length === 0);
        });
        await until(bench.driver, signal, async () => (await bench.visit("/", signal)).status === 200);
        for (let visit = 0; visit < 5; visit++) assert.match((await bench.visit("/", signal)).body, new RegExp(`^web\\.\\S+ v${release} `));
        former = release;
      }
    },
  },
  {
    name: "where nothing is ready a visitor is told so",
    async run(bench, signal) {
      const release = bench.release(1, { web });
      await bench.driver.apply({ do: "route", release }, signal);
      await until(bench.driver, signal, async () => (await bench.visit("/", signal)).status === 503);
    },
  },
  {
    name: "where nothing is ready a visitor is told when to come again",
    async run(bench, signal) {
      const release = bench.release(1, { web });
      await bench.driver.apply({ do: "route", release }, signal);
      assert.match((await bench.visit("/", signal)).retryAfter ?? "", /^\d+$/);
    },
  },
  {
    name: "what stays of a formation that shrinks is not touched",
    async run(bench, signal) {
      const release = bench.release(1, { web });
      await scale(bench, release, { web: 3 }, signal);
      const before = await ready(bench.driver, release, 3, signal);
      await scale(bench, release, { web: 1 }, signal);
      const after = await until(bench.driver, signal, (each) => processesOf(each, release).length === 1 && each);
      const [left] = processesOf(after, release);
      assert.equal(left && processName(left.slot), "web.1");
      assert.ok(left && before.some((each) => sameProcess(each, left)), JSON.stringify({ before, left }));
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
      await bench.driver.apply({ do: "drain", release, deadline: anHourOn() }, signal);
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
        const status = on ? 503 : 200;
        await until(bench.driver, signal, async (each) => each.maintenance === on && (await bench.visit("/", signal)).status === status);
        for (let visit = 0; visit < 5; visit++) assert.equal((await bench.visit("/", signal)).status, status);
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
  ...runCases,
];

function anHourOn(): Instant {
  return (Date.now() + 3_600_000) as Instant;
}
