import { processType } from "@douze/core/ids";
import type { Command } from "commander";
import { contextOf } from "../context.ts";
import { examples } from "../examples.ts";

export function register(program: Command): void {
  program
    .command("stop")
    .description("stop everything in order and end the engine; or scale single types to none")
    .argument("[type...]", "process types to stop; without, the app")
    .addHelpText(
      "after",
      examples(["douze stop", "as Ctrl-C in the terminal of `douze up`"], ["douze stop worker", "until `douze scale worker=1`"]),
    )
    .action(async (types: string[], _options, command: Command) => {
      const { ask, paper, by } = contextOf(command);
      if (types.length === 0) {
        await ask((operations) => operations.shutDown());
        return paper.aside("stopping");
      }
      const formation = Object.fromEntries(types.map((type) => [processType(type), 0]));
      await ask((operations) => operations.scale({ formation, by }));
      paper.aside(`stopping ${types.join(", ")}; \`douze scale ${types[0]}=1\` starts it again`);
    });
}
