import { Problem } from "@douze/core/problem";
import type { Drift } from "@douze/kubernetes";
import type { Command } from "commander";
import { contextOf } from "../context.ts";
import { examples } from "../examples.ts";
import { table } from "../print.ts";

export function register(program: Command): void {
  program
    .command("drift")
    .description("show what in a cluster is not as the current release has it, and who changed it; what is in a Secret is never shown")
    .option("--exit-code", "1 when there is any")
    .addHelpText(
      "after",
      examples(
        ["douze drift --env production", "a `kubectl edit` that nobody told of"],
        ["douze drift --env production --exit-code", "in a pipeline"],
      ),
    )
    .action(async ({ exitCode }: { exitCode?: boolean }, command: Command) => {
      const { ask, paper, json } = contextOf(command);
      const found = await ask(async (operations, { environment }) => {
        if (operations.drift) return await operations.drift();
        throw new Problem({
          code: "target-elsewhere",
          what: `${environment} does not run in a cluster`,
          why: "on one machine nobody but Douze changes what was released",
          fix: "name another environment with `--env`",
        });
      });
      if (exitCode && found.length > 0) process.exitCode = 1;
      if (json) return paper.json(found);
      if (found.length === 0) return paper.line("all is as it was released");
      paper.line(table(["OBJECT", "FIELD", "IS", "RELEASED", "BY"], found.map(row)));
    });
}

function row({ object, field, live, wanted, by }: Drift): string[] {
  if (field === "") return [object, "-", "gone", "there", "-"];
  return [object, field, live ?? "-", wanted ?? "-", by ?? "-"];
}
