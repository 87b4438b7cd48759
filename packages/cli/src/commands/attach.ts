import { text } from "node:stream/consumers";
import type { Command } from "commander";
import { contextOf } from "../context.ts";
import { examples } from "../examples.ts";
import { progressOn } from "../progress.ts";

export function register(program: Command): void {
  program
    .command("attach")
    .description("attach a resource, or swap it for another; makes a release")
    .argument("<resource>", "its name in the manifest")
    .argument("[url]", "where it is, or `-` to read it from standard input; without, a server is started here if Douze can")
    .option("--as <VARIABLE>", "the variable that holds its URL, for a resource that the manifest does not declare")
    .addHelpText(
      "after",
      examples(
        ["douze attach db postgres://ana:…@db.example.org/shop", "by URL"],
        ["pass show shop/db | douze attach db -", "by URL, which no shell keeps in its history"],
        ["douze attach cache", "a server on this machine"],
      ),
    )
    .action(async (resource: string, url: string | undefined, options: { as?: string }, command: Command) => {
      const { ask, paper, json, by } = contextOf(command);
      const given = url === "-" ? (await text(process.stdin)).trim() : url;
      const request = { resource, by, ...(given !== undefined && { url: given }), ...(options.as !== undefined && { as: options.as }) };
      const release = await ask((operations) => operations.attach(request, progressOn(paper)));
      if (json) paper.json(release);
      else paper.line(`v${release.version} ${release.status}: ${release.description}`);
    });
}
