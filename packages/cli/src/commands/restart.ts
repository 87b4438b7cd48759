import type { Command } from "commander";
import { contextOf } from "../context.ts";
import { examples } from "../examples.ts";

export function register(program: Command): void {
  program
    .command("restart")
    .description("replace processes one by one, each when its replacement is ready")
    .argument("[process...]", "a type (web) or one process (web.1); without, all")
    .addHelpText("after", examples(["douze restart", "all"], ["douze restart worker", "a type"], ["douze restart web.2", "one process"]))
    .action(async (names: string[], _options, command: Command) => {
      const { ask, paper } = contextOf(command);
      await ask((operations) => operations.restart(names));
      paper.aside(`restarting ${names.length === 0 ? "all processes" : names.join(", ")}; \`douze ps\` shows it`);
    });
}
