import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { Problem } from "@douze/core";
import type { BuildStep } from "./plan.ts";
import { buildFailed, lockStale } from "./problems.ts";

export interface Surroundings {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly onLine: (line: string) => void;
  readonly signal: AbortSignal;
}

const keptLines = 30;
const longestLine = 2_000;

/**
 * Runs one step in a process group of its own, which ends with the signal.
 *
 * @throws Problem build-failed, lock-stale - with its last lines
 */
export async function execute(step: BuildStep, { cwd, env, onLine, signal }: Surroundings): Promise<void> {
  signal.throwIfAborted();
  const child = spawn("/bin/sh", ["-c", step.command], { cwd, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  const first: string[] = [];
  const last: string[] = [];
  let stale = false;
  const hear = (line: string): void => {
    const text = line.slice(0, longestLine);
    // A package manager says first what is wrong, and then how it is used, at length.
    stale ||= step.stale?.pattern.test(text) ?? false;
    if (first.length < keptLines) first.push(text);
    last.push(text);
    if (last.length > keptLines) last.shift();
    onLine(text);
  };
  const end = (): void => {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  };
  signal.addEventListener("abort", end, { once: true });
  for (const input of [child.stdout, child.stderr]) createInterface({ input }).on("line", hear);
  const { promise, resolve, reject } = Promise.withResolvers<string | undefined>();
  child.on("error", reject);
  child.on("close", (code, killed) => {
    if (killed !== null) resolve(`was killed by ${killed}`);
    else resolve(code === 0 ? undefined : `exited with status ${code}`);
  });
  try {
    const ending = await promise;
    if (signal.aborted) throw interrupted();
    if (ending === undefined) return;
    if (step.stale && stale) throw lockStale(step.stale.file, step.stale.mend, first);
    throw buildFailed(step.title, ending, last);
  } finally {
    signal.removeEventListener("abort", end);
  }
}

function interrupted(): Problem {
  return new Problem({
    code: "build-interrupted",
    what: "the build was interrupted",
    why: "it was asked to stop",
    fix: "start it again: what is there of it is not used",
  });
}
