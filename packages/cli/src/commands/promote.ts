import { environmentName } from "@douze/core/ids";
import type { Command } from "commander";
import { contextOf } from "../context.ts";
import { currentRelease } from "../current-release.ts";
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
      const source = await askIn(from, (operations) => currentRelease(from, operations, "there is nothing to promote"));
      const promotedFrom = { environment: environmentName(from), version: source.version };
      const release = await askIn(to, (operations) => operations.deploy({ build: source.build, promotedFrom, by }, progressOn(paper)));
      if (json) paper.json(release);
      else paper.line(`v${release.version} ${release.status} in ${to}: ${release.description}`);
    });
}
