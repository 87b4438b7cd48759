import assert from "node:assert/strict";
import type { Instant } from "@douze/core";
import { type DriverCase, type FixtureProcess, linesOf, runEnded, runOnce, scale, secretValue, until } from "./driver-bench.ts";

const web: FixtureProcess = { fixture: "serve", routed: true };

/** The exam's part about what is run once, and about what was written. */
export const runCases: readonly DriverCase[] = [
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
      assert.deepEqual(await linesOf(bench.driver, "release.1", signal), ["task of release.1"]);
      await bench.driver.apply({ do: "forget-run", run: step.run }, signal);
      await until(bench.driver, signal, (each) => each.runs.length === 0);
    },
  },
  {
    name: "a run that fails is not tried again, and its end is told",
    async run(bench, signal) {
      const release = bench.release(1, { web });
      const step = runOnce(bench, release, "run.3", "fail", 60_000);
      await bench.driver.apply(step, signal);
      assert.deepEqual((await runEnded(bench.driver, step.run, signal)).outcome, { by: "exit", code: 3 });
      const [crash, ...others] = await until(bench.driver, signal, async () => {
        const crashes = await bench.driver.crashes("run.3");
        return crashes.length > 0 && crashes;
      });
      assert.deepEqual(others, []);
      assert.match(crash?.ending ?? "", /status 3/);
      assert.ok(
        crash?.lines.some(({ text }) => text === "failing"),
        JSON.stringify(crash),
      );
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
      const step = runOnce(bench, release, "run.7", "environment", 60_000);
      await bench.driver.apply(step, signal);
      assert.deepEqual((await runEnded(bench.driver, step.run, signal)).outcome, { by: "exit", code: 0 });
      assert.deepEqual(await linesOf(bench.driver, "run.7", signal), ["run.7 run.7 v1"]);
    },
  },
  {
    name: "a secret is in no log and in no crash",
    async run(bench, signal) {
      const release = bench.release(1, { worker: { fixture: "telltale" } });
      await scale(bench, release, { worker: 1 }, signal);
      const lines = await linesOf(bench.driver, "worker.1", signal);
      assert.deepEqual(lines, ["the secret is ••••"]);
      const [crash] = await until(bench.driver, signal, async () => {
        const crashes = await bench.driver.crashes("worker.1");
        return crashes.length > 0 && crashes;
      });
      assert.ok(!JSON.stringify(crash).includes(secretValue));
      assert.ok(
        crash?.lines.some(({ text }) => text === "the secret is ••••"),
        JSON.stringify(crash),
      );
    },
  },
  {
    name: "a one-off in its caller's terminal gets the environment of its release",
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
