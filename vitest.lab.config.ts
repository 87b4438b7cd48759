import { defineConfig } from "vitest/config";
import { CountReporter } from "./test/reporter.ts";

/**
 * What keeps the lab honest, app by app and break by break: `npm run test:lab`. Two apps at a time: an experiment mostly waits, and one that
 * has too little of the machine must come to the same verdict.
 */
export default defineConfig({
  resolve: { conditions: ["douze-source"] },
  ssr: { resolve: { conditions: ["douze-source"] } },
  test: {
    include: ["packages/lab/test/*.lab.test.ts"],
    execArgv: ["--conditions=douze-source"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 900_000,
    retry: Number(process.env["TEST_RETRIES"] ?? 0),
    reporters: [new CountReporter("node_modules/.cache/test-count-lab"), "verbose"],
  },
});
