import { releaseVersion } from "@douze/core/ids";
import { Problem } from "@douze/core/problem";
import type { Command } from "commander";
import { contextOf } from "../context.ts";
import { printDiff } from "../diff-text.ts";
import { examples } from "../examples.ts";
import { progressOn } from "../progress.ts";
import { confirmed } from "../question.ts";

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
      const { ask, paper, json, by, interactive } = contextOf(command);
      const to = asked === undefined ? undefined : releaseVersion(asked);
      await ask(async (operations) => {
        const preview = await operations.rollbackPreview(to);
        if (!json) printDiff(paper, preview);
        if (!options.yes) await permitted(interactive, preview.to);
        const release = await operations.rollback({ to: preview.to, by }, progressOn(paper));
        if (json) paper.json(release);
        else paper.line(`v${release.version} ${release.status}: ${release.description}`);
      });
    });
}

async function permitted(interactive: boolean, to: number): Promise<void> {
  if (interactive && (await confirmed(`Roll back to v${to}?`))) return;
  throw new Problem({
    code: "not-confirmed",
    what: "nothing was rolled back",
    why: interactive ? "the answer was not yes" : "nobody is there to be asked",
    fix: "run it again with `--yes`",
  });
}
