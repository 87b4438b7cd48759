import type { Change } from "./change.ts";

/**
 * How much it matters. `error`: loses data, requests or secrets, or cannot run elsewhere. `warning`: breaks the contract with limited
 * harm, or only on some platforms. `note`: advice.
 */
export type Severity = "error" | "warning" | "note";

/**
 * How sure it is. `proven`: seen, repeated, and absent in the control. `exact`: a static fact that cannot be otherwise, such as a
 * private key in the tree. `observed`: seen, and could not be repeated. `inferred`: read from the code, and not seen happen.
 */
export type Confidence = "proven" | "exact" | "observed" | "inferred";

/** Why a check could not tell. Stable; documented in `docs/lab.md`. */
export type UnknownReason =
  | "no-start"
  | "no-url"
  | "no-power"
  | "no-engine"
  | "no-sandbox"
  | "unstable"
  | "budget"
  | "needs-hint"
  | "tool-missing"
  | "machine";

/** A place in the codebase, relative to the app's folder; lines count from 1. */
export interface CodePlace {
  readonly file: string;
  readonly line?: number;
  /** The line itself, without secrets. */
  readonly text?: string;
}

/** One thing that the app does and should not. */
export interface Finding {
  /** What it is about, stable from run to run and from machine to machine: a variable, a path's pattern, a host, a route. Never a line, port or pid. */
  readonly subject: string;
  readonly severity: Severity;
  /** What was seen, with its numbers, in one sentence without a full stop. Never holds a secret. */
  readonly what: string;
  /** More of it, a line each. */
  readonly details?: readonly string[];
  readonly where?: CodePlace;
  /** What the same experiment showed without the fault; for what is read from the code, why it cannot be otherwise. */
  readonly control: string;
  readonly fix?: Fix;
}

/** What to do about a finding. */
export interface Fix {
  readonly text: string;
  /** The same as a change that the lab can try: the experiment runs again with it. */
  readonly change?: Change;
}

/**
 * What one run of an experiment shows. A pass says what made it able to fail (`power`); a fail has findings, and each its control; what
 * could not be told says why, and what to add so that it can be.
 */
export type Ruling =
  | { readonly verdict: "pass"; readonly what: string; readonly power: string }
  | { readonly verdict: "fail"; readonly confidence: Confidence; readonly findings: readonly [Finding, ...Finding[]] }
  | { readonly verdict: "inapplicable"; readonly because: string }
  | { readonly verdict: "unknown"; readonly reason: UnknownReason; readonly because: string; readonly add: string };

export type Verdict = Ruling["verdict"];

export function pass(what: string, power: string): Ruling {
  return { verdict: "pass", what, power };
}

/** A fail of all that was found; a pass where nothing was. */
export function failOr(findings: readonly Finding[], confidence: Confidence, otherwise: Ruling): Ruling {
  const [first, ...rest] = findings;
  return first ? { verdict: "fail", confidence, findings: [first, ...rest] } : otherwise;
}

export function inapplicable(because: string): Ruling {
  return { verdict: "inapplicable", because };
}

/** @param add - what would make it testable, as an instruction */
export function unknown(reason: UnknownReason, because: string, add: string): Ruling {
  return { verdict: "unknown", reason, because, add };
}
