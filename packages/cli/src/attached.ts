import type { Outcome } from "@douze/core";
import { Problem } from "@douze/core/problem";
import type { Reached } from "./compose.ts";
import type { Context } from "./context.ts";
import { exitStatus, runHere } from "./run-here.ts";

/** Runs a command in the current release, in this terminal, wherever the release runs; the exit code is its own. */
export async function attached(context: Context, operations: Reached, words: readonly string[]): Promise<void> {
  const { paper, by, interactive } = context;
  if (operations.elsewhere) {
    const { runThere } = await import("./run-there.ts");
    return await runThere(context, operations, words);
  }
  const { run, release, place } = await operations.oneOff({ command: words, by, pid: process.pid });
  if (interactive) paper.aside(paper.asideStyled("dim", `${run} in v${release}, on this machine`));
  let outcome: Outcome = { by: "exit", code: 127 };
  try {
    outcome = await runHere(words, place);
    process.exitCode = exitStatus(outcome);
  } finally {
    await operations.oneOffEnded({ run, outcome }).catch((error: unknown) => {
      // The command has done its work: its exit status counts, and an engine that went away finds out by the pid.
      if (!(error instanceof Problem)) throw error;
      paper.aside(`the engine could not be told that ${run} has ended: ${error.why}`);
    });
  }
}
