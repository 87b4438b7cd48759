import { setTimeout } from "node:timers/promises";
import type { RunView } from "@douze/engine";
import type { Reached } from "./compose.ts";
import type { Context } from "./context.ts";
import { exitStatus } from "./run-here.ts";

/** Between two looks whether it has ended, in milliseconds. */
const lookMs = 300;

/**
 * Runs a command in a pod of its own; the exit code is its own. With a person at both ends it has this terminal, and ends with it. Else
 * what it writes is shown, and it goes on when this ends.
 */
export async function runThere({ paper, by, interactive }: Context, operations: Reached, words: readonly string[]): Promise<void> {
  if (interactive && operations.terminal) {
    process.exitCode = await operations.terminal(words, (run, release) =>
      paper.aside(paper.asideStyled("dim", `${run} in v${release}, in the cluster`)),
    );
    return;
  }
  const { run, release } = await operations.runDetached({ command: words, by });
  paper.aside(paper.asideStyled("dim", `${run} in v${release}, in the cluster; it goes on when this ends`));
  const end = new AbortController();
  process.once("SIGINT", () => {
    process.exitCode = 130;
    end.abort();
  });
  let shown = 0;
  const showing = (async () => {
    for await (const { text } of operations.logs({ processes: [run], follow: true }, end.signal)) {
      shown++;
      paper.line(text);
    }
  })();
  let ended: RunView | undefined;
  while (!end.signal.aborted && !ended) {
    ended = (await operations.runs()).find((each) => each.run === run && each.endedAt !== undefined);
    if (!ended) await setTimeout(lookMs);
  }
  end.abort();
  await showing;
  if (!ended) return;
  // What was written last may not have come before the end was known.
  let line = 0;
  for await (const { text } of operations.logs({ processes: [run] }, new AbortController().signal)) if (line++ >= shown) paper.line(text);
  process.exitCode = exitStatus(ended.outcome ?? { by: "unknown" });
}
