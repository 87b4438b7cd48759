import { createHash } from "node:crypto";
import type { Log, ReportingDescriptor, Result } from "sarif";
import { type AnyCheck, codeOf, idOf } from "../model/check.ts";
import { factorPage } from "../model/factor.ts";
import type { Accepted } from "../plan/accept.ts";
import { explanation } from "./explain.ts";
import type { ReportIn } from "./text.ts";

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
  const log: Log = {
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
        results: accepted.findings.map((finding) => resultOf(finding, ran, fallback)),
        properties: {
          seed: examination.seed,
          profile: examination.profile,
          factors: outcome.factors,
          outcomes: examination.results.map(({ code, ruling }) => ({ code, verdict: ruling.verdict })),
        },
      },
    ],
  };
  return log;
}

function resultOf(
  { code, fingerprint, finding, standing }: Accepted["findings"][number],
  ran: readonly AnyCheck[],
  fallback: string,
): Result {
  return {
    ruleId: code,
    ruleIndex: ran.findIndex((check) => codeOf(check) === code),
    kind: "fail",
    level: finding.severity,
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
          artifactLocation: { uri: pathUri(finding.where?.file ?? fallback), uriBaseId: "%SRCROOT%" },
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
  };
}

/** A path as a relative reference: a space, or a colon before the first slash, would be another thing in a URI. */
function pathUri(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}

function ruleOf(check: AnyCheck): ReportingDescriptor {
  return {
    id: codeOf(check),
    name: check.name,
    shortDescription: { text: check.claim },
    fullDescription: { text: `${check.claim}. ${check.norm}` },
    help: { text: explanation(check), markdown: explanation(check) },
    helpUri: factorPage(check.factor),
    defaultConfiguration: { level: check.severity },
    // Each once, as the schema wants it: `static` is a kind and a profile.
    properties: { tags: [...new Set([check.factor, check.kind, check.profile, ...(check.core ? ["core"] : [])])] },
  };
}
