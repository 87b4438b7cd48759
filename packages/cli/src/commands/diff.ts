import { releaseVersion } from "@douze/core/ids";
import type { Command } from "commander";
import { contextOf } from "../context.ts";
import { printDiff } from "../diff-text.ts";
import { examples } from "../examples.ts";

export function register(program: Command): void {
  program
    .command("diff")
    .description("show what differs between two releases; values of secrets are never shown")
    .argument("<release>", "to compare from, such as v11")
    .argument("[other]", "to compare with (default: the current release)")
    .addHelpText("after", examples(["douze diff v11 v12", "between two"], ["douze diff v11", "to the current one"]))
    .action(async (from: string, to: string | undefined, _options, command: Command) => {
      const { ask, paper, json } = contextOf(command);
      const diff = await ask(async (operations) => {
        const until = to === undefined ? (await operations.status()).current : releaseVersion(to);
        return await operations.diff(releaseVersion(from), until ?? releaseVersion(from));
      });
      if (json) paper.json(diff);
      else printDiff(paper, diff);
    });
}
