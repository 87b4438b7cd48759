import { describe, expect, test } from "vitest";
import { baseOf, candidateOf, currentOf, kept, overtaken } from "../src/history.ts";
import { record } from "./support/release.ts";

describe("history", () => {
  test("the current release is the newest that was good, whatever failed after it", () => {
    expect(currentOf([record(1, "succeeded"), record(2, "succeeded"), record(3, "failed")])?.release.version).toBe(2);
    expect(currentOf([record(1, "failed"), record(2)])).toBeUndefined();
  });

  test("the candidate is the newest release while nothing is known of it", () => {
    expect(candidateOf([record(1, "succeeded"), record(2)])?.release.version).toBe(2);
    expect(candidateOf([record(1), record(2, "succeeded")])).toBeUndefined();
  });

  test("a release without an outcome that a newer one followed was overtaken", () => {
    expect(overtaken([record(1), record(2), record(3)]).map((each) => each.release.version)).toEqual([1, 2]);
  });

  test("the next release builds upon one that waits, not upon one that failed", () => {
    expect(baseOf([record(1, "succeeded"), record(2)])?.release.version).toBe(2);
    expect(baseOf([record(1, "succeeded"), record(2, "failed")])?.release.version).toBe(1);
  });

  test("builds are kept for the last good releases and for those on their way, not for failed ones", () => {
    const records = [record(1, "succeeded"), record(2, "succeeded"), record(3, "failed"), record(4, "succeeded"), record(5)];
    expect([...kept(records, 2)]).toEqual([2, 4, 5]);
  });
});
