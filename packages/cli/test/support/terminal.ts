import { existsSync } from "node:fs";
import { line, type Options, type Running, startProgram } from "./douze.ts";

/** util-linux's `script` gives a program a terminal of its own. */
const script = "/usr/bin/script";

export const noTerminal: string | undefined = existsSync(script) ? undefined : "there is no /usr/bin/script to make a terminal with";

/** Starts the program in a terminal; what is written to the child's standard input is typed, and `stdout` is the screen. */
export function startInTerminal(words: readonly string[], options: Omit<Options, "input">): Running & { type(text: string): void } {
  const command = [...line, ...words].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
  const running = startProgram(script, ["-qfec", `exec ${command}`, "/dev/null"], {
    ...options,
    input: undefined,
    env: { TERM: "xterm", ...options.env },
  });
  return { ...running, type: (text) => void running.child.stdin?.write(text) };
}
