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
    .argument("[folder...]", "apps to run behind one port, each by its host name (default: the app of this folder)")
    .option("-p, --port <port>", "public port (default: the inventory's, or 5000; 0 takes a free one)", portOf)
    .option("--ref <commit>", "a commit, branch or tag (default: HEAD; in development the working tree)")
    .option("--no-watch", "do not rebuild when a file changes (only development watches)")
    .addHelpText(
      "after",
      examples(
        ["douze up", "the working tree, rebuilt when it changes"],
        ["douze up --env staging --port 5001", "HEAD, beside it"],
        ["douze up shop blog", "two apps, at shop.localhost and blog.localhost"],
      ),
    )
    .action(async (folders: string[], { watch, ...options }: UpOptions, command: Command) => {
      const { runForeground } = await import("../foreground.ts");
      const context = contextOf(command);
      const places = folders.length === 0 ? [await context.place()] : await Promise.all(folders.map((folder) => context.placeOf(folder)));
      const developing = places.every(({ environment }) => environment === "development");
      await runForeground(context, places, { ...options, watch: watch && options.ref === undefined && developing });
    });
}

function portOf(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new InvalidArgumentError("A port is a whole number from 0 to 65535.");
}
