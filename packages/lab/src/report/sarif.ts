import { createHash } from "node:crypto";
import { type AnyCheck, codeOf, idOf } from "../model/check.ts";
import { factorPage } from "../model/factor.ts";
import type { Severity } from "../model/verdict.ts";
import { explanation } from "./explain.ts";
import type { ReportIn } from "./text.ts";

const levels: Readonly<Record<Severity, "error" | "warning" | "note">> = { error: "error", warning: "warning", note: "note" };

/**
 * SARIF 2.1.0, for code scanning: findings alone, since readers have shown passes as alerts; what became of the rest is in the run's properties.
 * Each has a place: the line where there is one, else the file that says how the app is started. Pure.
 *
 * @see https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
 */
export function sarifReport({ examination, accepted, outcome, checks }: ReportIn, version: string): object {
  const ran = checks.filter((check) => examination.results.some(({ id }) => id === idOf(check)));
  const declared = examination.processes[0]?.from;
  const fallback = declared !== undefined && /^(douze\.yaml|Procfile)$/.test(declared) ? declared : "README.md";
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "douze check",
            version,
            semanticVersion: version,
            informationUri: "https://12factor.net",
            rules: ran.map(ruleOf),
          },
        },
        invocations: [{ executionSuccessful: true, startTimeUtc: new Date(examination.startedAt).toISOString() }],
        results: accepted.findings.map(({ code, fingerprint, finding, standing }) => ({
          ruleId: code,
          ruleIndex: ran.findIndex((check) => codeOf(check) === code),
          kind: "fail",
          level: levels[finding.severity],
          message: {
            text: [
              finding.what,
              ...(finding.details ?? []),
              `Control: ${finding.control}`,
              ...(finding.fix ? [`Fix: ${finding.fix.text}`] : []),
            ].join("\n"),
          },
          locations: [
            {
              physicalLocation: {
                artifactLocation: { uri: finding.where?.file ?? fallback, uriBaseId: "%SRCROOT%" },
                region: { startLine: finding.where?.line ?? 1 },
              },
            },
          ],
          partialFingerprints: { "douze/v1": createHash("sha256").update(fingerprint).digest("hex") },
          baselineState: standing.kind === "known" ? "unchanged" : "new",
          ...(standing.kind === "waived" && {
            suppressions: [
              {
                kind: "external",
                status: "accepted",
                justification: `${standing.waiver.reason} (${standing.waiver.owner}, until ${standing.waiver.until})`,
              },
            ],
          }),
        })),
        properties: {
          seed: examination.seed,
          profile: examination.profile,
          factors: outcome.factors,
          outcomes: examination.results.map(({ code, ruling }) => ({ code, verdict: ruling.verdict })),
        },
      },
    ],
  };
}

function ruleOf(check: AnyCheck): object {
  return {
    id: codeOf(check),
    name: check.name,
    shortDescription: { text: check.claim },
    fullDescription: { text: `${check.claim}. ${check.norm}` },
    help: { text: explanation(check), markdown: explanation(check) },
    helpUri: factorPage(check.factor),
    defaultConfiguration: { level: levels[check.severity] },
    properties: { tags: [check.factor, check.kind, check.profile, ...(check.core ? ["core"] : [])] },
  };
}
