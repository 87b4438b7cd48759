import { spawn } from "node:child_process";
import { constants } from "node:os";
import { Problem } from "@douze/core";
import type { OneOffPlace } from "@douze/engine";

export type HereOutcome =
  | { readonly by: "exit"; readonly code: number }
  | { readonly by: "signal"; readonly signal: string; readonly number: number };

/**
 * Runs a command with this process's own terminal: job control, window size and Ctrl-C need no go-between, since the terminal
 * tells the whole foreground group. Signals that are sent to this process alone are passed on.
 *
 * @throws Problem command-not-found - there is no such program in the release
 */
export async function runHere(words: readonly string[], { cwd, env }: OneOffPlace): Promise<HereOutcome> {
  const [first = "", ...rest] = words;
  // One word with spaces is a shell's line; several are a program and its arguments, taken as they are.
  const shell = rest.length === 0 && /\s/.test(first);
  const inherited = {
    TERM: process.env["TERM"],
    COLORTERM: process.env["COLORTERM"],
    LINES: process.env["LINES"],
    COLUMNS: process.env["COLUMNS"],
  };
  const child = shell
    ? spawn("/bin/sh", ["-c", first], { cwd, env: { ...inherited, ...env }, stdio: "inherit" })
    : spawn(first, rest, { cwd, env: { ...inherited, ...env }, stdio: "inherit" });
  const forwarded = ["SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2"] as const;
  const passOn = (signal: NodeJS.Signals): void => void child.kill(signal);
  // From a terminal these reach the child by themselves; this process only must not end before it.
  const ignored = ["SIGINT", "SIGQUIT"] as const;
  const stay = (): void => undefined;
  for (const signal of forwarded) process.on(signal, passOn);
  for (const signal of ignored) process.on(signal, stay);
  const { promise, resolve, reject } = Promise.withResolvers<HereOutcome>();
  child.on("error", (cause) => reject(notFound(first, cause)));
  child.on("exit", (code, signal) => {
    if (signal === null) resolve({ by: "exit", code: code ?? 0 });
    else resolve({ by: "signal", signal, number: 128 + constants.signals[signal] });
  });
  try {
    return await promise;
  } finally {
    for (const signal of forwarded) process.off(signal, passOn);
    for (const signal of ignored) process.off(signal, stay);
  }
}

function notFound(program: string, cause: Error): Problem {
  return new Problem({
    code: "command-not-found",
    what: `\`${program}\` could not be started`,
    why: (cause as NodeJS.ErrnoException).code === "ENOENT" ? "there is no such program in the release's PATH" : cause.message,
    fix: "see what the build holds: `douze run -- ls`; what lies outside it does not belong to the release",
    cause,
  });
}
