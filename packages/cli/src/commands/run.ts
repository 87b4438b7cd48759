import type { Command } from "commander";
import { contextOf } from "../context.ts";
import { examples } from "../examples.ts";
import { runHere } from "../run-here.ts";

export function register(program: Command): void {
  program
    .command("run")
    .description("run a command in the build and environment of the current release, in this terminal")
    .argument("<command...>", "after `--`")
    .option("-d, --detach", "in the background, under the engine; its output goes to the logs")
    .passThroughOptions()
    .addHelpText(
      "after",
      examples(
        ["douze run -- node migrate.ts --dry", "signals and exit code are the command's own"],
        ["douze run -- bash", "a shell in the release"],
        ["douze run --detach -- node import.ts", "in the background"],
      ),
    )
    .action(async (words: string[], options: { detach?: boolean }, command: Command) => {
      const { ask, paper, json, by, interactive } = contextOf(command);
      if (options.detach) {
        const run = await ask((operations) => operations.runDetached({ command: words, by }));
        if (json) paper.json(run);
        else paper.line(`${run.run} started in v${run.release}; \`douze logs -f -p ${run.run}\` shows what it writes`);
        return;
      }
      await ask(async (operations) => {
        const one = await operations.oneOff({ command: words, by, pid: process.pid });
        if (interactive) paper.aside(paper.styled("dim", `${one.run} in v${one.release}, on this machine`));
        const outcome = await runHere(words, one.place);
        await operations.oneOffEnded({ run: one.run, outcome });
        process.exitCode = outcome.by === "exit" ? outcome.code : outcome.number;
      });
    });
  program.enablePositionalOptions();
}
