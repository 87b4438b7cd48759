import { constants } from "node:os";
import type { Instant, LogQuery } from "@douze/core";
import { type Command, InvalidArgumentError } from "commander";
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
  readonly last?: number;
}

export function register(program: Command): void {
  program
    .command("logs")
    .description("show what processes wrote, across releases and crashes")
    .option("-f, --follow", "go on with what comes")
    .option("-p, --process <process...>", "only web, web.1, worker, release.4, run.7, cron.report, router, douze")
    .option("--since <when>", "from then: 5m, 2h, or 2026-11-20T14:00")
    .option("--until <when>", "up to then")
    .option("-g, --grep <expression>", "only lines that match")
    .option("-n, --last <count>", "only the last so many lines (default: 100; with --since or --until all)", countOf)
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
      const query = queryOf(options);
      const end = new AbortController();
      process.once("SIGINT", () => {
        process.exitCode = 128 + constants.signals.SIGINT;
        end.abort();
      });
      await ask(async (operations) => {
        for await (const line of operations.logs(query, end.signal)) paper.line(logText(line, { colour: paper.colour, json }));
      });
    });
}

function queryOf({ follow, process: processes, since, until, grep, last }: LogOptions): LogQuery {
  const now = Date.now() as Instant;
  const count = last ?? (since === undefined && until === undefined ? 100 : undefined);
  return {
    ...(follow && { follow }),
    ...(processes && { processes }),
    ...(since !== undefined && { since: instantOf(since, now) }),
    ...(until !== undefined && { until: instantOf(until, now) }),
    ...(grep !== undefined && { grep }),
    ...(count !== undefined && { last: count }),
  };
}

function countOf(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It is a whole number.");
}
