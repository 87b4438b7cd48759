import type { Lab } from "../lab.ts";
import type { Capability } from "./capability.ts";
import { type FactorName, numeralOf } from "./factor.ts";
import type { Ruling, Severity } from "./verdict.ts";

/** From the cheapest: `static` reads, `standard` runs the app, `deep` takes its time. Each holds those before it. */
export const profiles = ["static", "standard", "deep"] as const;
export type Profile = (typeof profiles)[number];

/** An experiment: what is claimed of an app, how it is tried, and what the evidence means. */
export interface Check<Evidence = unknown> {
  /** `sigterm-in-flight`; with the factor's name before it, stable for ever. */
  readonly name: string;
  readonly factor: FactorName;
  /** What an app that holds it does, in one sentence without a full stop. */
  readonly claim: string;
  /** Static checks read the codebase alone. */
  readonly kind: "static" | "dynamic";
  /** The first profile that it is part of. */
  readonly profile: Profile;
  /** Whether its factor counts as untested without it. */
  readonly core: boolean;
  /** The most that a finding of it may weigh. */
  readonly severity: Severity;
  /** What the manifesto says, in a few of its words. */
  readonly norm: string;
  /** How it is tried, a sentence a step. */
  readonly method: readonly string[];
  /** False alarms that were met, and how each is avoided. */
  readonly guards: readonly string[];
  /** What it cannot see. */
  readonly limits?: string;
  /** Without which it is unknown. */
  readonly needs: readonly Capability[];
  /** Whether it says something of an app that does not come up undisturbed as well. Default false: it is unknown then. */
  readonly beforeStart?: boolean;
  /** How often a failing experiment must fail. Default 3; 2 where one takes more than half a minute. */
  readonly repeats?: number;
  /** How often a passing experiment is run in the standard profile. Default 1. */
  readonly passes?: number;
  /** Does things to the app and writes down what it saw, as plain data. */
  observe(lab: Lab): Promise<Evidence>;
  /** What that means. Pure. */
  judge(evidence: Evidence): Ruling;
}

/** A check among others, whose evidence is its own matter. */
export type AnyCheck = Omit<Check, "observe" | "judge"> & { observe(lab: Lab): Promise<unknown>; judge(evidence: never): Ruling };

/** `disposability/sigterm-in-flight`: stable. */
export function idOf({ factor, name }: Pick<AnyCheck, "factor" | "name">): string {
  return `${factor}/${name}`;
}

/** `IX.sigterm-in-flight`: for people; its number is the edition's. */
export function codeOf({ factor, name }: Pick<AnyCheck, "factor" | "name">): string {
  return `${numeralOf(factor)}.${name}`;
}
