import fc from "fast-check";
import { expect, test } from "vitest";
import { failOr, type Ruling } from "../../src/model/verdict.ts";
import { capped, conclude, weighs } from "../../src/plan/conclude.ts";
import { failed, finding, passed, told, untold } from "../support/samples.ts";

const fail = failed(finding("web"));
const read = failOr([finding("a.js")], "exact", passed);
const guessed = failOr([finding("a.js")], "inferred", passed);
const three = { fails: 3, passes: 1 };

/** What follows, in a word: another run, or the verdict. */
function next(runs: readonly Ruling[], repetition: Parameters<typeof conclude>[1] = three): string {
  const step = conclude(runs, repetition);
  return step.do === "run" ? "run" : step.ruling.verdict;
}

test.for([
  ["nothing has been seen", [], "run"],
  ["one pass is enough", [passed], "pass"],
  ["one fail is not", [fail], "run"],
  ["nor are two", [fail, fail], "run"],
  ["three are", [fail, fail, fail], "fail"],
  ["what is read from the code is the same each time", [read], "fail"],
  ["so is what is inferred from it", [guessed], "fail"],
  ["what cannot concern it is told once", [told], "inapplicable"],
  ["what could not be told is as well", [untold], "unknown"],
  ["a disagreement asks for another round", [fail, passed], "run"],
  ["a round that fails as a whole proves it", [fail, passed, fail, fail, fail], "fail"],
  ["a round that does not begin anew proves nothing", [fail, fail, passed, fail, fail], "run"],
  ["disagreement to the end is unstable", [fail, passed, fail, passed, fail, fail], "unknown"],
  ["one fail among many passes is unstable, not a pass", [fail, passed, passed, passed, passed, passed], "unknown"],
  ["nor is it a pass where the others could not tell", [fail, untold, untold, untold, untold, untold], "unknown"],
] as const)("%s", ([, runs, expected]) => {
  expect(next(runs)).toBe(expected);
});

test("the deep profile wants to see a pass three times", () => {
  const deep = { fails: 3, passes: 3 };
  expect([next([passed], deep), next([passed, passed], deep), next([passed, passed, passed], deep)]).toEqual(["run", "run", "pass"]);
  expect(next([passed, passed, fail], deep)).toBe("run");
});

test("what is unstable says how often it failed, and is from the last run", () => {
  expect(conclude([fail, passed, fail, passed, fail, passed], three)).toMatchObject({
    do: "conclude",
    run: 5,
    ruling: { reason: "unstable", because: "it failed in 3 of 6 runs" },
  });
});

const ruling = fc.constantFrom(passed, fail, told, untold);

test("every experiment ends, and with one fail at least it is never a pass", () => {
  fc.assert(
    fc.property(fc.infiniteStream(ruling), fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }), (stream, fails, passes) => {
      const runs: Ruling[] = [];
      for (;;) {
        const step = conclude(runs, { fails, passes });
        expect(conclude(runs, { fails, passes })).toEqual(step);
        if (step.do === "conclude") {
          expect(step.run).toBe(runs.length - 1);
          if (runs.some(({ verdict }) => verdict === "fail")) expect(step.ruling.verdict).toMatch(/fail|unknown/);
          if (step.ruling.verdict === "fail") expect(runs.slice(-fails).every(({ verdict }) => verdict === "fail")).toBe(true);
          return;
        }
        runs.push(stream.next().value as Ruling);
        expect(runs.length).toBeLessThanOrEqual(2 * fails + passes);
      }
    }),
  );
});

test("only what is proven, or an exact fact, may be an error", () => {
  const severities = (each: Ruling): unknown =>
    capped(each).verdict === "fail" ? (capped(each) as typeof fail & { verdict: "fail" }).findings : [];
  expect(severities(fail)).toMatchObject([{ severity: "error" }]);
  expect(severities(read)).toMatchObject([{ severity: "error" }]);
  expect(severities(guessed)).toMatchObject([{ severity: "warning" }]);
  expect(severities(failOr([finding("x", { severity: "note" }), finding("y")], "observed", passed))).toMatchObject([
    { severity: "note" },
    { severity: "warning" },
  ]);
  expect(capped(passed)).toBe(passed);
});

test("an error weighs more than a warning, and that more than a note", () => {
  expect([weighs("error", "error"), weighs("error", "note"), weighs("warning", "error"), weighs("note", "warning")]).toEqual([
    true,
    true,
    false,
    false,
  ]);
});
