import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { codeOf, type Examination, type ExamineRequest, checks as everyCheck, examine } from "../../src/index.ts";
import type { Ruling } from "../../src/model/verdict.ts";

/** Examines an app as the command does, by some checks or all. A seed that is not given is the same each time, so that a failure can be repeated. */
export async function examineApp(
  directory: string,
  codes: readonly string[] = [],
  request: Partial<ExamineRequest> = {},
): Promise<Examination> {
  // Builds of the same files are made once, in whichever test.
  const store = join(tmpdir(), "lab-test-store");
  return await examine({
    directory,
    profile: "standard",
    checks: everyCheck.filter((check) => codes.length === 0 || codes.includes(codeOf(check))),
    seed: "douze",
    store: join(store, "builds"),
    cache: join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "douze", "check", "packages"),
    path: process.env["PATH"] ?? "",
    tries: false,
    signal: new AbortController().signal,
    onProgress: () => undefined,
    ...request,
  });
}

/** What each result says, for a test's message: `IX.sigterm-exit fail: web ended after 9 s`. */
export function saysOf({ results }: Pick<Examination, "results">): readonly string[] {
  return results.map(({ code, ruling }) => `${code} ${says(ruling)}`);
}

function says(ruling: Ruling): string {
  switch (ruling.verdict) {
    case "fail":
      return `fail: ${ruling.findings.map(({ subject, what }) => `${subject}: ${what}`).join("; ")}`;
    case "pass":
      return `pass: ${ruling.what}`;
    case "inapplicable":
      return `inapplicable: ${ruling.because}`;
    case "unknown":
      return `unknown (${ruling.reason}): ${ruling.because}; ${ruling.add}`;
  }
}
