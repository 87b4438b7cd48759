import { expect, test } from "vitest";
import { nextStrike } from "../../src/factors/09-disposability/sigterm-in-flight.ts";

const hit = (read: number) => ({ strike: { struck: true as const, at: 0, read, unread: 0, waiting: 0 } });
const missed = (most: number) => ({ strike: { struck: false as const, most } });

test.for([
  ["at first as many as show something", [], 3],
  ["no more when it had them", [hit(3)], undefined],
  ["one at a time where it never has more", [missed(1)], 1],
  ["once more", [missed(1), hit(1)], 1],
  ["until there are enough in all", [missed(1), hit(1), hit(1), hit(1)], undefined],
  ["two at a time", [missed(2)], 2],
  ["nothing where it never has any", [missed(0)], undefined],
  ["nothing where it has none any more", [missed(1), missed(0)], undefined],
] as const)("%s", ([, earlier, expected]) => {
  expect(nextStrike(earlier)).toBe(expected);
});
