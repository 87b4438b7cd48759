import { type Command, InvalidArgumentError } from "commander";
import { contextOf } from "../context.ts";
import { examples } from "../examples.ts";

interface UpOptions {
  readonly port?: number;
  readonly ref?: string;
  readonly watch: boolean;
}

export function register(program: Command): void {
  program
    .command("up")
    .description("build, release and run the app in the foreground; other commands talk to it from a second terminal")
    .option("-p, --port <port>", "public port (default: the inventory's, or 5000; 0 takes a free one)", portOf)
    .option("--ref <commit>", "a commit, branch or tag (default: HEAD; in development the working tree)")
    .option("--no-watch", "do not rebuild when a file changes (only development watches)")
    .addHelpText(
      "after",
      examples(["douze up", "the working tree, rebuilt when it changes"], ["douze up --env staging --port 5001", "HEAD, beside it"]),
    )
    .action(async ({ watch, ...options }: UpOptions, command: Command) => {
      const { runForeground } = await import("../foreground.ts");
      const context = contextOf(command);
      const place = await context.place();
      await runForeground(context, place, { ...options, watch: watch && options.ref === undefined && place.environment === "development" });
    });
}

function portOf(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new InvalidArgumentError("A port is a whole number from 0 to 65535.");
}
