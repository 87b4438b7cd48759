import type { Log } from "sarif";
import { expect, test } from "vitest";
import { codeOf } from "../../src/model/check.ts";
import { sarifReport } from "../../src/report/sarif.ts";
import { examination, failed, finding, passed, report, reportOf, result } from "../support/samples.ts";

// What is in it is held against the types of SARIF 2.1.0 where it is made; here, what types do not say.
const log = JSON.parse(JSON.stringify(sarifReport(report, "1.2.3"))) as Log;
const [run] = log.runs;

test("it is SARIF 2.1.0, of a tool with its version", () => {
  expect([log.version, log.runs.length]).toEqual(["2.1.0", 1]);
  expect(run?.tool.driver).toMatchObject({ name: "douze check", version: "1.2.3", semanticVersion: "1.2.3" });
  expect(run?.invocations).toEqual([{ executionSuccessful: true, startTimeUtc: "2026-11-27T12:30:00.000Z" }]);
});

test("results are findings alone: a pass would be shown as an alert", () => {
  expect(run?.results?.map(({ ruleId, level, kind }) => [ruleId, level, kind])).toEqual([
    ["III.secret-in-tree", "error", "fail"],
    ["IX.sigterm-in-flight", "error", "fail"],
    ["IX.sigterm-in-flight", "note", "fail"],
    ["IX.sigterm-exit", "error", "fail"],
    ["IX.startup", "warning", "fail"],
    ["XI.unbuffered", "warning", "fail"],
  ]);
  expect(run?.properties?.["outcomes"]).toHaveLength(report.examination.results.length);
});

test("each result leads to its rule, and each rule tells how the check is made", () => {
  const rules = run?.tool.driver.rules ?? [];
  for (const { ruleId, ruleIndex } of run?.results ?? []) expect(rules[ruleIndex ?? -1]?.id).toBe(ruleId);
  expect(rules.map(({ id }) => id)).toEqual(report.examination.results.map(({ code }) => code).toSorted((a, b) => order(a) - order(b)));
  for (const rule of rules) {
    expect(rule.help?.text).toContain("How:");
    const tags = rule.properties?.tags ?? [];
    expect(new Set(tags).size).toBe(tags.length);
    expect(rule.helpUri).toMatch(/^https:\/\/12factor\.net\//);
    expect(rule.defaultConfiguration?.level).toMatch(/^(error|warning|note)$/);
  }
});

function order(code: string): number {
  return report.checks.findIndex((check) => codeOf(check) === code);
}

test("each result has a place: its line, or the file that says how the app is started", () => {
  const places = run?.results?.map(({ locations }) => locations?.[0]?.physicalLocation);
  expect(places?.map((place) => [place?.artifactLocation?.uri, place?.region?.startLine])).toEqual([
    ["a.js", 1],
    ["src/web%20server.js", 41],
    ["douze.yaml", 1],
    ["douze.yaml", 1],
    ["douze.yaml", 1],
    ["douze.yaml", 1],
  ]);
  // A reference that is relative, and stays below its base.
  for (const place of places ?? []) {
    const uri = place?.artifactLocation?.uri ?? "";
    expect(new URL(uri, "file:///srv/shop/").href).toBe(`file:///srv/shop/${uri}`);
  }
});

test("a result is known again: by what it is about, and not by its line", () => {
  const at = (line: number): unknown =>
    (
      sarifReport(
        reportOf(examination([result("disposability/sigterm-exit", failed(finding("web", { where: { file: "a.js", line } })))]), {
          baseline: {},
          waivers: [],
        }),
        "1",
      ) as Log
    ).runs[0]?.results?.[0]?.partialFingerprints;
  expect(at(1)).toEqual(at(90));
  const prints = run?.results?.map(({ partialFingerprints }) => partialFingerprints?.["douze/v1"]);
  expect(new Set(prints).size).toBe(run?.results?.length);
});

test("what was accepted is told in SARIF's own words", () => {
  const told = run?.results?.map(({ ruleId, baselineState, suppressions }) => [ruleId, baselineState, suppressions?.[0]?.justification]);
  expect(told).toContainEqual(["IX.startup", "unchanged", undefined]);
  expect(told).toContainEqual(["IX.sigterm-exit", "new", "until the queue is replaced (ana, until 2027-01-31)"]);
  // One that has run out suppresses nothing.
  expect(told).toContainEqual(["XI.unbuffered", "new", undefined]);
});

test("without findings there are none", () => {
  const clean = sarifReport(reportOf(examination([result("codebase/tracked", passed)]), { baseline: {}, waivers: [] }), "1") as Log;
  expect(clean.runs[0]?.results).toEqual([]);
});
