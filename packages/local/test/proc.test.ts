import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { bootId, isRunning, machine, outcomeOf, procStat, send } from "../src/proc.ts";
import { groupUsage } from "../src/usage.ts";

test("a process is known by its pid and its start", async () => {
  const child = spawn("sleep", ["60"], { detached: true });
  const exit = once(child, "exit");
  const stat = procStat(child.pid ?? 0);
  expect(stat).toMatchObject({ pid: child.pid, group: child.pid });
  expect(stat?.startTicks).toBeGreaterThanOrEqual(procStat(process.pid)?.startTicks ?? Number.POSITIVE_INFINITY);
  expect(isRunning(stat)).toBe(true);
  expect(send(-(child.pid ?? 0), "SIGKILL")).toBe(true);
  await exit;
  expect(isRunning(procStat(child.pid ?? 0))).toBe(false);
  expect(send(child.pid ?? 0, "SIGTERM")).toBe(false);
});

test("the machine's start has a name", () => {
  expect(bootId()).toMatch(/^[0-9a-f-]{36}$/);
});

test("the memory of a group is that of all its members", async () => {
  const child = spawn("sh", ["-c", "sleep 60 & sleep 60 & echo; wait"], { detached: true });
  const exit = once(child, "exit");
  await once(child.stdout, "data");
  const group = child.pid ?? 0;
  const own = (procStat(group)?.residentPages ?? 0) * machine().pageBytes;
  const usage = await groupUsage(new Set([group]));
  expect([...usage.keys()]).toEqual([group]);
  expect(usage.get(group)?.bytes).toBeGreaterThan(own);
  send(-group, "SIGKILL");
  await exit;
});

test("the CPU time of a group has that of children which have ended", async () => {
  const burn = "node -e 'const end=process.cpuUsage().user+400000;while(process.cpuUsage().user<end);'";
  const child = spawn("sh", ["-c", `${burn}; echo; sleep 60`], { detached: true });
  const exit = once(child, "exit");
  await once(child.stdout, "data");
  const group = child.pid ?? 0;
  expect((await groupUsage(new Set([group]))).get(group)?.cpuMs).toBeGreaterThanOrEqual(300);
  send(-group, "SIGKILL");
  await exit;
});

test.each([
  [0, { by: "exit", code: 0 }],
  [127, { by: "exit", code: 127 }],
  [128, { by: "exit", code: 128 }],
  [137, { by: "signal", signal: "SIGKILL" }],
  [143, { by: "signal", signal: "SIGTERM" }],
  [255, { by: "exit", code: 255 }],
])("a shell's status %i", (status, outcome) => {
  expect(outcomeOf(status)).toEqual(outcome);
});
