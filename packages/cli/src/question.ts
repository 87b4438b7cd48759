import { constants } from "node:os";
import { createInterface } from "node:readline";
import { Problem } from "@douze/core/problem";
import type { Context } from "./context.ts";

/**
 * Asks before something that is not easily taken back. Only a yes is a yes.
 *
 * @param yes - of `--yes`: do not ask
 * @param otherwise - what has not happened: `nothing was rolled back`
 * @throws Problem not-confirmed - the answer was another one, or nobody is there to be asked
 */
export async function confirm({ interactive }: Context, yes: boolean, question: string, otherwise: string): Promise<void> {
  if (yes || (interactive && (await answeredYes(question)))) return;
  throw new Problem({
    code: "not-confirmed",
    what: otherwise,
    why: interactive ? "the answer was not yes" : "nobody is there to be asked",
    fix: "run it again with `--yes`",
  });
}

/** Ctrl-C ends the program: nothing was begun. */
async function answeredYes(question: string): Promise<boolean> {
  using reader = createInterface({ input: process.stdin, output: process.stderr });
  const { promise, resolve } = Promise.withResolvers<string>();
  reader.once("SIGINT", () => process.exit(128 + constants.signals.SIGINT));
  reader.once("close", () => resolve("")); // Ctrl-D
  reader.question(`${question} [y/N] `, resolve);
  return /^y(es)?$/i.test((await promise).trim());
}
