import fc from "fast-check";
import { expect, test } from "vitest";
import type { Severity } from "../../src/model/verdict.ts";
import { accept, type Baseline, counts, type Standing, type Waiver } from "../../src/plan/accept.ts";
import { findingsOf, type KnownFinding } from "../../src/plan/fingerprint.ts";
import { examination, failed, finding, passed, result } from "../support/samples.ts";

const today = "2026-11-27";
const all = new Set(["disposability/sigterm-exit", "config/secret-in-tree", "config/canary-leak"]);

function found(id: string, subject: string, severity: Severity = "error"): KnownFinding {
  const [known] = findingsOf(examination([result(id, failed(finding(subject, { severity })))]));
  if (!known) throw new Error("there is no finding");
  return known;
}

function waiver(more: Partial<Waiver> = {}): Waiver {
  return { check: "IX.sigterm-exit", subject: "web", reason: "soon", owner: "ana", until: today, ...more };
}

function standing(known: KnownFinding, baseline: Baseline, waivers: readonly Waiver[] = []): Standing["kind"] | undefined {
  return accept([known], { baseline, waivers, today, ran: all }).findings[0]?.standing.kind;
}

const exit = found("disposability/sigterm-exit", "web");

test("a fingerprint is the check's name and what it is about, without a line, a port or a process", () => {
  const known = findingsOf(
    examination([
      result("codebase/tracked", passed),
      result("disposability/sigterm-exit", failed(finding("web", { where: { file: "web.js", line: 41 } }), finding("worker"))),
    ]),
  );
  expect(known.map(({ fingerprint }) => fingerprint)).toEqual(["disposability/sigterm-exit: web", "disposability/sigterm-exit: worker"]);
});

test.for([
  ["what nobody has accepted", {}, [], "new"],
  ["what is in the baseline", { "disposability/sigterm-exit: web": "error" }, [], "known"],
  ["what weighs more than it did", { "disposability/sigterm-exit: web": "warning" }, [], "new"],
  ["another subject", { "disposability/sigterm-exit: worker": "error" }, [], "new"],
  ["a waiver by the factor's number", {}, [waiver()], "waived"],
  ["a waiver by the stable name", {}, [waiver({ check: "disposability/sigterm-exit" })], "waived"],
  ["a waiver for whatever it is about", {}, [waiver({ subject: "*" })], "waived"],
  ["a waiver for a part of it", {}, [waiver({ subject: "w*b" })], "waived"],
  ["a sign of patterns that is a text here", {}, [waiver({ subject: "w.b" })], "new"],
  ["a waiver for something longer", {}, [waiver({ subject: "we" })], "new"],
  ["a waiver on its last day", {}, [waiver({ until: today })], "waived"],
  ["a waiver past its day", {}, [waiver({ until: "2026-11-26" })], "expired"],
  [
    "a waiver past its day for what is in the baseline",
    { "disposability/sigterm-exit: web": "error" },
    [waiver({ until: "2026-11-26" })],
    "expired",
  ],
] as const satisfies readonly (readonly [string, Baseline, readonly Waiver[], Standing["kind"]])[])(
  "%s is %3$s",
  ([, baseline, waivers, kind]) => {
    expect(standing(exit, baseline, waivers)).toBe(kind);
  },
);

test("a lighter finding is known where a heavier one was accepted", () => {
  const lighter = found("disposability/sigterm-exit", "web", "warning");
  expect(standing(lighter, { "disposability/sigterm-exit: web": "error" })).toBe("known");
});

test("a secret is never taken for known; it may be waived by name", () => {
  const secret = found("config/secret-in-tree", "a.js: a GitHub token");
  expect(standing(secret, { "config/secret-in-tree: a.js: a GitHub token": "error" })).toBe("new");
  expect(standing(secret, {}, [waiver({ check: "III.secret-in-tree", subject: "a.js*" })])).toBe("waived");
  expect(standing(found("config/canary-leak", "KEY in /"), { "config/canary-leak: KEY in /": "error" })).toBe("new");
});

test("a waiver that runs out counts again, and so does what is new", () => {
  expect(["new", "known", "waived", "expired"].filter((kind) => counts({ kind } as Standing))).toEqual(["new", "expired"]);
});

test("waivers that no finding needs are named, and what is gone from the baseline", () => {
  const other = waiver({ subject: "worker" });
  const baseline: Baseline = {
    "disposability/sigterm-exit: web": "error",
    "disposability/sigterm-exit: clock": "error",
    "logs/stdout: x": "note",
  };
  const { unused, gone } = accept([exit], { baseline, waivers: [waiver(), other], today, ran: all });
  expect(unused).toEqual([other]);
  // `logs/stdout` did not come to a verdict: of it nothing is gone.
  expect(gone).toEqual(["disposability/sigterm-exit: clock"]);
});

test("a baseline that is pruned shrinks, and nothing that it held is new for that", () => {
  const subjects = fc.uniqueArray(fc.constantFrom("web", "worker", "clock", "mail"), { maxLength: 4 });
  fc.assert(
    fc.property(subjects, subjects, (before, now) => {
      const baseline: Baseline = Object.fromEntries(before.map((each) => [`disposability/sigterm-exit: ${each}`, "error"]));
      const findings = now.map((each) => found("disposability/sigterm-exit", each));
      const first = accept(findings, { baseline, waivers: [], today, ran: all });
      const pruned: Baseline = Object.fromEntries(Object.entries(baseline).filter(([fingerprint]) => !first.gone.includes(fingerprint)));
      const second = accept(findings, { baseline: pruned, waivers: [], today, ran: all });
      expect(Object.keys(pruned).every((each) => each in baseline)).toBe(true);
      expect(second.findings).toEqual(first.findings);
      expect(second.gone).toEqual([]);
    }),
  );
});
