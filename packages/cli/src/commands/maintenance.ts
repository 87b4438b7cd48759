import { Argument, type Command } from "commander";
import { contextOf } from "../context.ts";
import { examples } from "../examples.ts";

export function register(program: Command): void {
  program
    .command("maintenance")
    .description("answer every request with 503 and a maintenance page, or stop doing so")
    .addArgument(new Argument("[state]", "what to do").choices(["on", "off", "status"]).default("status"))
    .addHelpText(
      "after",
      examples(
        ["douze maintenance on", "processes keep running"],
        ["douze maintenance off", "requests are served again"],
        ["douze maintenance", "say which"],
      ),
    )
    .action(async (state: "on" | "off" | "status", _options, command: Command) => {
      const { ask, paper, json } = contextOf(command);
      const maintenance = await ask(async (operations) => {
        if (state === "status") return (await operations.status()).maintenance;
        await operations.maintenance(state === "on");
        return state === "on";
      });
      if (json) paper.json({ maintenance });
      else paper.line(`maintenance is ${maintenance ? "on" : "off"}`);
    });
}
