import type { Outcome } from "@douze/core";
import { Problem } from "@douze/core/problem";
import type { Operations } from "@douze/engine";
import type { Command } from "commander";
import { type Context, contextOf } from "../context.ts";
import { examples } from "../examples.ts";
import { exitStatus, runHere } from "../run-here.ts";

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
      await context.ask((operations) => (options.detach ? detached(context, operations, words) : attached(context, operations, words)));
    });
}

async function detached({ paper, json, by }: Context, operations: Operations, words: readonly string[]): Promise<void> {
  const run = await operations.runDetached({ command: words, by });
  if (json) paper.json(run);
  else paper.line(`${run.run} started in v${run.release}; \`douze logs -f -p ${run.run}\` shows what it writes`);
}

async function attached({ paper, by, interactive }: Context, operations: Operations, words: readonly string[]): Promise<void> {
  const { run, release, place } = await operations.oneOff({ command: words, by, pid: process.pid });
  if (interactive) paper.aside(paper.asideStyled("dim", `${run} in v${release}, on this machine`));
  let outcome: Outcome = { by: "exit", code: 127 };
  try {
    outcome = await runHere(words, place);
    process.exitCode = exitStatus(outcome);
  } finally {
    await operations.oneOffEnded({ run, outcome }).catch((error: unknown) => {
      // The command has done its work: its exit status counts, and an engine that went away finds out by the pid.
      if (!(error instanceof Problem)) throw error;
      paper.aside(`the engine could not be told that ${run} has ended: ${error.why}`);
    });
  }
}
