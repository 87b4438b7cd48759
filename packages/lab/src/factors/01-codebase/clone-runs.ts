import { Problem } from "@douze/core";
import { answers, lastLines } from "../../experiment.ts";
import type { Check } from "../../model/check.ts";
import { failOr, pass, unknown } from "../../model/verdict.ts";

interface Evidence {
  readonly commit?: string;
  readonly outcome?: "came up" | "not built" | "did not come up";
  readonly type?: string;
  readonly lines: readonly string[];
  /** Files that are in the working tree's build and not in the commit. */
  readonly untracked: readonly string[];
}

export const cloneRuns: Check<Evidence> = {
  name: "clone-runs",
  factor: "codebase",
  claim: "the tracked files alone build and run",
  kind: "dynamic",
  profile: "standard",
  core: true,
  severity: "error",
  norm: "“There is only one codebase per app”",
  method: [
    "The commit at HEAD is exported into an empty folder, built there, and started.",
    "The control is the working copy, which was built and came up.",
    "Where the commit does not, files that the working copy has and the commit has not are named.",
  ],
  guards: [
    "What is built from ignored files is made anew by the build.",
    "Variables are given by the lab: a .env that is not tracked is not missed.",
  ],
  needs: ["sandbox", "git"],
  repeats: 2,

  async observe(lab) {
    const { commit } = lab.codebase;
    if (commit === undefined) return { lines: [], untracked: [] };
    const status = (await lab.codebase.git("status", "--porcelain", "--untracked-files=all", "--ignored=no", "--", ".")) ?? "";
    const untracked = status.split("\n").flatMap((line) => (line.startsWith("?? ") ? [line.slice(3)] : []));
    const { web } = lab.baseline;
    const type = web?.type ?? lab.subject.processes[0]?.type ?? "web";
    let tree: string;
    try {
      ({ tree } = await lab.buildCommit("HEAD"));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      return { commit, outcome: "not built", type, lines: [error.what, error.why], untracked };
    }
    await using sandbox = await lab.sandbox({ tree });
    await using started = await sandbox.start(type, { tree });
    const up = web
      ? (await answers(lab, sandbox, started, web)) !== undefined
      : !(await started.process.until(() => started.process.end !== undefined, 1_500 * lab.slowness));
    return { commit, outcome: up ? "came up" : "did not come up", type, lines: up ? [] : lastLines(started), untracked };
  },

  judge({ commit, outcome, type, lines, untracked }) {
    if (commit === undefined || outcome === undefined) return unknown("needs-hint", "there is no commit", "commit it, and check it again");
    const findings =
      outcome === "came up"
        ? []
        : [
            {
              subject: type ?? "web",
              severity: "error" as const,
              what:
                outcome === "not built"
                  ? `the commit ${commit.slice(0, 10)} cannot be built: ${lines[0]}`
                  : `${type} does not come up from the commit ${commit.slice(0, 10)}`,
              details: [...lines, ...untracked.slice(0, 10).map((path) => `not tracked: ${path}`)],
              control: "the working copy was built and came up",
              fix: {
                text:
                  untracked.length > 0
                    ? `track what it needs (${untracked.slice(0, 3).join(", ")}), or make it in the build`
                    : "commit what the working copy has",
              },
            },
          ];
    return failOr(
      findings,
      "proven",
      pass(`the commit ${commit.slice(0, 10)} was built and came up`, "it was exported into an empty folder, without any other file"),
    );
  },
};
