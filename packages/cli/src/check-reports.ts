import { writeFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { Problem } from "@douze/core/problem";
import type { ReportIn, Severity } from "@douze/lab";
import { version } from "./version.ts";

type LabPackage = typeof import("@douze/lab");
type Write = (lab: LabPackage, report: ReportIn, failOn: Severity) => string;

const kinds: ReadonlyMap<string, Write> = new Map<string, Write>([
  [".html", (lab, report) => lab.htmlReport(report)],
  [".json", (lab, report) => `${JSON.stringify(lab.jsonReport(report), undefined, 2)}\n`],
  [".sarif", (lab, report) => `${JSON.stringify(lab.sarifReport(report, version), undefined, 2)}\n`],
  [".xml", (lab, report, failOn) => lab.junitReport(report, failOn)],
]);

/** How a report is written: of the kind that its name's end says. @throws Problem check-report-unknown */
export function reportWriter(file: string): Write {
  const write = kinds.get(extname(file));
  if (write) return write;
  throw new Problem({
    code: "check-report-unknown",
    what: `${file} does not say which kind of report it is to be`,
    why: "the name's end says so: .html, .json, .sarif, or .xml for JUnit",
    fix: `\`--report ${join(file, "check.html")}\``,
  });
}

/** Writes reports. @throws Problem check-report-unknown, check-report-unwritable */
export async function writeReports(lab: LabPackage, report: ReportIn, files: readonly string[], failOn: Severity): Promise<void> {
  for (const file of files) {
    const text = reportWriter(file)(lab, report, failOn);
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
