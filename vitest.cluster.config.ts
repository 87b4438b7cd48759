import { defineConfig } from "vitest/config";
import { CountReporter } from "./test/reporter.ts";

/**
 * What needs a cluster, a registry or whole images, and the time for it: `npm run test:cluster`. What a test leaves open is not looked for,
 * since that makes those that move much data several times as slow.
 */
export default defineConfig({
  resolve: { conditions: ["douze-source"] },
  ssr: { resolve: { conditions: ["douze-source"] } },
  test: {
    include: ["packages/*/test/**/*.cluster.test.ts"],
    execArgv: ["--conditions=douze-source"],
    pool: "forks",
    // Each has a cluster of its own, and all the cores there are.
    fileParallelism: false,
    testTimeout: 180_000,
    hookTimeout: 180_000,
    retry: Number(process.env["TEST_RETRIES"] ?? 0),
    reporters: [new CountReporter("node_modules/.cache/test-count-cluster"), "default"],
  },
});
