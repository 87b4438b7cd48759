import { type Command, InvalidArgumentError } from "commander";
import { contextOf } from "../context.ts";
import { examples } from "../examples.ts";

export function register(program: Command): void {
  program
    .command("maintenance")
    .description("answer every request with 503 and a maintenance page, or stop doing so")
    .argument("[on|off]", "without, say which", (word) => {
      if (word === "on" || word === "off") return word;
      throw new InvalidArgumentError("It is on or off.");
    })
    .addHelpText(
      "after",
      examples(["douze maintenance on", "processes keep running"], ["douze maintenance off", "requests are served again"]),
    )
    .action(async (state: "on" | "off" | undefined, _options, command: Command) => {
      const { ask, paper, json } = contextOf(command);
      if (state) await ask((operations) => operations.maintenance(state === "on"));
      const maintenance = state ? state === "on" : (await ask((operations) => operations.status())).maintenance;
      if (json) paper.json({ maintenance });
      else paper.line(`maintenance is ${maintenance ? "on" : "off"}`);
    });
}
