import { Problem } from "@douze/core/problem";
import type { Operations } from "@douze/engine";
import type { Command } from "commander";
import { attached } from "../attached.ts";
import { contextOf } from "../context.ts";
import { examples } from "../examples.ts";

export function register(program: Command): void {
  program
    .command("console")
    .description("open the app's own prompt, in the build and environment of the current release")
    .addHelpText(
      "after",
      examples(["douze console", "what `console:` of the manifest runs"], ["douze -e production console", "in production"]),
    )
    .action(async (_options: unknown, command: Command) => {
      const context = contextOf(command);
      await context.ask(async (operations) => await attached(context, operations, [await consoleOf(operations)]));
    });
}

/** @throws Problem console-undeclared - the release has none, or there is no release */
async function consoleOf(operations: Operations): Promise<string> {
  const current = (await operations.releases()).find(({ status }) => status === "current");
  if (current?.console !== undefined) return current.console;
  throw new Problem({
    code: "console-undeclared",
    what: current ? `v${current.version} has no console` : "there is no release, and so no console",
    why: "its manifest has no `console:`, which says what a prompt of the app is started with",
    fix: "add one, such as `console: node app.ts console`, and deploy; or run any command with `douze run -- …`",
  });
}
