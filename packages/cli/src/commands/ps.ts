import type { ProcessView, ScalingView } from "@douze/engine";
import type { Command } from "commander";
import { contextOf } from "../context.ts";
import { examples } from "../examples.ts";
import { bytesText, since, table } from "../print.ts";

export function register(program: Command): void {
  program
    .command("ps")
    .description("list processes")
    .argument("[type]", "only this process type")
    .option("--why", "say why it is so: how many run, and by which way requests come to each")
    .addHelpText(
      "after",
      examples(
        ["douze ps", "all of them"],
        ["douze ps --why", "and why there are so many, and which way requests take"],
        ["douze ps web", "only web"],
        ["douze ps --json", "for a program"],
      ),
    )
    .action(async (type: string | undefined, { why }: { readonly why?: boolean }, command: Command) => {
      const { ask, paper, json } = contextOf(command);
      const processes = await ask((operations) => operations.processes());
      const shown = processes.filter((each) => type === undefined || each.process === type);
      if (json) return paper.json(shown);
      if (shown.length === 0) return paper.aside("nothing runs");
      const now = Date.now();
      paper.line(
        table(
          ["PROCESS", "RELEASE", "STATE", "UP", "RESTARTS", "MEMORY", "PORT", "VIA", "COMMAND"],
          shown.map((each) => row(each, now)),
        ),
      );
      if (!why) return;
      const scaling = await ask((operations) => operations.scaling());
      for (const each of scaling) if (type === undefined || each.process === type) paper.line(scalingText(each, now));
      for (const text of reasons(shown)) paper.line(text);
      for (const sentence of (await ask((operations) => operations.status())).isolation) paper.line(sentence);
    });
}

function row(process: ProcessView, now: number): string[] {
  const { name, release, phase, startedAt, restarts, memoryBytes, port, requests, command } = process;
  return [
    name,
    `v${release}`,
    state(process, now),
    phase !== "exited" && startedAt !== undefined ? since(startedAt, now) : "-",
    String(restarts),
    memoryBytes === undefined ? "-" : bytesText(memoryBytes),
    port === undefined ? "-" : String(port),
    requests?.via ?? "-",
    command,
  ];
}

function scalingText({ process, count, min, max, why, at }: ScalingView, now: number): string {
  return `${process}: ${count}, between ${min} and ${max}: ${why}${at === undefined ? "" : ` (${since(at, now)} ago)`}`;
}

function reasons(processes: readonly ProcessView[]): string[] {
  return processes.flatMap(({ name, requests }) => {
    if (!requests) return [];
    if (requests.via === "socket") return [`${name} takes requests from the public socket itself`];
    return [`${name} gets requests through the router${requests.why === undefined ? "" : `: ${requests.why}`}`];
  });
}

function state({ phase, restartAt, last }: ProcessView, now: number): string {
  if (phase !== "exited" || restartAt === undefined) return phase;
  const wait = Math.ceil((restartAt - now) / 1000);
  const again = wait > 86_400 ? "not started again" : `again in ${Math.max(0, wait)}s`;
  return `${last?.split(",")[0] ?? "exited"}, ${again}`;
}
