import type { AnyCheck } from "../model/check.ts";
import { idOf } from "../model/check.ts";
import type { Examination } from "../model/examination.ts";
import { type FactorName, factorNames } from "../model/factor.ts";
import type { Severity, Verdict } from "../model/verdict.ts";
import { type Accepted, counts } from "./accept.ts";
import { weighs } from "./conclude.ts";

/** How an app stands to a factor. */
export type FactorState = "holds" | "breaks" | "waived" | "not applicable" | "untested";

export interface FactorOutcome {
  readonly factor: FactorName;
  readonly state: FactorState;
}

/** What an examination comes to as a whole. No arithmetic: one breach is not made good by ten passes. */
export interface Outcome {
  readonly factors: readonly FactorOutcome[];
  /** Core checks that came to a verdict, of those that concern the app. */
  readonly coverage: { readonly tested: number; readonly of: number };
  readonly unknown: number;
}

/**
 * Pure. A factor breaks with a finding that weighs a warning or more and that nobody has waived: one of the baseline too, since that excuses a
 * pipeline and mends nothing. It is waived where such findings are waived and nothing else is; it holds where a core check passed and there is
 * none of them; it is untested where its core checks could not tell.
 */
export function outcomeOf(
  { results }: Pick<Examination, "results">,
  { findings }: Pick<Accepted, "findings">,
  checks: readonly AnyCheck[],
): Outcome {
  const core = new Set(checks.filter((check) => check.core).map(idOf));
  const factors = factorNames.map((factor): FactorOutcome => {
    const cores = results.filter(({ id }) => id.startsWith(`${factor}/`) && core.has(id)).map(({ ruling }) => ruling.verdict);
    const weighty = findings.filter(({ id, finding }) => id.startsWith(`${factor}/`) && weighs(finding.severity, "warning"));
    return { factor, state: stateOf(cores, weighty) };
  });
  const concerning = results.filter(({ id, ruling }) => core.has(id) && ruling.verdict !== "inapplicable");
  return {
    factors,
    coverage: { tested: concerning.filter(({ ruling }) => ruling.verdict !== "unknown").length, of: concerning.length },
    unknown: results.filter(({ ruling }) => ruling.verdict === "unknown").length,
  };
}

function stateOf(cores: readonly Verdict[], weighty: Accepted["findings"]): FactorState {
  if (weighty.some(({ standing }) => standing.kind !== "waived")) return "breaks";
  if (weighty.length > 0) return "waived";
  if (cores.length > 0 && cores.every((verdict) => verdict === "inapplicable")) return "not applicable";
  // A core check that found a mere note has been able to find more.
  return cores.some((verdict) => verdict === "pass" || verdict === "fail") ? "holds" : "untested";
}

export interface Limits {
  /** From which severity on a finding makes the run fail. */
  readonly failOn: Severity;
  /** How many checks may be unknown; absent: any number. */
  readonly maxUnknown?: number;
}

/**
 * The exit code: 0 nothing that counts, 1 findings, 3 the lab could not run the app or had no place for it, 4 more was unknown than allowed.
 * What could not be tested is never 0 without a word, nor 1.
 */
export function exitCode(
  examination: Pick<Examination, "results">,
  { findings }: Pick<Accepted, "findings">,
  { failOn, maxUnknown }: Limits,
): 0 | 1 | 3 | 4 {
  if (findings.some(({ finding, standing }) => counts(standing) && weighs(finding.severity, failOn))) return 1;
  const { results } = examination;
  const notRun = results.filter(({ ruling }) => ruling.verdict === "unknown" && ["no-start", "no-sandbox"].includes(ruling.reason));
  if (notRun.length > 0) return 3;
  const unknown = results.filter(({ ruling }) => ruling.verdict === "unknown").length;
  return maxUnknown !== undefined && unknown > maxUnknown ? 4 : 0;
}
