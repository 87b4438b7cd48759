import { type Command, InvalidArgumentError, Option } from "commander";
import { contextOf } from "../context.ts";
import { examples } from "../examples.ts";

interface ServeOptions {
  readonly port?: number;
  readonly onStop?: "leave" | "stop";
  readonly logs: boolean;
  readonly unit?: string;
}

export function register(program: Command): void {
  program
    .command("serve")
    .description("run the engine for the apps of this machine, as a service; their processes outlive it")
    .argument("[folder...]", "apps to run (default: those of $DOUZE_APPS, divided by `:`, or the app of this folder)")
    .option("-p, --port <port>", "public port of apps whose inventory names none (default: $PORT, or 5000)", portOf)
    .addOption(
      new Option("--on-stop <what>", "what SIGTERM does to the apps (default: stop; leave where the sockets were handed over)").choices([
        "leave",
        "stop",
      ]),
    )
    .option("--logs", "print what the apps write, too", process.env["DOUZE_LOGS"] === "all")
    .option("--unit <folder>", "write units of systemd for this command line into a folder, and run nothing")
    .addHelpText(
      "after",
      examples(
        ["douze serve --env production shop blog", "two apps, until Ctrl-C; other commands reach them as with `douze up`"],
        ["kill -HUP <pid>", "after an upgrade: a new engine takes over, no process and no request notices"],
        ["douze serve --env production --unit /etc/systemd/system shop blog", "as a service of the machine"],
      ),
    )
    .action(async (folders: string[], { unit, ...options }: ServeOptions, command: Command) => {
      const context = contextOf(command);
      const listed = folders.length > 0 ? folders : (context.env["DOUZE_APPS"] ?? "").split(":").filter((folder) => folder !== "");
      const places = listed.length === 0 ? [await context.place()] : await Promise.all(listed.map((folder) => context.placeOf(folder)));
      if (unit !== undefined) {
        const { writeUnits } = await import("../serve/write-units.ts");
        return await writeUnits(context, places, options.port, unit);
      }
      const { serveApps } = await import("../serve/serve.ts");
      await serveApps(context, places, options);
    });
}

function portOf(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port <= 65_535) return port;
  throw new InvalidArgumentError("A port is a whole number from 1 to 65535.");
}
