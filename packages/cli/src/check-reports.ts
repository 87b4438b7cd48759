import { writeFile } from "node:fs/promises";
import { extname } from "node:path";
import { Problem } from "@douze/core/problem";
import type { ReportIn, Severity } from "@douze/lab";
import { version } from "./version.ts";

/** Writes reports, each of the kind that its name's end says. @throws Problem check-report-unknown, check-report-unwritable */
export async function writeReports(
  lab: typeof import("@douze/lab"),
  report: ReportIn,
  files: readonly string[],
  failOn: Severity,
): Promise<void> {
  for (const file of files) {
    const text = textOf(lab, report, file, failOn);
    try {
      await writeFile(file, text);
    } catch (cause) {
      throw new Problem({
        code: "check-report-unwritable",
        what: `the report ${file} could not be written`,
        why: (cause as Error).message,
        fix: "name a file in a folder that is there and may be written to",
        cause,
      });
    }
  }
}

function textOf(lab: typeof import("@douze/lab"), report: ReportIn, file: string, failOn: Severity): string {
  switch (extname(file)) {
    case ".html":
      return lab.htmlReport(report);
    case ".json":
      return `${JSON.stringify(lab.jsonReport(report), undefined, 2)}\n`;
    case ".sarif":
      return `${JSON.stringify(lab.sarifReport(report, version), undefined, 2)}\n`;
    case ".xml":
      return lab.junitReport(report, failOn);
    default:
      throw new Problem({
        code: "check-report-unknown",
        what: `${file} does not say which kind of report it is to be`,
        why: "the name's end says so: .html, .json, .sarif, or .xml for JUnit",
        fix: `\`--report ${file}.html\``,
      });
  }
}
