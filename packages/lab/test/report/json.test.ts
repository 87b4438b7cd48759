import { readFile } from "node:fs/promises";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { expect, test } from "vitest";
import { unknown } from "../../src/model/verdict.ts";
import { checks } from "../../src/registry.ts";
import { checksPage } from "../../src/report/checks-page.ts";
import { jsonReport } from "../../src/report/json.ts";
import { reportSchema } from "../../src/report/report-schema.ts";
import { examination, report, reportOf, result } from "../support/samples.ts";

const reference = async (name: string): Promise<string> => readFile(new URL(`../../../../docs/reference/${name}`, import.meta.url), "utf8");
const sent = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const command = "`node --conditions=douze-source packages/lab/scripts/reference.ts` writes it";

type Schema = { readonly [key: string]: unknown; properties?: Record<string, Schema>; required?: string[] };

/** The schema with nothing more let in than it names: how a key is found that it forgot. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== "object" || schema === null) return schema;
  const all = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]));
  return "properties" in schema ? { ...all, additionalProperties: false } : all;
}

async function check(strict: boolean): Promise<(value: unknown) => readonly string[]> {
  const schema = JSON.parse(await reference("check-report.schema.json")) as Schema;
  const ajv = new Ajv2020({ allErrors: true, strict: true, strictTypes: false, strictTuples: false });
  addFormats.default(ajv);
  const validate = ajv.compile((strict ? closed(schema) : schema) as object);
  return (value) => {
    validate(value);
    return (validate.errors ?? []).map(({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`);
  };
}

test(`docs/reference/check-report.schema.json is what the lab says: ${command}`, async () => {
  expect(JSON.parse(await reference("check-report.schema.json"))).toEqual(sent(reportSchema()));
});

test(`docs/reference/checks.md is what the checks say: ${command}`, async () => {
  expect(await reference("checks.md")).toBe(checksPage(checks));
});

const fallen = reportOf(
  {
    ...examination([result("disposability/startup", unknown("no-start", "it ended", "mend it"), { evidence: undefined })]),
    baseline: { started: false, because: "`web` ended at once", lines: ["Error: no"] },
  },
  { baseline: {}, waivers: [] },
);
const { baseline: _baseline, commit: _commit, build: _build, ...bare } = examination([]);

test.for([
  ["one of each verdict and standing", report],
  ["an app that did not start", fallen],
  ["what a static run knows", reportOf(bare, { baseline: {}, waivers: [] })],
] as const)("a report validates with the schema: %s", async ([, each]) => {
  const value = sent(jsonReport(each));
  expect((await check(false))(value)).toEqual([]);
  // And has no key that the schema does not know.
  expect((await check(true))(value)).toEqual([]);
});

test("what is no report does not", async () => {
  const validate = await check(false);
  const value = sent(jsonReport(report)) as Record<string, unknown>;
  expect(validate({ ...value, version: 2 })).not.toEqual([]);
  expect(validate({ ...value, seed: undefined })).not.toEqual([]);
  expect(validate({ ...value, results: [{}] })).not.toEqual([]);
  // A key of a later Douze harms no reader.
  expect(validate({ ...value, later: true })).toEqual([]);
});

test("findings say what they count for, and who waived them", () => {
  const { findings, unusedWaivers, gone, version, factors, coverage } = jsonReport(report);
  expect(version).toBe(1);
  expect(findings.map(({ fingerprint, standing, waiver }) => [fingerprint, standing, waiver?.owner])).toEqual([
    ["config/secret-in-tree: a.js: a GitHub token", "new", undefined],
    ["disposability/sigterm-in-flight: web", "new", undefined],
    ["disposability/sigterm-in-flight: worker", "new", undefined],
    ["disposability/sigterm-exit: web", "waived", "ana"],
    ["disposability/startup: web", "known", undefined],
    ["logs/unbuffered: stdout", "expired", "bob"],
  ]);
  expect(unusedWaivers.map(({ owner }) => owner)).toEqual(["eve"]);
  expect(gone).toEqual(["codebase/tracked: old.log"]);
  expect(factors).toHaveLength(12);
  expect(coverage).toEqual(report.outcome.coverage);
});
