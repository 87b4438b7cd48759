import type { DrainView } from "@douze/engine";
import type { Command } from "commander";
import { contextOf } from "../context.ts";
import { examples } from "../examples.ts";
import { bytesText, table, timeText } from "../print.ts";

export function register(program: Command): void {
  program
    .command("drains")
    .description("show where the log goes, and how far it got; `drains:` of the inventory declares them")
    .addHelpText("after", examples(["douze drains", "list"], ["douze drains --json", "for a program"]))
    .action(async (_options, command: Command) => {
      const { ask, paper, json } = contextOf(command);
      const [drains, { running }] = await Promise.all([ask((operations) => operations.drains()), ask((operations) => operations.status())]);
      if (json) return paper.json(drains);
      if (!running) return paper.aside("no engine runs: nothing is sent, and nothing is lost meanwhile");
      if (drains.length === 0) return paper.aside("the inventory declares no drains when the engine starts");
      paper.line(table(["DRAIN", "TO", "SENT", "DROPPED", "BEHIND", "STATE"], drains.map(row)));
    });
}

function row({ name, to, sent, dropped, behindBytes, trouble, since }: DrainView): string[] {
  const state = trouble === undefined ? "sending" : `waiting since ${timeText(since ?? 0)}: ${trouble}`;
  return [name, to, String(sent), String(dropped), bytesText(behindBytes), state];
}
