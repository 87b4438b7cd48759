import { type PastRelease, type Problem, type ReleaseReason, rollbackTarget } from "@douze/core";
import { describe, expect, test } from "vitest";
import { at, version } from "../support/world.ts";

const good = (number: number, reason: ReleaseReason = { kind: "deploy" }): PastRelease => ({
  version: version(number),
  reason,
  outcome: { kind: "succeeded", at: at(0) },
});
const bad = (number: number): PastRelease => ({
  version: version(number),
  reason: { kind: "deploy" },
  outcome: { kind: "failed", at: at(0), step: "boot", why: "" },
});
const backTo = (to: number): ReleaseReason => ({ kind: "rollback", to: version(to) });

describe("rollbackTarget", () => {
  test.each<[string, PastRelease[], number]>([
    ["the last good one before the current", [good(1), good(2), good(3)], 2],
    ["past those that failed", [good(1), bad(2), good(3)], 1],
    ["past failed ones after the current", [good(1), good(2), bad(3)], 1],
    ["one further back when the current is a rollback", [good(1), good(2), good(3), good(4, backTo(2))], 1],
    ["further back through a chain of rollbacks", [good(1), good(2), good(3), good(4, backTo(3)), good(5, backTo(4))], 2],
    ["before a release made after a rollback, that rollback", [good(1), good(2), good(3, backTo(1)), good(4)], 3],
  ])("with none named goes to %s", (_name, history, target) => {
    expect(rollbackTarget(history)).toBe(target);
  });

  test("goes where it is told", () => {
    expect(rollbackTarget([good(1), good(2), good(3)], version(1))).toBe(1);
  });

  test.each<[string, PastRelease[], number | undefined]>([
    ["nothing was ever good", [bad(1)], undefined],
    ["only one was good", [good(1), bad(2)], undefined],
    ["the named one does not exist", [good(1), good(2)], 9],
    ["the named one failed", [good(1), bad(2), good(3)], 2],
    ["the named one is current", [good(1), good(2)], 2],
  ])("refuses when %s", (_name, history, asked) => {
    const refused = (): unknown => rollbackTarget(history, asked === undefined ? undefined : version(asked));
    expect(refused).toThrow(expect.objectContaining<Partial<Problem>>({ code: "nothing-to-roll-back-to" }));
  });
});
