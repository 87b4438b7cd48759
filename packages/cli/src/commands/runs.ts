import type { Outcome } from "@douze/core";
import type { Command } from "commander";
import { contextOf } from "../context.ts";
import { examples } from "../examples.ts";
import { table, timeText } from "../print.ts";

export function register(program: Command): void {
  program
    .command("runs")
    .description("list one-offs, attached and in the background")
    .addHelpText("after", examples(["douze runs", "list"], ["douze logs -p run.7", "what one in the background wrote"]))
    .action(async (_options, command: Command) => {
      const { ask, paper, json } = contextOf(command);
      const runs = await ask((operations) => operations.runs());
      if (json) return paper.json(runs);
      if (runs.length === 0) return paper.aside("no one-off is on record");
      paper.line(
        table(
          ["RUN", "RELEASE", "STARTED", "STATE", "BY", "COMMAND"],
          runs.map(({ run, release, startedAt, endedAt, outcome, by, command: line }) => [
            run,
            `v${release}`,
            timeText(startedAt),
            endedAt === undefined ? "running" : words(outcome),
            by,
            line,
          ]),
        ),
      );
    });
}

function words(outcome: Outcome | undefined): string {
  if (!outcome || outcome.by === "unknown") return "ended unseen";
  return outcome.by === "exit" ? `exit ${outcome.code}` : outcome.signal;
}
