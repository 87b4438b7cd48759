import type { Examination } from "../model/examination.ts";
import type { Finding } from "../model/verdict.ts";

/** A finding with where it is from, and by what it is known again in another run, on another machine. */
export interface KnownFinding {
  /** `disposability/sigterm-exit: web`. Never a line, a port or a process. */
  readonly fingerprint: string;
  readonly id: string;
  readonly code: string;
  readonly finding: Finding;
}

/** All findings of an examination. Pure. */
export function findingsOf({ results }: Pick<Examination, "results">): readonly KnownFinding[] {
  return results.flatMap(({ id, code, ruling }) =>
    ruling.verdict === "fail" ? ruling.findings.map((finding) => ({ fingerprint: `${id}: ${finding.subject}`, id, code, finding })) : [],
  );
}
