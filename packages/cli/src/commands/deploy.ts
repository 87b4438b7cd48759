import type { Command } from "commander";
import { assignments, listed } from "../assignments.ts";
import { contextOf } from "../context.ts";
import { examples } from "../examples.ts";
import { progressOn } from "../progress.ts";

interface DeployOptions {
  readonly ref?: string;
  readonly workingTree?: boolean;
  readonly set?: readonly string[];
  readonly ifChanged?: boolean;
  readonly forceConflicts?: boolean;
}

export function register(program: Command): void {
  program
    .command("deploy")
    .description("build a commit, release it, and replace what runs when it is ready")
    .option("--ref <commit>", "a commit, branch or tag (default: HEAD; in development the working tree)")
    .option("--working-tree", "what lies in the folder, committed or not")
    .option("--set <KEY=value>", "a value for this release alone, over all others; may be given more than once", listed)
    .option("--if-changed", "make no release that would equal the current one")
    .option("--force-conflicts", "in a cluster: take over fields that others have set")
    .addHelpText("after", examples(["douze deploy", "what is there now"], ["douze deploy --ref v2.1 --env production", "a tag"]))
    .action(async (options: DeployOptions, command: Command) => {
      const { ask, paper, json, by } = contextOf(command);
      const flags = await assignments(options.set ?? [], []);
      const release = await ask(
        (operations, { environment }) =>
          operations.deploy(
            {
              by,
              workingTree: options.workingTree ?? (options.ref === undefined && environment === "development"),
              ...(options.ifChanged && { onlyIfChanged: true }),
              ...(options.ref !== undefined && { ref: options.ref }),
              ...(Object.keys(flags).length > 0 && { flags }),
            },
            progressOn(paper),
          ),
        { force: options.forceConflicts === true },
      );
      if (json) paper.json(release);
      else
        paper.line(
          `v${release.version} ${release.status}: ${release.description}${release.status === "pending" ? " (it starts with the next `douze up`)" : ""}`,
        );
    });
}
