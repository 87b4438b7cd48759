import { createInterface } from "node:readline/promises";

/** Asks a person on a terminal; only a yes is a yes. */
export async function confirmed(question: string): Promise<boolean> {
  using reader = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await reader.question(`${question} [y/N] `);
  return /^y(es)?$/i.test(answer.trim());
}
