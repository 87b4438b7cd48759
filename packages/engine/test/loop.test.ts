import type { Instant, Observed } from "@douze/core";
import { expect, test } from "vitest";
import { Loop } from "../src/loop.ts";

const observed: Observed = { at: 0 as Instant, releases: [], maintenance: false, runs: [] };

test("a look that is asked for at any moment is taken", async () => {
  let looks = 0;
  const loop = new Loop({
    driver: {
      async *observe(signal: AbortSignal) {
        yield observed;
        await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      },
    } as never,
    clock: () => 0 as Instant,
    desired: () => {
      looks++;
      return { maintenance: false };
    },
    onObserved: async () => undefined,
    onVerdict: async () => undefined,
  });
  loop.start();
  await loop.until(() => true);
  await loop.rest();
  for (let steps = 0; steps < 40; steps++) {
    loop.look();
    for (let step = 0; step < steps; step++) await Promise.resolve();
    const before = looks;
    loop.look();
    await loop.rest();
    expect(`${steps} steps later: ${looks > before}`).toBe(`${steps} steps later: true`);
  }
  await loop[Symbol.asyncDispose]();
});
