import { mkdirSync, writeFileSync } from "node:fs";
import type { Reporter, TestModule, Vitest } from "vitest/node";

/**
 * Closes a run with one line that counts, `N passed, N failed, N skipped`, also kept in a file for scripts; and fails a run whose
 * tests left something open, which vitest reports but does not count.
 */
export class CountReporter implements Reporter {
  #leaks = 0;
  #vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    // A promise that nobody settles holds nothing open, and web streams leave some behind; what counts is sockets, children, timers.
    this.#leaks = [...(this.#vitest?.state.leakSet ?? [])].filter(({ type }) => type !== "PROMISE").length;
    const count = { passed: 0, failed: 0, skipped: 0 };
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === "passed") count.passed += 1;
        else if (state === "failed") count.failed += 1;
        else count.skipped += 1;
      }
      if (!module.ok() && module.errors().length > 0) count.failed += 1;
    }
    if (this.#leaks > 0 || errors.length > 0) process.exitCode = 1;
    count.failed += this.#leaks + errors.length;
    const line = `${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`;
    mkdirSync("node_modules/.cache", { recursive: true });
    writeFileSync("node_modules/.cache/test-count", `${line}\n`);
    process.on("exit", () => console.log(line));
  }
}
