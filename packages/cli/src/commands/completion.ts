import { Argument, type Command, Option } from "commander";
import { type Completed, type CompletedOption, completionScript, type Shell, type WordKind, wordKinds } from "../completion-script.ts";
import { contextOf } from "../context.ts";
import { examples } from "../examples.ts";

export function register(program: Command): void {
  program
    .command("completion")
    .description("print a completion script for a shell")
    .addArgument(new Argument("[shell]", "which").choices(["bash", "zsh", "fish"]))
    .addOption(new Option("--words <kind>", "names to complete; asked by the script").choices(wordKinds).hideHelp())
    .addHelpText(
      "after",
      examples(
        ['eval "$(douze completion bash)"', "in ~/.bashrc"],
        ['eval "$(douze completion zsh)"', "in ~/.zshrc"],
        ["douze completion fish | source", "in ~/.config/fish/config.fish"],
      ),
    )
    .action(async (shell: Shell | undefined, { words }: { words?: WordKind }, command: Command) => {
      if (words) {
        const { completionWords } = await import("../completion-words.ts");
        process.stdout.write((await completionWords(words, contextOf(command))).map((word) => `${word}\n`).join(""));
        return;
      }
      if (!shell) return command.error("error: say for which shell: bash, zsh or fish", { exitCode: 2 });
      const { wholeProgram } = await import("../whole-program.ts");
      process.stdout.write(completionScript(shell, completedBelow(await wholeProgram(), "")));
    });
}

function completedBelow(command: Command, path: string): Completed[] {
  const below = command.commands.filter((each) => each.name() !== "help");
  const own: Completed = {
    path,
    options: command.options.filter(({ hidden }) => !hidden).map(completedOption),
    subcommands: below.map((each) => ({ name: each.name(), summary: each.description() })),
    words: command.registeredArguments.map((each) => ({ words: each.argChoices ?? kindOf(each.name()), variadic: each.variadic })),
  };
  return [own, ...below.flatMap((each) => completedBelow(each, `${path} ${each.name()}`.trim()))];
}

function completedOption({ short, long, description, flags }: Option): CompletedOption {
  const value = /[<[]([^>\].]+)/.exec(flags)?.[1];
  const names = [short, long].filter((name) => name !== undefined);
  return { names, summary: description, ...(value !== undefined && { value: kindOf(value) }) };
}

/** Arguments and values of options go by the same names in all commands. */
function kindOf(name: string): WordKind | "other" {
  const kinds: Readonly<Record<string, WordKind>> = {
    environment: "environments",
    from: "environments",
    to: "environments",
    process: "processes",
    type: "processes",
    release: "releases",
    other: "releases",
    key: "keys",
    resource: "resources",
    entry: "entries",
  };
  return kinds[name] ?? "other";
}
