import type { Finding, Ruling, Severity } from "../model/verdict.ts";
import { unknown } from "../model/verdict.ts";

const weights: readonly Severity[] = ["note", "warning", "error"];

/** How often an experiment is run, and what its runs together mean. */
export interface Repetition {
  /** As often a fail must be seen. */
  readonly fails: number;
  /** As often a pass must be seen. */
  readonly passes: number;
}

export type Next = { readonly do: "run" } | { readonly do: "conclude"; readonly ruling: Ruling; readonly run: number };

/**
 * Whether an experiment is run again, or what it came to. Pure.
 *
 * One that fails is run until it has failed `fails` times. Where runs disagree there is one more round; where those disagree as well, it
 * is unknown: what changes from run to run is not proven.
 */
export function conclude(runs: readonly Ruling[], { fails, passes }: Repetition): Next {
  const latest = runs.at(-1);
  if (!latest) return { do: "run" };
  const failed = runs.filter(({ verdict }) => verdict === "fail").length;
  const concluded: Next = { do: "conclude", ruling: capped(latest), run: runs.length - 1 };
  if (failed === 0) return latest.verdict === "pass" && runs.length < passes ? { do: "run" } : concluded;
  const wanted = isRead(latest) ? 1 : fails;
  if (failed === runs.length) return failed < wanted ? { do: "run" } : concluded;
  // They disagree: only a whole round that fails, after the one that did not agree, proves anything.
  const round = runs.slice(-fails);
  if (runs.length > fails && round.length === fails && round.every(({ verdict }) => verdict === "fail")) return concluded;
  if (runs.length < 2 * fails) return { do: "run" };
  const because = `it failed in ${failed} of ${runs.length} runs`;
  const ruling = unknown("unstable", because, "run it again with `--only` on a quiet machine; what fails now and then deserves a look");
  return { do: "conclude", ruling, run: runs.length - 1 };
}

/** What is read from the code is the same each time. */
function isRead(ruling: Ruling): boolean {
  return ruling.verdict === "fail" && (ruling.confidence === "exact" || ruling.confidence === "inferred");
}

/** Only what is proven, or an exact fact, may be an error. */
export function capped(ruling: Ruling): Ruling {
  if (ruling.verdict !== "fail" || ruling.confidence === "proven" || ruling.confidence === "exact") return ruling;
  const [first, ...rest] = ruling.findings.map(
    (finding): Finding => (finding.severity === "error" ? { ...finding, severity: "warning" } : finding),
  );
  return first ? { ...ruling, findings: [first, ...rest] } : ruling;
}

/** Whether one weighs at least as much as another. */
export function weighs(severity: Severity, atLeast: Severity): boolean {
  return weights.indexOf(severity) >= weights.indexOf(atLeast);
}
