import type { Argument, Command, Option } from "commander";

/** `docs/reference/cli.md`: all commands as they are declared. */
export function referenceText(program: Command): string {
  const commands = program.commands.filter((each) => each.name() !== "help");
  const groups = [...new Set(commands.map((each) => each.helpGroup()))];
  const sections = groups.flatMap((group) => [
    `## ${group.replace(/:$/, "")}`,
    ...commands.filter((each) => each.helpGroup() === group).flatMap((each) => commandText(each, "douze", "###")),
  ]);
  return `${[
    "# Commands",
    "<!-- Generated from packages/cli/src/commands by `npm run generate -w tools/cli`. Do not edit. -->",
    "`douze --help` lists them, `douze <command> --help` shows one. A command works on the app in this folder or one above it; when an\n" +
      "engine runs that environment it asks the engine, otherwise it opens the environment's state by itself.",
    "## Options of all commands",
    optionList(program.options),
    "## Variables",
    [
      "| variable | meaning |",
      "|---|---|",
      "| `DOUZE_ENV` | the environment when `--env` is not given. Default `development` |",
      "| `DOUZE_STATE` | the state folder. Default `.douze` in the app's |",
      "| `NO_COLOR` | when it is not empty: no colours |",
      "| `VISUAL`, `EDITOR` | for `config edit` and `secrets edit`. Default `vi` |",
    ].join("\n"),
    "## Exit codes",
    [
      "| code | meaning |",
      "|---|---|",
      "| 0 | it is done |",
      "| 1 | a problem, told with its code on standard error; with `--json` as JSON. `docs/problems/<code>.md` describes it |",
      "| 2 | wrong usage |",
      "| 70 | a defect of Douze, with its stack |",
      "| 128 + n | ended by signal n: 130 after Ctrl-C |",
      "| others | of `douze run`: the command's own |",
    ].join("\n"),
    ...sections,
  ].join("\n\n")}\n`;
}

function commandText(command: Command, parent: string, heading: string): string[] {
  const path = `${parent} ${command.name()}`;
  const usage = `${path} ${command.usage().replace("[options] [command]", "").replace("[options] ", "")}`.trim();
  const options = command.options.filter(({ hidden }) => !hidden);
  return [
    `${heading} ${path}`,
    `\`${usage}\``,
    `${capital(command.description())}.`,
    ...(command.registeredArguments.some(({ description }) => description) ? [argumentList(command.registeredArguments)] : []),
    ...(options.length > 0 ? [optionList(options)] : []),
    ...examples(command),
    ...command.commands.filter((each) => each.name() !== "help").flatMap((each) => commandText(each, path, `${heading}#`)),
  ];
}

function argumentList(list: readonly Argument[]): string {
  return list
    .map((each) => `- \`${each.name()}\`${each.required ? "" : " (optional)"}: ${each.description}${choices(each.argChoices)}`)
    .join("\n");
}

function optionList(list: readonly Option[]): string {
  return list.map(({ flags, description, argChoices }) => `- \`${flags}\`: ${description}${choices(argChoices)}`).join("\n");
}

function choices(list: readonly string[] | undefined): string {
  return list ? ` (${list.map((each) => `\`${each}\``).join(", ")})` : "";
}

/** What `addHelpText` put under the help, as a block. */
function examples(command: Command): string[] {
  let text = "";
  command.configureOutput({
    writeOut: (part) => {
      text += part;
    },
  });
  command.outputHelp();
  const lines = /\nExamples:\n([\s\S]*)$/.exec(text)?.[1]?.trimEnd().split("\n") ?? [];
  return lines.length === 0 ? [] : [["```console", ...lines.map((line) => line.trim()), "```"].join("\n")];
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
