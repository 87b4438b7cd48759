import { DOMParser, type Element } from "@xmldom/xmldom";
import { expect, test } from "vitest";
import { junitReport } from "../../src/report/junit.ts";
import { examination, failed, finding, report, reportOf, result, untold } from "../support/samples.ts";

function read(xml: string): Element {
  const onError = (level: string, message: string): never => {
    throw new Error(`${level}: ${message}`);
  };
  const root = new DOMParser({ onError }).parseFromString(xml, "text/xml").documentElement;
  if (!root) throw new Error("it is empty");
  return root;
}

function cases(root: Element): readonly (readonly [string | null, string | null, string | undefined])[] {
  return [...root.getElementsByTagName("testcase")].map((each) => [
    each.getAttribute("classname"),
    each.getAttribute("name"),
    [...each.childNodes].find(({ nodeType }) => nodeType === 1)?.nodeName,
  ]);
}

test("a suite for each factor, a case for each check", () => {
  const root = read(junitReport(report, "error"));
  expect(cases(root)).toEqual([
    ["codebase", "I.tracked", "system-out"],
    ["config", "III.secret-in-tree", "failure"],
    ["processes", "VI.data-visible-everywhere", "skipped"],
    ["disposability", "IX.sigterm-in-flight", "failure"],
    ["disposability", "IX.sigterm-exit", "system-out"],
    ["disposability", "IX.startup", "system-out"],
    ["disposability", "IX.worker-returns-job", "skipped"],
    ["logs", "XI.unbuffered", "system-out"],
  ]);
  const suites = [...root.getElementsByTagName("testsuite")].map((each) =>
    ["name", "tests", "failures", "errors", "skipped"].map((name) => each.getAttribute(name)),
  );
  expect(suites).toEqual([
    ["I codebase", "1", "0", "0", "0"],
    ["III config", "1", "1", "0", "0"],
    ["VI processes", "1", "0", "0", "1"],
    ["IX disposability", "4", "1", "0", "1"],
    ["XI logs", "1", "0", "0", "0"],
  ]);
});

test("what weighs less than the limit is no failure, until the limit says so", () => {
  const failing = (failOn: "error" | "warning"): readonly unknown[] =>
    cases(read(junitReport(report, failOn))).flatMap(([, name, kind]) => (kind === "failure" ? [name] : []));
  expect(failing("error")).toEqual(["III.secret-in-tree", "IX.sigterm-in-flight"]);
  // The known one stays one, and the one whose waiver has run out does not.
  expect(failing("warning")).toEqual(["III.secret-in-tree", "IX.sigterm-in-flight", "XI.unbuffered"]);
});

test("what an app prints comes back as it was, but for what XML cannot hold", () => {
  const what = `<b>&amp; "it's" ]]>\u0000\u001b[2J\ud800 é 🙂\nnext\tline`;
  const nasty = reportOf(examination([result("disposability/sigterm-exit", failed(finding("web", { what })))]), {
    baseline: {},
    waivers: [],
  });
  const failure = read(junitReport(nasty, "error")).getElementsByTagName("failure")[0];
  const shown = `<b>&amp; "it's" ]]>#x0#x1B[2J#xD800 é 🙂\nnext\tline`;
  expect(failure?.getAttribute("message")).toBe(shown);
  expect(failure?.textContent).toContain(`error: ${shown}\ncontrol: `);
  expect(failure?.getAttribute("type")).toBe("error");
});

test("what could not be told is skipped, with its reason", () => {
  const root = read(junitReport(reportOf(examination([result("disposability/startup", untold)]), { baseline: {}, waivers: [] }), "error"));
  expect(root.getElementsByTagName("skipped")[0]?.getAttribute("message")).toBe("unknown: needs-hint: no round trip was found");
});
