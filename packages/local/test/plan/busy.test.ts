import type { Instant } from "@douze/core";
import { expect, test } from "vitest";
import { busyDeadline } from "../../src/plan/busy.ts";

const at = 1_795_260_000_000 as Instant;
const deadline = (at + 30_000) as Instant;
const told = (said: string | undefined): number | undefined => busyDeadline({ at, deadline, busyMs: 600_000, said });

test.each([
  ["a time after its deadline", `${(at + 90_000) / 1000}\n`, at + 90_000],
  ["a fraction of a second", `${(at + 90_500) / 1000}`, at + 90_500],
  ["a time after the declared ceiling, which is the ceiling's then", `${(at + 9_000_000) / 1000}`, at + 600_000],
])("a process is given the time that it says: %s", (_name, said, until) => {
  expect(told(said)).toBe(until);
});

test.each([
  ["nothing", undefined],
  ["an empty file", ""],
  ["no time", "soon"],
  ["a time before its deadline", `${(at + 10_000) / 1000}`],
  ["a date", "2026-11-22"],
  ["a number that is none", "1e99"],
])("its deadline stands: %s", (_name, said) => {
  expect(told(said)).toBeUndefined();
});
