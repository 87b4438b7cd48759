import type { ReleaseParts } from "./local-bench.ts";

/** What the owner runs. */
export const releases: Readonly<Record<number, ReleaseParts>> = {
  1: { processes: { web: { command: "node serve.mjs", routed: true }, worker: { command: "./count.sh 0.002" } } },
};

export const formation: Readonly<Record<string, number>> = { web: 1, worker: 2 };
