import { resolve } from "node:path";
import type { Command } from "commander";
import { contextOf } from "../context.ts";
import { examples } from "../examples.ts";
import { bytesText, table } from "../print.ts";
import { confirm } from "../question.ts";

export function register(program: Command): void {
  const resources = program
    .command("resources")
    .description("list what the app declares and what is attached, with a look at whether it answers")
    .addHelpText(
      "after",
      examples(["douze resources", "list"], ["douze resources backup db", "to a file"], ["douze resources restore db <file>", "from it"]),
    )
    .action(async (_options, command: Command) => {
      const { ask, paper, json } = contextOf(command);
      const list = await ask((operations) => operations.resources());
      if (json) return paper.json(list);
      if (list.length === 0) return paper.aside("the app declares no resources, and none is attached");
      paper.line(
        table(
          ["RESOURCE", "TYPE", "VARIABLE", "WHERE", "STATE"],
          list.map(({ resource, type, as, kind, at, reachable, detail }) => [
            resource,
            type,
            as,
            `${kind ?? "-"}${at ? ` ${at}` : ""}`,
            `${reachable ? "reachable" : "not reachable"}: ${detail}`,
          ]),
        ),
      );
    });
  resources
    .command("backup")
    .description("write a resource's data to a file")
    .argument("<resource>", "its name")
    .addHelpText("after", examples(["douze resources backup db", "says which file"]))
    .action(async (resource: string, _options, command: Command) => {
      const { ask, paper, json } = contextOf(command);
      const backup = await ask((operations) => operations.backup(resource));
      if (json) paper.json(backup);
      else paper.line(`${backup.file} (${bytesText(backup.sizeBytes)})`);
    });
  resources
    .command("restore")
    .description("put a backup in place of the present data; processes are started anew")
    .argument("<resource>", "its name")
    .argument("<file>", "that `douze resources backup` wrote")
    .option("-y, --yes", "do not ask")
    .addHelpText("after", examples(["douze resources restore db db.dump --env staging", "its present data are lost"]))
    .action(async (resource: string, file: string, options: { yes?: boolean }, command: Command) => {
      const context = contextOf(command);
      const { ask, paper } = context;
      await confirm(context, options.yes === true, `Replace all data of ${resource} by those of ${file}?`, "nothing was restored");
      await ask((operations) => operations.restore({ resource, file: resolve(file) }));
      paper.aside(`${resource} holds what ${file} held`);
    });
}
