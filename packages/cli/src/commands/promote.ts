import { environmentName } from "@douze/core/ids";
import { Problem } from "@douze/core/problem";
import type { Command } from "commander";
import { contextOf } from "../context.ts";
import { examples } from "../examples.ts";
import { progressOn } from "../progress.ts";

export function register(program: Command): void {
  program
    .command("promote")
    .description("release one environment's build in another, with that one's config; nothing is built")
    .argument("<from>", "environment whose current build is taken")
    .argument("<to>", "environment that gets it")
    .addHelpText("after", examples(["douze promote staging production", "the same build, other config"]))
    .action(async (from: string, to: string, _options, command: Command) => {
      const { paper, json, by, askIn } = contextOf(command);
      const source = await askIn(from, async (operations) => {
        const { current } = await operations.status();
        if (current !== undefined) return await operations.release(current);
        throw new Problem({
          code: "no-release",
          what: `${from} has no good release`,
          why: "there is nothing to promote",
          fix: `\`douze releases --env ${from}\` shows what became of each`,
        });
      });
      const promotedFrom = { environment: environmentName(from), version: source.version };
      const release = await askIn(to, (operations) => operations.deploy({ build: source.build, promotedFrom, by }, progressOn(paper)));
      if (json) paper.json(release);
      else paper.line(`v${release.version} ${release.status} in ${to}: ${release.description}`);
    });
}
