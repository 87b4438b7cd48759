import { Problem } from "@douze/core/problem";
import { type Command, InvalidArgumentError, Option } from "commander";
import { type CheckOptions, runCheckCommand } from "../check-run.ts";
import { contextOf } from "../context.ts";
import { examples } from "../examples.ts";
import { printFailure } from "../failure.ts";

const wrongUsage: ReadonlySet<string> = new Set(["check-unknown", "check-report-unknown", "check-file-invalid", "app-not-found"]);

export function register(program: Command): void {
  program
    .command("check")
    .description("show by experiment which of the twelve factors an app holds: it is built, run in a sandbox, and things are done to it")
    .argument("[folder]", "the app's folder (default: this one)")
    .addOption(
      new Option("--profile <profile>", "static reads the code, standard runs the app, deep takes its time")
        .choices(["static", "standard", "deep"])
        .default("standard"),
    )
    .option("--only <checks>", "these alone: IX.sigterm-exit, or a whole factor: IX", list)
    .option("--skip <checks>", "without these", list)
    .option("--start <command>", "what starts the app, where nothing says so")
    .option("--seed <seed>", "what chance is taken from (default: a new one, which is printed)")
    .option("--replay <report>", "runs what a JSON report ran, with its seed, and says what differs")
    .option(
      "--report <file>",
      "also writes a report, of the kind that the name's end says: .html .json .sarif .xml (JUnit); may be repeated",
      several,
    )
    .addOption(
      new Option("--fail-on <severity>", "from which severity on the exit code is 1")
        .choices(["error", "warning", "note"])
        .default("error"),
    )
    .option("--max-unknown <count>", "exit code 4 when more checks could not tell", count)
    .option("--report-only", "exit code 0 whatever is found")
    .option("--no-fixes", "does not try fixes")
    .option("--write-baseline", "takes what is found for known: later runs fail on what is new alone")
    .option("--prune", "takes out of the baseline what was not found any more")
    .option("--probe", "says what this machine can do, and tries nothing else")
    .option("--list", "lists the checks")
    .option("--explain <check>", "says how a check is made, and what keeps it from false alarms")
    .addHelpText(
      "after",
      examples(
        ["douze check", "the app in this folder"],
        ["douze check --profile static", "in seconds, without running it"],
        ["douze check --only IX --report ix.html", "one factor, with a page to look at"],
        ["douze check ../shop --start 'node server.js'", "an app without a manifest"],
        ["douze check --explain IX.sigterm-in-flight", "how it is tried"],
        ["douze check --report douze.sarif --report douze.xml", "in a pipeline"],
      ),
    )
    .addHelpText("after", "\nExit codes: 0 nothing that counts, 1 findings, 2 wrong usage, 3 it could not be run, 4 too much unknown.")
    .action(async (folder: string | undefined, options: CheckOptions, command: Command) => {
      const context = contextOf(command);
      try {
        await runCheckCommand(folder, options, context, command.optsWithGlobals<{ dir?: string }>().dir);
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        printFailure(error, context.json);
        // 1 is kept for what was found: a pipeline must not take one for the other.
        process.exitCode = wrongUsage.has(error.code) ? 2 : 3;
      }
    });
}

function list(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, ...value.split(",").map((each) => each.trim())];
}

function several(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

function count(value: string): number {
  if (!/^\d+$/.test(value)) throw new InvalidArgumentError("expected a number.");
  return Number(value);
}
