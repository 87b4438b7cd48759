import { Argument, type Command } from "commander";
import { commands } from "../commands.ts";
import { type Completed, completionScript } from "../completion-script.ts";
import { examples } from "../examples.ts";

export function register(program: Command): void {
  program
    .command("completion")
    .description("print a completion script for a shell")
    .addArgument(new Argument("<shell>").choices(["bash", "zsh", "fish"]))
    .addHelpText("after", examples(['eval "$(douze completion bash)"', "in ~/.bashrc"], ["douze completion fish | source", "in fish"]))
    .action(async (shell: "bash" | "zsh" | "fish") => {
      const { Command: Fresh } = await import("commander");
      const all = new Fresh("douze");
      for (const entry of commands) (await entry.load()).register(all);
      process.stdout.write(completionScript(shell, all.commands.map(completed)));
    });
}

function completed(command: Command): Completed {
  return {
    name: command.name(),
    summary: command.description(),
    options: command.options.flatMap(({ long, description }) => (long ? [{ name: long, summary: description }] : [])),
    subcommands: command.commands.map((each) => ({ name: each.name(), summary: each.description() })),
  };
}
