import fc from "fast-check";
import { expect, test } from "vitest";
import { Chance } from "../src/chance.ts";

test("the same seed gives the same, on every machine", () => {
  const chance = new Chance("7f3a");
  expect([chance.hex(12), chance.hex(12), chance.of("ports").whole(20_000, 29_000)]).toEqual(["05be370b9f2f", "a8238df3b43a", 23_838]);
});

test("for another purpose it is independent: what one takes changes nothing for the other", () => {
  fc.assert(
    fc.property(fc.string(), fc.nat({ max: 20 }), (seed, taken) => {
      const [one, two] = [new Chance(seed), new Chance(seed)];
      for (let count = 0; count < taken; count++) one.fraction();
      expect(one.of("a").hex(16)).toBe(two.of("a").hex(16));
      expect(one.of("a").hex(16)).not.toBe(one.of("b").hex(16));
    }),
  );
});

test("numbers stay in their bounds, and reach both", () => {
  const chance = new Chance("bounds");
  const dice = Array.from({ length: 500 }, () => chance.whole(1, 6));
  expect([...new Set(dice)].toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6]);
  const fractions = Array.from({ length: 500 }, () => chance.fraction());
  expect(fractions.every((each) => each >= 0 && each < 1)).toBe(true);
  const mean = fractions.reduce((sum, each) => sum + each, 0) / 500;
  expect(mean).toBeGreaterThan(0.4);
  expect(mean).toBeLessThan(0.6);
});
