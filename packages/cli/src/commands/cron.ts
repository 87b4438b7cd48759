import type { CronRunView } from "@douze/engine";
import type { Command } from "commander";
import { contextOf } from "../context.ts";
import { examples } from "../examples.ts";
import { type Paper, table, timeText } from "../print.ts";

export function register(program: Command): void {
  const cron = program
    .command("cron")
    .description("list scheduled commands, when they run next and how they ran last")
    .addHelpText(
      "after",
      examples(
        ["douze cron", "list"],
        ["douze cron runs report", "the runs of one, missed ones too"],
        ["douze cron run report", "now, beside its schedule"],
      ),
    )
    .action(async (_options, command: Command) => {
      const { ask, paper, json } = contextOf(command);
      const list = await ask((operations) => operations.cron());
      if (json) return paper.json(list);
      if (list.length === 0) return paper.aside("the current release has no cron entries");
      paper.line(
        table(
          ["ENTRY", "SCHEDULE", "ZONE", "OVERLAP", "NEXT", "LAST", "COMMAND"],
          list.map(({ entry, schedule, timeZone, overlap, next, last, command: line }) => [
            entry,
            schedule,
            timeZone,
            overlap,
            next === undefined ? "never" : timeText(next),
            last?.result ?? "-",
            line,
          ]),
        ),
      );
    });
  cron
    .command("runs")
    .description("list the runs on record, missed and skipped ones too")
    .argument("[entry]", "only this entry's")
    .addHelpText("after", examples(["douze cron runs", "of all entries"], ["douze cron runs report --json", "of one, for a program"]))
    .action(async (entry: string | undefined, _options, command: Command) => {
      const { ask, paper, json } = contextOf(command);
      const runs = await ask((operations) => operations.cronRuns(entry));
      if (json) paper.json(runs);
      else if (runs.length === 0) paper.aside("no run is on record");
      else print(paper, runs);
    });
  cron
    .command("run")
    .description("run an entry now, in the background")
    .argument("<entry>", "its name in the manifest")
    .addHelpText("after", examples(["douze cron run report", "now, beside its schedule"]))
    .action(async (entry: string, _options, command: Command) => {
      const { ask, paper, json } = contextOf(command);
      const run = await ask((operations) => operations.cronRun(entry));
      if (json) paper.json(run);
      else paper.line(`${run.run} started; \`douze logs -p ${run.run}\` shows what it writes`);
    });
}

function print({ line }: Paper, runs: readonly CronRunView[]): void {
  line(
    table(
      ["ENTRY", "DUE", "RESULT", "RELEASE", "TOOK", "RUN"],
      runs.map(({ entry, scheduledAt, result, release, startedAt, endedAt, run }) => [
        entry,
        timeText(scheduledAt),
        result,
        release === undefined ? "-" : `v${release}`,
        startedAt !== undefined && endedAt !== undefined ? `${((endedAt - startedAt) / 1000).toFixed(1)}s` : "-",
        run,
      ]),
    ),
  );
}
