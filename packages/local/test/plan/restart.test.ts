import { type Exit, endOfTime, type Instant } from "@douze/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { nextStartText, restart } from "../../src/plan/restart.ts";

const startedAt = 1_000_000 as Instant;
const exit = (livedMs: number, rest: Partial<Exit> = {}): Exit => ({
  at: (startedAt + livedMs) as Instant,
  outcome: { by: "exit", code: 1 },
  wasReady: true,
  ...rest,
});
const pauseMs = (end: Exit, quickEnds = 0, chance = 0): number => restart({ startedAt, exit: end, quickEnds }, chance).restartAt - end.at;

test("one that had proved itself is started again at once, and its failures are forgotten", () => {
  expect(restart({ startedAt, exit: exit(10_000), quickEnds: 7 }, 0)).toEqual({
    restartAt: startedAt + 10_000,
    quickEnds: 0,
    counts: true,
  });
});

test.each([
  [0, 1_000],
  [1, 2_000],
  [2, 4_000],
  [5, 32_000],
  [6, 60_000],
  [1_000, 60_000],
])("after %i quick ends the pause is %i ms", (quickEnds, ms) => {
  expect(pauseMs(exit(500), quickEnds)).toBe(ms);
  expect(pauseMs(exit(500), quickEnds, 0.999)).toBeCloseTo(ms / 2, -2);
});

test("one that never became ready has not proved itself, however long it took", () => {
  expect(pauseMs(exit(60_000, { wasReady: false, stopped: "boot-timeout" }), 1)).toBe(2_000);
});

test("exit status 78 is not tried again", () => {
  expect(restart({ startedAt, exit: exit(60_000, { outcome: { by: "exit", code: 78 } }), quickEnds: 0 }, 0).restartAt).toBe(endOfTime);
});

test.each(["restart", "scaled", "retired", "stopped"] as const)("an end that was asked for (%s) is no restart", (stopped) => {
  const end = exit(5, { stopped, outcome: { by: "exit", code: 78 } });
  expect(restart({ startedAt, exit: end, quickEnds: 3 }, 0)).toEqual({ restartAt: end.at, quickEnds: 3, counts: false });
});

test("the pause is never longer than a minute, never none, and it always comes to a next try", () => {
  fc.assert(
    fc.property(fc.nat(100_000), fc.nat(5_000), fc.double({ min: 0, max: 0.999, noNaN: true }), (quickEnds, livedMs, chance) => {
      const pause = pauseMs(exit(livedMs, { wasReady: false }), quickEnds, chance);
      expect(pause).toBeGreaterThanOrEqual(500);
      expect(pause).toBeLessThanOrEqual(60_000);
    }),
  );
});

test("people are told what comes next", () => {
  const now = startedAt;
  expect(nextStartText(now, exit(0), now)).toBe("; starting it again");
  expect(nextStartText((now + 4_000) as Instant, exit(0), now)).toBe("; starting it again in 4 s");
  expect(nextStartText(endOfTime, exit(0), now)).toMatch(/not started again/);
  expect(nextStartText(now, exit(0, { stopped: "scaled" }), now)).toBe("");
});
