import type { Exit, Instant, Outcome } from "@douze/core";
import { expect, test } from "vitest";
import { abnormalEnd, abnormalRunEnd } from "../../src/plan/ending.ts";

const declared = { bootMs: 60_000, memoryBytes: 512 * 2 ** 20 };
const code = (number: number): Outcome => ({ by: "exit", code: number });
const signal = (name: string): Outcome => ({ by: "signal", signal: name });

test.each<[string | undefined, Outcome, Exit["stopped"], number?]>([
  ["exited with status 3", code(3), undefined],
  ["exited with status 0, but it should stay up", code(0), undefined],
  ["exited with status 78: its configuration is wrong", code(78), undefined],
  ["killed by SIGSEGV", signal("SIGSEGV"), undefined],
  ["killed by SIGTERM", signal("SIGTERM"), undefined],
  ["ended unseen", { by: "unknown" }, undefined],
  [undefined, code(0), "scaled"],
  [undefined, signal("SIGTERM"), "retired"],
  ["exited with status 1 after SIGTERM", code(1), "stopped"],
  ["killed after 30 s: it ignored SIGTERM", signal("SIGKILL"), "restart", 30_000],
  ["over its memory limit of 512 MiB", code(0), "memory"],
  ["stopped: it did not answer its liveness path; killed after 1.5 s: it ignored SIGTERM", signal("SIGKILL"), "liveness", 1_500],
  ["stopped: it was not ready within 60 s", signal("SIGTERM"), "boot-timeout"],
])("%s", (text, outcome, stopped, killedAfterMs) => {
  const exit: Exit = { at: 0 as Instant, outcome, wasReady: true, ...(stopped && { stopped }) };
  expect(abnormalEnd({ exit, killedAfterMs, declared })).toBe(text);
});

test.each<[string | undefined, Outcome, boolean, boolean]>([
  [undefined, code(0), false, false],
  [undefined, signal("SIGTERM"), true, false],
  ["exited with status 2", code(2), false, false],
  ["killed by SIGKILL after SIGTERM", signal("SIGKILL"), true, false],
  ["stopped: it did not end within 60 s", signal("SIGTERM"), true, true],
])("of a run: %s", (text, outcome, asked, timedOut) => {
  expect(abnormalRunEnd(outcome, asked, timedOut, 60_000)).toBe(text);
});
