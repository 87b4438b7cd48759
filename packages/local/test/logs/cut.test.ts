import fc from "fast-check";
import { expect, test } from "vitest";
import { cut, lineLimitBytes } from "../../src/logs/cut.ts";
import { expired, segmentLimitBytes } from "../../src/logs/retention.ts";

test("whole lines are stored; what follows the last newline waits", () => {
  expect(cut(Buffer.from("a\nb\nc"), false, 0)).toEqual({ length: 4, continues: false });
  expect(cut(Buffer.from("abc"), false, 0)).toEqual({ length: 0, continues: false });
  expect(cut(Buffer.from(""), true, 0)).toEqual({ length: 0, continues: false });
});

test("at the end the rest is a line", () => {
  expect(cut(Buffer.from("a\nb"), true, 100)).toEqual({ length: 3, continues: false });
});

test("a line that passed the limit is stored in pieces, which keep back what could be the beginning of a secret", () => {
  const long = Buffer.alloc(lineLimitBytes + 500, "x");
  expect(cut(long, false, 0)).toEqual({ length: long.length - 1, continues: true });
  expect(cut(long, false, 100)).toEqual({ length: long.length - 100, continues: true });
  expect(cut(long.subarray(0, lineLimitBytes), false, 0).length).toBe(0);
  expect(cut(long, true, 100)).toEqual({ length: long.length - 100, continues: true });
});

test("pieces divide no character", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", minLength: 1 }), (text) => {
      const long = Buffer.from(text.replaceAll("\n", " ").repeat(lineLimitBytes + 10));
      const { length } = cut(long, false, 7);
      expect(long.subarray(0, length).toString()).not.toContain("\ufffd");
      expect(long.length - length).toBeLessThanOrEqual(10);
    }),
    { numRuns: 20 },
  );
});

test("what is deleted is the fewest of the oldest with which the bounds hold, and never the one in use", () => {
  const segments = fc.array(fc.record({ bytes: fc.integer({ min: 1, max: 2_000 }), writtenAt: fc.integer({ min: 0, max: 1_000 }) }), {
    maxLength: 30,
  });
  fc.assert(
    fc.property(segments, fc.integer({ min: 8, max: 20_000 }), fc.nat(1_000), (unordered, maxBytes, maxAgeMs) => {
      const list = unordered.toSorted((a, b) => a.writtenAt - b.writtenAt);
      const retention = { maxBytes, maxAgeMs };
      const holds = (kept: typeof list): boolean => {
        const inUse = kept.at(-1);
        const bytes = kept.slice(0, -1).reduce((sum, one) => sum + one.bytes, Math.max(500, inUse?.bytes ?? 0));
        return kept.length <= 1 || (bytes <= maxBytes && kept.slice(0, -1).every(({ writtenAt }) => writtenAt >= 1_000 - maxAgeMs));
      };
      const count = expired(list, retention, 500, 1_000);
      expect(count).toBeLessThanOrEqual(Math.max(0, list.length - 1));
      expect(holds(list.slice(count))).toBe(true);
      if (count > 0) expect(holds(list.slice(count - 1))).toBe(false);
    }),
  );
});

test("a segment is an eighth of what is kept, within reason", () => {
  expect(segmentLimitBytes({ maxBytes: 256 * 2 ** 20, maxAgeMs: 1 })).toBe(8 * 2 ** 20);
  expect(segmentLimitBytes({ maxBytes: 2 ** 20, maxAgeMs: 1 })).toBe(2 ** 17);
  expect(segmentLimitBytes({ maxBytes: 10, maxAgeMs: 1 })).toBe(4096);
});
