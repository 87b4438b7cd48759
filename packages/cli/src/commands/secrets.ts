import type { Command } from "commander";
import { assignments, listed } from "../assignments.ts";
import { contextOf } from "../context.ts";
import { examples } from "../examples.ts";
import { changeSecrets, editSecrets, initSecrets, listSecrets, rotateSecrets } from "../secrets-file.ts";

export function register(program: Command): void {
  const secrets = program
    .command("secrets")
    .description("list the names of the secrets in an environment's inventory; they are encrypted in SOPS's format")
    .addHelpText(
      "after",
      examples(
        ["douze secrets init --env production", "a key for you, and an encrypted file"],
        ["douze secrets set API_KEY=… --env production", "the next release has it"],
        ["douze secrets set --from-file CERT=cert.pem", "`CERT=-` reads standard input"],
        ["douze secrets rotate --add age1… --env production", "let a colleague in, with a new data key"],
      ),
    )
    .action(async (_options, command: Command) => await listSecrets(contextOf(command)));
  secrets
    .command("list")
    .description("list names")
    .addHelpText("after", examples(["douze secrets list --env production", "names alone: no key is needed"]))
    .action(async (_options, command: Command) => await listSecrets(contextOf(command)));
  secrets
    .command("init")
    .description("make an age key if you have none, and the encrypted part of the inventory")
    .addHelpText("after", examples(["douze secrets init --env production", "once for each environment"]))
    .action(async (_options, command: Command) => await initSecrets(contextOf(command)));
  secrets
    .command("set")
    .description("set secrets; the next release has them")
    .argument("[KEY=value...]")
    .option("--from-file <KEY=path>", "take the value from a file, or `-` for standard input; may be given more than once", listed)
    .addHelpText(
      "after",
      examples(
        ["douze secrets set --from-file CERT=cert.pem --env production", "a file's content"],
        ["pass show shop/key | douze secrets set --from-file KEY=-", "which no shell keeps in its history"],
      ),
    )
    .action(async (words: string[], options: { fromFile?: readonly string[] }, command: Command) => {
      await changeSecrets(contextOf(command), { set: await assignments(words, options.fromFile ?? []) });
    });
  secrets
    .command("unset")
    .description("remove secrets")
    .argument("<KEY...>", "their names")
    .addHelpText("after", examples(["douze secrets unset OLD_KEY --env production", "the next release is without it"]))
    .action(async (keys: string[], _options, command: Command) => await changeSecrets(contextOf(command), { unset: keys }));
  secrets
    .command("edit")
    .description("edit them all in $EDITOR; they are in clear only while the editor is open")
    .addHelpText("after", examples(["EDITOR=nano douze secrets edit --env production", "what is taken out is removed"]))
    .action(async (_options, command: Command) => await editSecrets(contextOf(command)));
  secrets
    .command("rotate")
    .description("encrypt everything anew with a new data key, and change who can read it")
    .option("--add <recipient...>", "age recipients who can read it from now on")
    .option("--remove <recipient...>", "age recipients who cannot read what is written from now on")
    .addHelpText("after", examples(["douze secrets rotate --add age1… --env production", "let a colleague in"]))
    .action(async (options: { add?: string[]; remove?: string[] }, command: Command) => await rotateSecrets(contextOf(command), options));
}
