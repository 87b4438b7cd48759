import { Command, CommanderError } from "commander";
import { commands } from "./commands.ts";
import { printFailure } from "./failure.ts";
import { version } from "./version.ts";

/**
 * Runs one command line and sets the exit code: 0, or 1 for a problem, 2 for wrong usage, 70 for a defect of ours, and a child's
 * own for `douze run`. Only the command that is called is loaded.
 */
export async function main(argv: readonly string[]): Promise<void> {
  if (argv.length === 1 && (argv[0] === "--version" || argv[0] === "-V")) {
    process.stdout.write(`${version}\n`);
    return;
  }
  const program = new Command("douze")
    .description("Build, release and run twelve-factor apps.")
    .version(version)
    .option("-C, --dir <folder>", "the app's folder (default: this one, or one above it)")
    .option("-e, --env <environment>", "which environment (default: $DOUZE_ENV, or development)")
    .option("--json", "print data as JSON")
    .option("--no-color", "no colours")
    .showHelpAfterError("(`douze --help` lists the commands)")
    .configureHelp({ showGlobalOptions: true })
    .exitOverride();
  program.helpCommand("help [command]", "show what a command does");
  try {
    await register(program, called(argv));
    await program.parseAsync(argv, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
    else printFailure(error, argv.includes("--json"));
  }
}

/** Loads what is called; all others are there by name and summary alone. */
async function register(program: Command, name: string | undefined): Promise<void> {
  for (const entry of commands) {
    program.commandsGroup(`${entry.group}:`);
    if (entry.name === name) (await entry.load()).register(program);
    else program.command(entry.name).description(entry.summary).allowUnknownOption().allowExcessArguments();
  }
}

/** The first word that is no option, nor the value of one. */
function called(argv: readonly string[]): string | undefined {
  const withValue = new Set(["-C", "--dir", "-e", "--env"]);
  const words = argv.filter((word, index) => !word.startsWith("-") && !withValue.has(argv[index - 1] ?? ""));
  return words[0] === "help" ? words[1] : words[0];
}
