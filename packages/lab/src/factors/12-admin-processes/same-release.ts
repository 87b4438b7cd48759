import { lastLines } from "../../experiment.ts";
import type { Check } from "../../model/check.ts";
import { failOr, inapplicable, pass, unknown } from "../../model/verdict.ts";
import { tellingLine } from "../../plan/telling-line.ts";
import { MigrationFailed } from "../../workshop.ts";

interface Evidence {
  readonly command?: string;
  readonly inBuild?: { readonly status: number; readonly lines: readonly string[] };
  /** The same command from the whole working tree: what it would be with all files of the repository. */
  readonly inCodebase?: { readonly status: number };
}

export const sameRelease: Check<Evidence> = {
  name: "same-release",
  factor: "admin-processes",
  claim: "admin code ships with the release and runs in it",
  kind: "dynamic",
  profile: "standard",
  core: true,
  severity: "error",
  norm: "“Admin code must ship with application code to avoid synchronization issues”",
  method: [
    "The release task, or the migration that the files tell of, is run as a one-off: from the build's tree alone, read-only, with the variables that all processes get, on an empty service.",
    "It must end with 0. Where it does not, and names a file or module that the repository has and the build has not, it does not ship.",
  ],
  guards: ["The control is the app itself, which runs from the same build."],
  needs: ["sandbox"],
  repeats: 2,

  async observe(lab) {
    const { migrate } = lab.subject;
    if (!migrate) return {};
    try {
      await using sandbox = await lab.sandbox({ migrated: false });
      await using task = await sandbox.start("release", {
        command: migrate.command,
        readonly: true,
        env: { PYTHONDONTWRITEBYTECODE: "1" },
      });
      const ended = await task.process.until(() => task.process.end !== undefined, 60_000 * lab.slowness);
      return { command: migrate.command, inBuild: { status: ended ? (task.process.end?.status ?? -1) : -1, lines: lastLines(task, 16) } };
    } catch (error) {
      if (!(error instanceof MigrationFailed)) throw error;
      return { command: migrate.command, inBuild: { status: 1, lines: error.lines } };
    }
  },

  judge({ command, inBuild }) {
    if (command === undefined || !inBuild) return inapplicable("no release task and no migration is known");
    if (inBuild.status === -1) return unknown("budget", `\`${command}\` did not end within a minute`, "run it by hand on an empty service");
    const findings =
      inBuild.status !== 0
        ? [
            {
              subject: command,
              severity: "error" as const,
              what: `\`${command}\` ends with ${inBuild.status} in the build: ${reason(inBuild.lines)}`,
              details: inBuild.lines,
              control: "it ran from the same tree, with the same variables, as the app's processes, which come up",
              fix: {
                text: "have its files and its libraries in the build: no dev dependency, and nothing that .gitattributes or an ignore file leaves out",
              },
            },
          ]
        : [];
    return failOr(
      findings,
      "proven",
      pass(`\`${command}\` ran in the release's own build`, "it was run from the build's tree alone, on an empty service"),
    );
  },
};

function reason(lines: readonly string[]): string {
  return (
    lines.find((line) => /cannot find|no module named|no such file|not found|LoadError|ClassNotFound|ModuleNotFound/i.test(line)) ??
    tellingLine(lines) ??
    "it said nothing"
  );
}
