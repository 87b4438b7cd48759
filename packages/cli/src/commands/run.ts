import type { Operations } from "@douze/engine";
import type { Command } from "commander";
import { attached } from "../attached.ts";
import { type Context, contextOf } from "../context.ts";
import { examples } from "../examples.ts";

export function register(program: Command): void {
  // What follows the command's name is the command's, also without `--`; `hoisted` has moved our own options to the front.
  program.enablePositionalOptions();
  program
    .command("run")
    .description("run a command in the build and environment of the current release, in this terminal")
    .argument("<command...>", "after `--`; one word with spaces is a shell's line")
    .option("-d, --detach", "in the background, under the engine; its output goes to the logs")
    .passThroughOptions()
    .addHelpText(
      "after",
      examples(
        ["douze run -- node migrate.ts --dry", "signals and exit code are the command's own"],
        ["douze run -- bash", "a shell in the release"],
        ["douze run -- 'ls | wc -l'", "a shell's line"],
        ["douze run --detach -- node import.ts", "in the background"],
      ),
    )
    .action(async (words: string[], options: { detach?: boolean }, command: Command) => {
      const context = contextOf(command);
      await context.ask(async (operations) => {
        if (options.detach) return await detached(context, operations, words);
        return await attached(context, operations, words);
      });
    });
}

async function detached({ paper, json, by }: Context, operations: Operations, words: readonly string[]): Promise<void> {
  const run = await operations.runDetached({ command: words, by });
  if (json) paper.json(run);
  else paper.line(`${run.run} started in v${run.release}; \`douze logs -f -p ${run.run}\` shows what it writes`);
}
