import { releaseVersion } from "@douze/core/ids";
import type { Command } from "commander";
import { contextOf } from "../context.ts";
import { printDiff } from "../diff-text.ts";
import { examples } from "../examples.ts";
import { progressOn } from "../progress.ts";
import { confirm } from "../question.ts";

export function register(program: Command): void {
  program
    .command("rollback")
    .description("return to an earlier release: its build, config, resources and formation together")
    .argument("[release]", "default: the last good one before the current")
    .option("-y, --yes", "do not ask")
    .addHelpText(
      "after",
      examples(["douze rollback", "shows what will change, and asks"], ["douze rollback v11 --yes", "to a certain one, in a script"]),
    )
    .action(async (asked: string | undefined, options: { yes?: boolean }, command: Command) => {
      const context = contextOf(command);
      const { ask, paper, json, by } = context;
      const to = asked === undefined ? undefined : releaseVersion(asked);
      await ask(async (operations) => {
        const preview = await operations.rollbackPreview(to);
        if (!json) printDiff(paper, preview);
        await confirm(context, options.yes === true, `Roll back to v${preview.to}?`, "nothing was rolled back");
        const release = await operations.rollback({ to: preview.to, by }, progressOn(paper));
        if (json) paper.json(release);
        else paper.line(`v${release.version} ${release.status}: ${release.description}`);
      });
    });
}
