import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { checks, findCheck } from "../../src/registry.ts";
import { explanation } from "../../src/report/explain.ts";
import { headline, reportText, resultLine, type Styled } from "../../src/report/text.ts";
import { examination, failed, finding, passed, report, reportOf, result, told, untold } from "../support/samples.ts";

const plain: Styled = (_style, text) => text;
const marked: Styled = (style, text) => `<${style}>${text}</${style}>`;

test("a finding is a screen: what, where, control, norm, fix, and how to see it again", () => {
  const text = reportText(report, plain);
  const from = text.indexOf("FAIL  IX.sigterm-in-flight");
  const screen = text.slice(from, text.indexOf("\n\n", from)).split("\n");
  expect(screen.map((line) => line.slice(0, 10).trim())).toEqual([
    "FAIL  IX.s",
    "what",
    "",
    "",
    "where",
    "control",
    "norm",
    "fix",
    "again",
  ]);
  expect(screen[0]).toBe("FAIL  IX.sigterm-in-flight          proven  error  3/3 runs");
  expect(screen).toContain("  where   src/web server.js:41   process.on('SIGTERM', () => process.exit(0))");
  expect(screen).toContain("  fix     close the server first   tried: with NODE_ENV=production it still fails (7 of 11 were lost)");
  expect(screen).toContain("  again   douze check --only IX.sigterm-in-flight --seed a1");
  expect(screen.find((line) => line.startsWith("  norm"))).toContain("12factor.net/disposability “");
});

test("what was accepted is said of the finding, and what has run out", () => {
  const text = reportText(report, plain);
  expect(text).toContain("  waived  by ana until 2027-01-31: until the queue is replaced");
  expect(text).toContain("  waiver  expired on 2026-01-31 (bob)");
  expect(text).toContain("  known   it is in the baseline");
  expect(text).toContain("waiver unused: I.tracked x (eve); delete it");
  expect(text).toContain("1 of the baseline are gone: `douze check --prune` takes them out");
  expect(text).toMatch(/^waived {2}IX\.sigterm-exit/m);
  expect(text).toMatch(/^WARN {2}XI\.unbuffered/m);
  expect(text).toMatch(/^NOTE {2}IX\.sigterm-in-flight/m);
});

test("what could not be told says why, and what to add", () => {
  expect(reportText(report, plain)).toContain(
    "?     VI.data-visible-everywhere  needs-hint\n  why     no round trip was found\n  add     say one under `check:`\n",
  );
});

test("one cause that keeps many from being told is said once", () => {
  const many = checks.slice(0, 6).map((check) => result(`${check.factor}/${check.name}`, untold));
  const text = reportText(reportOf(examination(many), { baseline: {}, waivers: [] }), plain);
  expect(text.match(/no round trip was found/g)).toHaveLength(1);
  expect(text).toContain("I.tracked, I.clone-runs, I.no-outside-paths and 3 more");
});

test("the headline counts factors, with no arithmetic, and coverage beside it", () => {
  expect(headline(report.outcome, plain)).toBe("Holds 0 · Breaks 3 · Not applicable 0 · Untested 9   4 of 5 core checks came to a verdict");
  const waived = reportOf(examination([result("disposability/sigterm-exit", failed(finding("web")))]), {
    baseline: {},
    waivers: [{ check: "IX.sigterm-exit", subject: "*", reason: "r", owner: "o", until: "2027-01-01" }],
  });
  expect(headline(waived.outcome, plain)).toContain("Holds 0 · Breaks 0 · Waived 1 · ");
});

test("each factor stands in the table", () => {
  const table = reportText(report, plain).split("\n").slice(-6).join("\n");
  expect(table.match(/[✓✗–?] [IVX]+ /g)).toHaveLength(12);
});

test("colours are the caller's: without them the text is the same", () => {
  const coloured = reportText(report, marked).replace(/<\/?(bold|dim|red|yellow|green|cyan)>/g, "");
  expect(coloured).toBe(reportText(report, plain));
});

test("what an app prints cannot harm the terminal of who reads", () => {
  const codes = "\u001b]0;owned\u0007\u001b[2J\r\u202e";
  const nasty = examination([
    result("disposability/sigterm-exit", failed(finding("web", { what: `it said ${codes}`, details: [codes], control: codes }))),
    result("disposability/startup", { ...untold, because: codes } as typeof untold),
  ]);
  const text = reportText(reportOf(nasty, { baseline: {}, waivers: [] }), plain);
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  expect(stripVTControlCharacters(text)).toBe(text);
});

test.for([
  ["pass", passed, "pass  IX.sigterm-exit                1.3s  it ended"],
  ["fail", failed(finding("web")), "fail  IX.sigterm-exit                1.3s  web was lost"],
  ["unknown", untold, "?     IX.sigterm-exit                1.3s  no round trip was found"],
  ["inapplicable", told, "n/a   IX.sigterm-exit                1.3s  it has no worker"],
] as const)("a line as a check ends: %s", ([, ruling, line]) => {
  expect(resultLine(result("disposability/sigterm-exit", ruling), plain)).toBe(line);
});

test("an explanation has claim, norm, method, guards and limits", () => {
  const check = findCheck("III.secret-in-tree");
  if (!check) throw new Error("there is no such check");
  expect(explanation(check)).toBe(
    [
      "III.secret-in-tree   config/secret-in-tree",
      "",
      `An app that holds it: ${check.claim}.`,
      `https://12factor.net/config ${check.norm}`,
      "",
      "It reads the codebase, from profile `static` on; a core check of its factor; a finding weighs at most: error.",
      "",
      "How:",
      ...check.method.map((step, index) => `  ${index + 1}. ${step}`),
      "",
      "False alarms that were met, and how they are avoided:",
      ...check.guards.map((guard) => `  - ${guard}`),
      "",
      `Limits: ${check.limits}`,
    ].join("\n"),
  );
});
