import { constants } from "node:os";
import type { Command } from "commander";
import { calledCommand, hoisted, wantsJson } from "./command-line.ts";
import { commands } from "./commands.ts";
import { printFailure } from "./failure.ts";
import { version } from "./version.ts";

/**
 * Runs one command line and sets the exit code: 0, or 1 for a problem, 2 for wrong usage, 70 for a defect of ours, 128 and the
 * signal's number for a signal, and a child's own for `douze run`. Only the command that is called is loaded.
 */
export async function main(given: readonly string[]): Promise<void> {
  endWithTheReader();
  if (given.length === 1 && (given[0] === "--version" || given[0] === "-V")) {
    process.stdout.write(`${version}\n`);
    return;
  }
  const argv = hoisted(given);
  const { CommanderError } = await import("commander");
  try {
    const program = await emptyProgram();
    await register(program, calledCommand(argv));
    if (argv.length === 0) process.stdout.write(program.helpInformation());
    else await program.parseAsync(argv, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
    else printFailure(error, wantsJson(argv));
  }
}

/** The program with what all commands share, and none of them. */
export async function emptyProgram(): Promise<Command> {
  const { Command } = await import("commander");
  return new Command("douze")
    .description("Build, release and run twelve-factor apps.")
    .version(version)
    .option("-C, --dir <folder>", "the app's folder (default: this one, or one above it)")
    .option("-e, --env <environment>", "which environment (default: $DOUZE_ENV, or development)")
    .option("--json", "print data as JSON")
    .option("--no-color", "no colours")
    .showHelpAfterError("(`douze --help` lists the commands)")
    .configureHelp({ showGlobalOptions: true })
    .helpCommand("help [command]", "show what a command does")
    .exitOverride();
}

/** Loads what is called; all others are there by name and summary alone. */
async function register(program: Command, name: string | undefined): Promise<void> {
  for (const entry of commands) {
    program.commandsGroup(`${entry.group}:`);
    if (entry.name === name) (await entry.load()).register(program);
    else program.command(entry.name).description(entry.summary).allowUnknownOption().allowExcessArguments();
  }
}

/** As any program of Unix: `douze logs | head` ends with `head`, as if by SIGPIPE, which Node ignores. */
function endWithTheReader(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
      process.exit(128 + constants.signals.SIGPIPE);
    });
  }
}
