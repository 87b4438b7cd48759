import type { Command } from "commander";
import { assignments, listed } from "../assignments.ts";
import { changeConfig, editConfig, importConfig } from "../config-change.ts";
import { printConfig, printValue, printWhy } from "../config-text.ts";
import { contextOf } from "../context.ts";
import { examples } from "../examples.ts";

export function register(program: Command): void {
  const config = program
    .command("config")
    .description("list the config of the current release; values of secrets are never shown")
    .addHelpText(
      "after",
      examples(
        ["douze config", "list"],
        ["douze config set GREETING=Hello", "a release; live keys alone: at once"],
        ["douze config why GREETING", "which layer it comes from"],
      ),
    )
    .action(async (_options, command: Command) => {
      const { ask, paper, json } = contextOf(command);
      const list = await ask((operations) => operations.config());
      if (json) paper.json(list);
      else printConfig(paper, list);
    });
  config
    .command("get")
    .description("print one value, with nothing around it")
    .argument("<key>")
    .addHelpText("after", examples(["douze config get GREETING", "its value"], ["douze config get CERT > cert.pem", "byte for byte"]))
    .action(async (key: string, _options, command: Command) => {
      const { ask, paper, json } = contextOf(command);
      const { current } = await ask((operations) => operations.configKey(key));
      if (json) paper.json(current ?? null);
      else printValue(paper, key, current);
    });
  config
    .command("set")
    .description("set values in the ledger; makes a release, unless only live keys change")
    .argument("[KEY=value...]")
    .option("--from-file <KEY=path>", "take the value from a file, or `-` for standard input; may be given more than once", listed)
    .addHelpText(
      "after",
      examples(
        ["douze config set GREETING=Hello PAGE_SIZE=20", "two, in one release"],
        ["douze config set --from-file CERT=cert.pem", "a file's content, newlines and all"],
        ["pass show shop/key | douze config set --from-file KEY=-", "which no shell keeps in its history"],
      ),
    )
    .action(async (words: string[], options: { fromFile?: readonly string[] }, command: Command) => {
      await changeConfig(contextOf(command), { set: await assignments(words, options.fromFile ?? []), unset: [] });
    });
  config
    .command("unset")
    .description("take values out of the ledger: the inventory or the default holds again")
    .argument("<key...>")
    .addHelpText("after", examples(["douze config unset GREETING PAGE_SIZE", "two, in one release"]))
    .action(async (keys: string[], _options, command: Command) => await changeConfig(contextOf(command), { set: {}, unset: keys }));
  config
    .command("import")
    .description("set all values of a .env file")
    .argument("<file>", "or `-` for standard input")
    .addHelpText("after", examples(["douze config import staging.env", "all of it, in one release"]))
    .action(async (file: string, _options, command: Command) => await importConfig(contextOf(command), file));
  config
    .command("edit")
    .description("edit the values of the ledger in $EDITOR")
    .addHelpText("after", examples(["EDITOR=nano douze config edit", "what is taken out is unset"]))
    .action(async (_options, command: Command) => await editConfig(contextOf(command)));
  config
    .command("why")
    .description("say where a value comes from, since which release, and who set it")
    .argument("<key>")
    .addHelpText("after", examples(["douze config why GREETING", "the layer that wins, and those below it"]))
    .action(async (key: string, _options, command: Command) => {
      const { ask, paper, json } = contextOf(command);
      const why = await ask((operations) => operations.configKey(key));
      if (json) paper.json(why);
      else printWhy(paper, why);
    });
}
