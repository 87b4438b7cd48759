import type { Command } from "commander";
import { contextOf } from "../context.ts";
import { examples } from "../examples.ts";

export function register(program: Command): void {
  program
    .command("status")
    .description("show the app's release, formation and address")
    .addHelpText("after", examples(["douze status", "of this app"], ["douze status --env staging --json", "for a program"]))
    .action(async (_options, command: Command) => {
      const { ask, paper, json } = contextOf(command);
      const [status, elsewhere] = await ask(async (operations) => [await operations.status(), operations.elsewhere] as const);
      if (json) return paper.json(status);
      const { app, environment, running, pid, current, candidate, formation, maintenance, addresses, isolation } = status;
      const { line, styled } = paper;
      line(
        `${styled("bold", app)} in ${environment}: ${elsewhere ? "in a cluster" : running ? `running, engine ${pid}` : "not running"}${maintenance ? ", in maintenance" : ""}`,
      );
      line(
        `  release   ${current === undefined ? "none yet" : `v${current}`}${candidate === undefined ? "" : `, v${candidate} on its way`}`,
      );
      line(
        `  formation ${
          Object.entries(formation)
            .map(([type, count]) => `${type}=${count}`)
            .join(" ") || "none"
        }`,
      );
      for (const address of addresses) line(`  open      ${address}`);
      for (const sentence of isolation) line(`  ${elsewhere ? "where    " : "isolation"} ${sentence}`);
    });
}
