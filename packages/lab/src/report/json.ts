import { type Report, reportVersion } from "./report-schema.ts";
import type { ReportIn } from "./text.ts";

/** Everything as plain data: from it any other report can be made again. Pure. */
export function jsonReport({ examination, accepted, outcome }: ReportIn): Report {
  return {
    version: reportVersion,
    ...examination,
    findings: accepted.findings.map(({ fingerprint, id, code, finding, standing }) => ({
      fingerprint,
      id,
      code,
      standing: standing.kind,
      ...("waiver" in standing && { waiver: standing.waiver }),
      ...finding,
    })),
    factors: outcome.factors,
    coverage: outcome.coverage,
    unusedWaivers: accepted.unused,
    gone: accepted.gone,
  };
}
