import { expect, test } from "vitest";
import { SteadyClock } from "../src/steady-clock.ts";

test("it goes on evenly while the machine's clock jumps, until it is set right", () => {
  let [wall, monotonic] = [1_000_000, 50];
  const clock = new SteadyClock({ wall: () => wall, monotonic: () => monotonic });
  expect(clock.now()).toBe(1_000_000);
  monotonic += 500;
  wall += 86_400_000;
  expect(clock.now()).toBe(1_000_500);
  clock.sync();
  expect(clock.now()).toBe(87_400_000);
  wall -= 999_999;
  monotonic += 1;
  expect(clock.now()).toBe(87_400_001);
  clock.sync();
  expect(clock.now()).toBe(86_400_001);
});
