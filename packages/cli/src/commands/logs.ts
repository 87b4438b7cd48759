import type { Instant, LogQuery } from "@douze/core";
import type { Command } from "commander";
import { contextOf } from "../context.ts";
import { examples } from "../examples.ts";
import { logText } from "../log-text.ts";
import { instantOf } from "../time.ts";

interface LogOptions {
  readonly follow?: boolean;
  readonly process?: string[];
  readonly since?: string;
  readonly until?: string;
  readonly grep?: string;
  readonly last?: string;
}

export function register(program: Command): void {
  program
    .command("logs")
    .description("show what processes wrote, across releases and crashes")
    .option("-f, --follow", "go on with what comes")
    .option("-p, --process <name...>", "only web, web.1, worker, release.4, run.7, cron.report, router, douze")
    .option("--since <when>", "from then: 5m, 2h, or 2026-11-20T14:00")
    .option("--until <when>", "up to then")
    .option("-g, --grep <expression>", "only lines that match")
    .option("-n, --last <count>", "only the last so many lines (default 100, with --since all)")
    .addHelpText(
      "after",
      examples(
        ["douze logs -f", "all, as it comes"],
        ["douze logs -p web.1 --since 5m", "one process"],
        ["douze logs -g 'error|fail' --json", "for a program"],
      ),
    )
    .action(async (options: LogOptions, command: Command) => {
      const { ask, paper, json } = contextOf(command);
      const end = new AbortController();
      process.once("SIGINT", () => end.abort());
      process.stdout.once("error", () => end.abort());
      await ask(async (operations) => {
        for await (const line of operations.logs(queryOf(options), end.signal)) paper.line(logText(line, { colour: paper.colour, json }));
      });
    });
}

function queryOf({ follow, process: processes, since, until, grep, last }: LogOptions): LogQuery {
  const count = last === undefined ? (since === undefined ? 100 : undefined) : Number(last);
  const now = Date.now() as Instant;
  return {
    ...(follow && { follow }),
    ...(processes && { processes }),
    ...(since !== undefined && { since: instantOf(since, now) }),
    ...(until !== undefined && { until: instantOf(until, now) }),
    ...(grep !== undefined && { grep }),
    ...(count !== undefined && { last: count }),
  };
}
