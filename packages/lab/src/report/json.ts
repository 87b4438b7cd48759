import type { ReportIn } from "./text.ts";

/** Of the form below; it grows by keys alone within a number. */
export const reportVersion = 1;

/** Everything as plain data: from it any other report can be made again. Pure. */
export function jsonReport({ examination, accepted, outcome }: ReportIn): object {
  return {
    version: reportVersion,
    ...examination,
    findings: accepted.findings.map(({ fingerprint, code, finding, standing }) => ({
      fingerprint,
      code,
      standing: standing.kind,
      ...finding,
    })),
    factors: outcome.factors,
    coverage: outcome.coverage,
  };
}
