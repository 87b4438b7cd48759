import { defineConfig } from "vitest/config";
import { CountReporter } from "./test/reporter.ts";

/**
 * Real frameworks on the socket that they are handed: `npm run test:frameworks`. What they need is installed once, into
 * `node_modules/.cache/frameworks`.
 */
export default defineConfig({
  resolve: { conditions: ["douze-source"] },
  ssr: { resolve: { conditions: ["douze-source"] } },
  test: {
    include: ["packages/*/test/*.frameworks.test.ts"],
    execArgv: ["--conditions=douze-source"],
    pool: "forks",
    maxWorkers: 4,
    testTimeout: 180_000,
    hookTimeout: 180_000,
    retry: Number(process.env["TEST_RETRIES"] ?? 0),
    reporters: [new CountReporter("node_modules/.cache/test-count-frameworks"), "verbose"],
  },
});
