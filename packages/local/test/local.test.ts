import { driverCases } from "@douze/engine/exam";
import { expect, test } from "vitest";
import { LocalBench } from "./support/local-bench.ts";

test.each(driverCases)("exam: $name", { timeout: 20_000 }, async ({ run }) => {
  await using bench = await LocalBench.open();
  await run(bench, AbortSignal.timeout(15_000));
  expect(bench.router.tables.length).toBeGreaterThan(0);
});
