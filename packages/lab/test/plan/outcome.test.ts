import { expect, test } from "vitest";
import type { FactorName } from "../../src/model/factor.ts";
import { factorNames, factorPage, numeralOf } from "../../src/model/factor.ts";
import type { CheckResult } from "../../src/model/result.ts";
import { unknown } from "../../src/model/verdict.ts";
import type { Baseline, Waiver } from "../../src/plan/accept.ts";
import { exitCode, type Limits } from "../../src/plan/outcome.ts";
import { checks, findCheck } from "../../src/registry.ts";
import { examination, failed, finding, passed, reportOf, result, told, untold } from "../support/samples.ts";

const warning = failed(finding("web", { severity: "warning" }));
const error = failed(finding("web"));
const note = failed(finding("web", { severity: "note" }));
const waived: readonly Waiver[] = [{ check: "IX.sigterm-exit", subject: "*", reason: "soon", owner: "ana", until: "2027-01-01" }];
const expired: readonly Waiver[] = [{ check: "IX.sigterm-exit", subject: "*", reason: "soon", owner: "ana", until: "2026-01-01" }];

interface Accepted {
  readonly baseline?: Baseline;
  readonly waivers?: readonly Waiver[];
}

function stateOf(factor: FactorName, results: readonly CheckResult[], { baseline = {}, waivers = [] }: Accepted = {}): string | undefined {
  const { outcome } = reportOf(examination(results), { baseline, waivers });
  return outcome.factors.find((each) => each.factor === factor)?.state;
}

// sigterm-exit is a core check of its factor, startup is none.
test.for([
  ["a core check that passed", [result("disposability/sigterm-exit", passed)], {}, "holds"],
  ["only one that is not core", [result("disposability/startup", passed)], {}, "untested"],
  ["a core check that could not tell", [result("disposability/sigterm-exit", untold)], {}, "untested"],
  ["nothing at all", [], {}, "untested"],
  ["an error", [result("disposability/sigterm-exit", error), result("disposability/sigterm-in-flight", passed)], {}, "breaks"],
  ["a warning of any check", [result("disposability/sigterm-exit", passed), result("disposability/startup", warning)], {}, "breaks"],
  ["a note", [result("disposability/sigterm-exit", passed), result("disposability/startup", note)], {}, "holds"],
  ["an error that is waived", [result("disposability/sigterm-exit", error)], { waivers: waived }, "waived"],
  ["one whose waiver has run out", [result("disposability/sigterm-exit", error)], { waivers: expired }, "breaks"],
  [
    "one that is known",
    [result("disposability/sigterm-exit", error)],
    { baseline: { "disposability/sigterm-exit: web": "error" } },
    "breaks",
  ],
  [
    "an error that is waived beside a pass",
    [result("disposability/sigterm-exit", error), result("disposability/sigterm-in-flight", passed)],
    { waivers: waived },
    "waived",
  ],
  ["what cannot concern it", [result("disposability/sigterm-exit", told)], {}, "not applicable"],
] as const)("with %s a factor %3$s", ([, results, accepted, state]) => {
  expect(stateOf("disposability", results, accepted)).toBe(state);
});

test("coverage is of core checks that concern the app, and what is unknown is counted", () => {
  const { outcome } = reportOf(
    examination([
      result("disposability/sigterm-exit", passed),
      result("disposability/sigterm-in-flight", untold),
      result("disposability/startup", untold),
      result("processes/data-visible-everywhere", told),
    ]),
    { baseline: {}, waivers: [] },
  );
  expect(outcome).toMatchObject({ coverage: { tested: 1, of: 2 }, unknown: 2 });
  expect(outcome.factors.map(({ factor }) => factor)).toEqual(factorNames);
});

const noStart = unknown("no-start", "it ended", "mend it");
const noSandbox = unknown("no-sandbox", "no namespaces", "allow them");
const onError: Limits = { failOn: "error" };

test.for([
  ["nothing that counts", [result("disposability/sigterm-exit", passed)], onError, {}, 0],
  ["an error", [result("disposability/sigterm-exit", error)], onError, {}, 1],
  ["a warning", [result("disposability/startup", warning)], onError, {}, 0],
  ["a warning where that is the limit", [result("disposability/startup", warning)], { failOn: "warning" }, {}, 1],
  ["a note where that is the limit", [result("disposability/startup", note)], { failOn: "note" }, {}, 1],
  ["an error that is waived", [result("disposability/sigterm-exit", error)], onError, { waivers: waived }, 0],
  ["one whose waiver has run out", [result("disposability/sigterm-exit", error)], onError, { waivers: expired }, 1],
  ["an app that does not run", [result("disposability/sigterm-exit", noStart)], onError, {}, 3],
  ["a machine without sandboxes", [result("disposability/sigterm-exit", noSandbox)], onError, {}, 3],
  [
    "an error beside what did not run",
    [result("disposability/sigterm-exit", error), result("disposability/startup", noStart)],
    onError,
    {},
    1,
  ],
  ["something unknown", [result("disposability/sigterm-exit", untold)], onError, {}, 0],
  ["more unknown than allowed", [result("disposability/sigterm-exit", untold)], { failOn: "error", maxUnknown: 0 }, {}, 4],
  ["as much unknown as allowed", [result("disposability/sigterm-exit", untold)], { failOn: "error", maxUnknown: 1 }, {}, 0],
] as readonly (readonly [string, readonly CheckResult[], Limits, Accepted, number])[])(
  "%s: exit code %4$s",
  ([, results, limits, { baseline = {}, waivers = [] }, code]) => {
    const { examination: about, accepted } = reportOf(examination(results), { baseline, waivers });
    expect(exitCode(about, accepted, limits)).toBe(code);
  },
);

test("each factor has its number and its page", () => {
  expect(factorNames.map(numeralOf)).toEqual(["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"]);
  expect(factorPage("disposability")).toBe("https://12factor.net/disposability");
});

test("a check is found by each of its names, and by none that is not one", () => {
  expect(["disposability/sigterm-exit", "IX.sigterm-exit", "ix.SIGTERM-exit", "sigterm-exit"].map((name) => findCheck(name)?.name)).toEqual(
    Array(4).fill("sigterm-exit"),
  );
  expect([findCheck("IX"), findCheck("X.sigterm-exit"), findCheck("")]).toEqual([undefined, undefined, undefined]);
});

test("checks have names of their own, and each factor has a core check", () => {
  const names = checks.map(({ factor, name }) => `${factor}/${name}`);
  expect(new Set(names).size).toBe(names.length);
  expect(factorNames.filter((factor) => !checks.some((check) => check.factor === factor && check.core))).toEqual([]);
});

test("a check says all that a reader needs, and reads the codebase alone where it is in the profile that does", () => {
  for (const check of checks) {
    expect(check.claim, check.name).not.toMatch(/\.$/);
    expect(check.norm, check.name).toMatch(/^“.*”/);
    expect(check.method.length, check.name).toBeGreaterThan(0);
    expect(check.guards.length, check.name).toBeGreaterThan(0);
    if (check.profile === "static") expect([check.kind, check.needs.includes("sandbox")], check.name).toEqual(["static", false]);
    if (check.kind === "dynamic") expect(check.needs, check.name).toContain("sandbox");
  }
});
