import type { CrashBundle } from "@douze/engine";
import type { Command } from "commander";
import { contextOf } from "../context.ts";
import { examples } from "../examples.ts";
import { logText } from "../log-text.ts";
import { bytesText, type Paper, since, timeText } from "../print.ts";

export function register(program: Command): void {
  program
    .command("why")
    .description("show how a process last failed: last lines, exit status, memory, release")
    .argument("[process]", "a type (web), one process (web.1), or a one-off (release.4)")
    .option("--all", "all that is kept, not only the last")
    .addHelpText("after", examples(["douze why", "the last failure of all"], ["douze why web.1", "of one process"]))
    .action(async (name: string | undefined, options: { all?: boolean }, command: Command) => {
      const { ask, paper, json } = contextOf(command);
      const crashes = await ask((operations) => operations.crashes(name));
      const shown = options.all ? crashes : crashes.slice(0, 1);
      if (json) return paper.json(shown);
      if (shown.length === 0) return paper.aside(`no failure of ${name ?? "any process"} is on record`);
      for (const crash of shown) print(paper, crash);
    });
}

function print({ line, styled, colour }: Paper, crash: CrashBundle): void {
  const { process, release, ending, at, startedAt, command, memoryBytes, restarts, lines } = crash;
  line(`${styled("bold", `${process}@v${release}`)} ${styled("red", ending)}`);
  line(`  when      ${timeText(at)}, after ${since(startedAt, at)}`);
  line(`  command   ${command}`);
  line(`  restarts  ${restarts}`);
  if (memoryBytes !== undefined) line(`  memory    ${bytesText(memoryBytes)} when last seen`);
  line(lines.length === 0 ? "  it wrote nothing" : "  last lines:");
  for (const each of lines) line(`    ${logText(each, { colour, json: false })}`);
}
