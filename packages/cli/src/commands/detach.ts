import type { Command } from "commander";
import { contextOf } from "../context.ts";
import { examples } from "../examples.ts";
import { progressOn } from "../progress.ts";

export function register(program: Command): void {
  program
    .command("detach")
    .description("take a resource away from the app; makes a release. Its data stay")
    .argument("<resource>", "its name")
    .addHelpText("after", examples(["douze detach cache", "until it is attached again"]))
    .action(async (resource: string, _options, command: Command) => {
      const { ask, paper, json, by } = contextOf(command);
      const release = await ask((operations) => operations.detach({ resource, by }, progressOn(paper)));
      if (json) paper.json(release);
      else paper.line(`v${release.version} ${release.status}: ${release.description}`);
    });
}
