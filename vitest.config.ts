import { configDefaults, defineConfig } from "vitest/config";
import { CountReporter } from "./test/reporter.ts";

export default defineConfig({
  resolve: { conditions: ["douze-source"] },
  ssr: { resolve: { conditions: ["douze-source"] } },
  test: {
    include: ["packages/*/test/**/*.test.ts", "test/**/*.test.ts"],
    exclude: [...configDefaults.exclude, "**/*.cluster.test.ts", "**/*.frameworks.test.ts", "**/*.lab.test.ts"],
    execArgv: ["--conditions=douze-source"],
    pool: "forks",
    detectAsyncLeaks: true,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    retry: Number(process.env["TEST_RETRIES"] ?? 0),
    reporters: [new CountReporter(), "default"],
  },
});
