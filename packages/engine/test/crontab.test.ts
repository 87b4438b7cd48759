import { expect, test } from "vitest";
import { dueBetween, nextDue } from "../src/crontab.ts";
import { at } from "./support/release.ts";

const instant = (text: string): ReturnType<typeof at> => at(Date.parse(text));
const texts = (list: readonly number[]): string[] => list.map((each) => new Date(each).toISOString());

test("a daily entry keeps its hour in its own time zone when the clocks change", () => {
  const due = dueBetween("30 3 * * *", "Europe/Berlin", instant("2026-10-23T12:00:00Z"), instant("2026-10-26T12:00:00Z"));
  expect(texts(due)).toEqual(["2026-10-24T01:30:00.000Z", "2026-10-25T02:30:00.000Z", "2026-10-26T02:30:00.000Z"]);
});

test("an hour that does not exist in spring runs once all the same, or not at all, but never twice", () => {
  const due = dueBetween("30 2 * * *", "Europe/Berlin", instant("2026-03-28T12:00:00Z"), instant("2026-03-30T12:00:00Z"));
  expect(new Set(due).size).toBe(due.length);
  expect(due.length).toBeLessThanOrEqual(2);
  expect(texts(due)).toContain("2026-03-30T00:30:00.000Z");
});

test("the instant that was last looked at is not due again, the present one is", () => {
  const due = dueBetween("* * * * *", "UTC", instant("2026-01-01T00:00:00Z"), instant("2026-01-01T00:02:00Z"));
  expect(texts(due)).toEqual(["2026-01-01T00:01:00.000Z", "2026-01-01T00:02:00.000Z"]);
});

test("after a long absence only the newest hundred are told", () => {
  const due = dueBetween("* * * * *", "UTC", instant("2026-01-01T00:00:00Z"), instant("2026-01-02T00:00:00Z"));
  expect(due).toHaveLength(100);
  expect(texts(due).at(-1)).toBe("2026-01-02T00:00:00.000Z");
});

test("a schedule that never comes again has no next instant", () => {
  expect(nextDue("0 0 30 2 *", "UTC", instant("2026-01-01T00:00:00Z"))).toBeUndefined();
});
