/** Every code that Douze can answer with; each has a page `docs/problems/<code>.md`. Sorted. */
export const problemCodes = [
  "cron-unknown",
  "engine-not-running",
  "engine-stopping",
  "ledger-unreadable",
  "name-invalid",
  "no-release",
  "nothing-to-roll-back-to",
  "process-unknown",
  "release-failed",
  "release-unknown",
  "resource-missing",
  "resource-unknown",
  "resource-unreachable",
  "run-unknown",
  "scale-invalid",
] as const;

/** A stable name for a kind of problem. */
export type ProblemCode = (typeof problemCodes)[number];
