import { factorNames, numeralOf } from "../model/factor.ts";
import type { CheckResult } from "../model/result.ts";
import type { Severity } from "../model/verdict.ts";
import { type Accepted, counts } from "../plan/accept.ts";
import { weighs } from "../plan/conclude.ts";
import type { ReportIn } from "./text.ts";

/**
 * For whatever shows results of tests: a suite for each factor, a case for each check. What weighs less than `failOn` is no failure. Pure.
 *
 * @see https://github.com/testmoapp/junitxml - there is no standard but what readers take
 */
export function junitReport({ examination, accepted }: ReportIn, failOn: Severity): string {
  const suites = factorNames.flatMap((factor) => {
    const own = examination.results.filter(({ id }) => id.startsWith(`${factor}/`));
    if (own.length === 0) return [];
    const cases = own.map((result) => caseOf(result, factor, accepted, failOn));
    const count = (kind: string): number => cases.filter(({ kind: each }) => each === kind).length;
    const name = `${numeralOf(factor)} ${factor}`;
    const time = own.reduce((sum, { tookMs }) => sum + tookMs, 0) / 1000;
    return [
      `  <testsuite name="${xmlAttribute(name)}" tests="${own.length}" failures="${count("failure")}" errors="0" skipped="${count("skipped")}" time="${time.toFixed(3)}">`,
      ...cases.map(({ xml }) => xml),
      "  </testsuite>",
    ];
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="${xmlAttribute(`douze check ${examination.app}`)}">`,
    ...suites,
    "</testsuites>",
    "",
  ].join("\n");
}

function caseOf(
  result: CheckResult,
  factor: string,
  { findings }: Accepted,
  failOn: Severity,
): { kind: "passed" | "failure" | "skipped"; xml: string } {
  const { id, code, ruling, tookMs } = result;
  const head = `    <testcase name="${xmlAttribute(code)}" classname="${xmlAttribute(factor)}" time="${(tookMs / 1000).toFixed(3)}"`;
  if (ruling.verdict === "inapplicable" || ruling.verdict === "unknown") {
    const message = ruling.verdict === "unknown" ? `unknown: ${ruling.reason}: ${ruling.because}` : `inapplicable: ${ruling.because}`;
    return { kind: "skipped", xml: `${head}><skipped message="${xmlAttribute(message)}"/></testcase>` };
  }
  if (ruling.verdict === "pass")
    return { kind: "passed", xml: `${head}><system-out>${xmlText(`${ruling.what}; ${ruling.power}`)}</system-out></testcase>` };
  const own = findings.filter((each) => each.id === id);
  const failing = own.filter(({ finding, standing }) => counts(standing) && weighs(finding.severity, failOn));
  const text = own
    .map(
      ({ finding }) =>
        `${finding.severity}: ${finding.what}\ncontrol: ${finding.control}${finding.fix ? `\nfix: ${finding.fix.text}` : ""}`,
    )
    .join("\n\n");
  const [first] = failing;
  if (!first) return { kind: "passed", xml: `${head}><system-out>${xmlText(text)}</system-out></testcase>` };
  return {
    kind: "failure",
    xml: `${head}><failure type="${first.finding.severity}" message="${xmlAttribute(first.finding.what)}">${xmlText(text)}</failure></testcase>`,
  };
}

/** For XML: its signs, and what it cannot hold at all, by its number, as pytest writes it. */
function xmlText(text: string): string {
  return text
    .replace(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, (sign) => `#x${sign.charCodeAt(0).toString(16).toUpperCase()}`)
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/\r/g, "&#13;");
}

/** The same in quotes, where a line break would be read as a space. */
function xmlAttribute(text: string): string {
  return xmlText(text).replace(/"/g, "&quot;").replace(/\n/g, "&#10;").replace(/\t/g, "&#9;");
}
