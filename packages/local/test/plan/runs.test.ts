import type { Instant, RunName } from "@douze/core";
import { expect, test } from "vitest";
import { runGraceMs, superviseRuns } from "../../src/plan/runs.ts";

const name = "run.1" as RunName;
const t = (ms: number): Instant => ms as Instant;
const run = { name, startedAt: t(0), timeoutMs: 1_000 };

test("a run goes on until its time is up", () => {
  expect(superviseRuns([run], false, t(999))).toEqual([{ do: "wake", at: 1_000 }]);
  expect(superviseRuns([run], false, t(1_000))).toEqual([{ do: "terminate", name, deadline: 1_000 + runGraceMs, timedOut: true }]);
});

test("when everything ends it ends too, but not for being late", () => {
  expect(superviseRuns([run], true, t(500))).toEqual([{ do: "terminate", name, deadline: 500 + runGraceMs, timedOut: false }]);
});

test("it is killed once, at its deadline", () => {
  const stopping = { deadline: t(2_000), killed: false };
  expect(superviseRuns([{ ...run, stopping }], false, t(1_999))).toEqual([{ do: "wake", at: 2_000 }]);
  expect(superviseRuns([{ ...run, stopping }], false, t(2_000))).toEqual([{ do: "kill", name }]);
  expect(superviseRuns([{ ...run, stopping: { ...stopping, killed: true } }], false, t(2_001))).toMatchObject([{ do: "wake" }]);
});
