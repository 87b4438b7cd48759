import type { Severity } from "../model/verdict.ts";
import { weighs } from "./conclude.ts";
import type { KnownFinding } from "./fingerprint.ts";

/** Findings that were there when somebody began to count: by fingerprint, what each weighed. The list may only shrink. */
export type Baseline = Readonly<Record<string, Severity>>;

/** A decision to live with a finding, for a while. */
export interface Waiver {
  /** `IX.sigterm-exit`, or `disposability/sigterm-exit`. */
  readonly check: string;
  /** What it is about; `*` stands for anything. */
  readonly subject: string;
  readonly reason: string;
  readonly owner: string;
  /** The last day that it holds: `2027-03-31`. */
  readonly until: string;
}

/** What a finding counts for. */
export type Standing =
  | { readonly kind: "new" }
  | { readonly kind: "known" }
  | { readonly kind: "waived"; readonly waiver: Waiver }
  | { readonly kind: "expired"; readonly waiver: Waiver };

export interface Accepted {
  /** `mayBeKnown`: whether a baseline can hold it. */
  readonly findings: readonly (KnownFinding & { readonly standing: Standing; readonly mayBeKnown: boolean })[];
  /** Waivers that no finding needs. */
  readonly unused: readonly Waiver[];
  /** Fingerprints of the baseline that were not found any more: they can go. */
  readonly gone: readonly string[];
}

/** Checks whose findings cannot be taken for known: they are waived by name, or mended. */
const never = /^config\/(secret-in-tree|canary-leak)$/;

/**
 * Holds findings against what was accepted before. Pure.
 *
 * @param today - `2026-11-27`
 * @param ran - ids of the checks that came to a verdict: of others nothing is gone
 */
export function accept(
  findings: readonly KnownFinding[],
  {
    baseline,
    waivers,
    today,
    ran,
  }: { readonly baseline: Baseline; readonly waivers: readonly Waiver[]; readonly today: string; readonly ran: ReadonlySet<string> },
): Accepted {
  const used = new Set<Waiver>();
  const standings = findings.map((known): Accepted["findings"][number] => {
    const mayBeKnown = !never.test(known.id);
    const waiver = waivers.find(
      (each) => (each.check === known.code || each.check === known.id) && matches(each.subject, known.finding.subject),
    );
    if (waiver) {
      used.add(waiver);
      return { ...known, mayBeKnown, standing: { kind: waiver.until >= today ? "waived" : "expired", waiver } };
    }
    const before = mayBeKnown ? baseline[known.fingerprint] : undefined;
    const isKnown = before !== undefined && weighs(before, known.finding.severity);
    return { ...known, mayBeKnown, standing: { kind: isKnown ? "known" : "new" } };
  });
  const found = new Set(findings.map(({ fingerprint }) => fingerprint));
  return {
    findings: standings,
    unused: waivers.filter((each) => !used.has(each)),
    gone: Object.keys(baseline).filter((fingerprint) => !found.has(fingerprint) && ran.has(fingerprint.split(": ")[0] ?? "")),
  };
}

/** Whether a finding counts: it is new, or what excused it has run out. */
export function counts({ kind }: Standing): boolean {
  return kind === "new" || kind === "expired";
}

function matches(pattern: string, subject: string): boolean {
  const parts = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`).test(subject);
}
