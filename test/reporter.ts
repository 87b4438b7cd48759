import { mkdirSync, writeFileSync } from "node:fs";
import type { Reporter, TestCase, TestModule, Vitest } from "vitest/node";

/**
 * Closes a run with what failed, told once more in short, and one line that counts, `N passed, N failed, N skipped`, also kept in
 * a file for scripts; and fails a run whose tests left something open, which vitest reports but does not count.
 */
export class CountReporter implements Reporter {
  readonly #file: string;
  #leaks = 0;
  #vitest: Vitest | undefined;

  /** @param file - that keeps the count */
  constructor(file = "node_modules/.cache/test-count") {
    this.#file = file;
  }

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    this.#forgetMemory();
    this.#leaks = this.#vitest?.state.leakSet.size ?? 0;
    const count = { passed: 0, failed: 0, skipped: 0 };
    const failures: string[] = [];
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === "passed") count.passed += 1;
        else if (state === "failed") count.failed += 1;
        else count.skipped += 1;
        if (state === "failed") failures.push(inShort("FAILED", test));
        else if (test.diagnostic()?.flaky) failures.push(inShort("FLAKY", test));
      }
      if (!module.ok() && module.errors().length > 0) count.failed += 1;
    }
    if (this.#leaks > 0 || errors.length > 0) process.exitCode = 1;
    count.failed += this.#leaks + errors.length;
    const line = `${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`;
    mkdirSync("node_modules/.cache", { recursive: true });
    writeFileSync(this.#file, `${[...failures, line].join("\n")}\n`);
    process.on("exit", () => console.log([...failures, line].join("\n")));
  }

  /**
   * A promise that nobody settles holds nothing open, and web streams leave some behind; so does the note of a request of HTTP/2 that
   * was made before its session was there. What counts is sockets, children, timers.
   */
  #forgetMemory(): void {
    const leaks = this.#vitest?.state.leakSet;
    for (const leak of leaks ?? []) if (leak.type === "PROMISE" || leak.type === "PendingRequest") leaks?.delete(leak);
  }
}

const inShort = (how: string, test: TestCase): string => {
  const errors = (test.result().errors ?? []).map(({ message, stacks }) => {
    const at = stacks?.[0];
    return `  ${message.split("\n").slice(0, 12).join("\n  ")}${at === undefined ? "" : `\n  at ${at.file}:${at.line}`}`;
  });
  return [`${how} ${test.module.relativeModuleId} > ${test.fullName}`, ...errors].join("\n");
};
