import type { Instant, ProcessType, ReleaseVersion } from "@douze/core";
import { expect, test } from "vitest";
import { routeTargets } from "../../src/plan/routes.ts";

const v = (number: number): ReleaseVersion => number as ReleaseVersion;
const process = (
  id: string,
  rest: {
    readonly phase?: "starting" | "ready";
    readonly release?: number;
    readonly routed?: boolean;
    readonly index?: number;
    readonly port?: number;
  },
) => ({
  id,
  slot: { process: "web" as ProcessType, index: rest.index ?? 1, release: v(rest.release ?? 4) },
  startedAt: 0 as Instant,
  routed: rest.routed ?? true,
  phase: rest.phase ?? "ready",
  port: rest.port ?? 20_000,
});

test("requests go to the ready processes of the routed release", () => {
  const processes = [
    process("second", { index: 2, port: 2 }),
    process("first", { port: 1 }),
    process("booting", { phase: "starting", index: 3 }),
    process("former", { release: 3 }),
    process("worker", { routed: false }),
  ];
  const targets = [
    { name: "first", port: 1 },
    { name: "second", port: 2 },
  ];
  expect(routeTargets(processes, v(4))).toEqual(targets);
  expect(routeTargets(processes, v(5))).toEqual([]);
  expect(routeTargets(processes, undefined)).toEqual([]);
});

test("while a slot is refreshed both its processes get requests", () => {
  expect(routeTargets([process("old", {}), process("new", { port: 2 })], v(4))).toHaveLength(2);
});
