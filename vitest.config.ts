import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { conditions: ["douze-source"] },
  ssr: { resolve: { conditions: ["douze-source"] } },
  test: {
    include: ["packages/*/test/**/*.test.ts", "test/**/*.test.ts"],
    execArgv: ["--conditions=douze-source"],
    pool: "forks",
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
