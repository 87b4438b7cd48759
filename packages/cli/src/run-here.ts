import { type SpawnOptions, spawn } from "node:child_process";
import { constants } from "node:os";
import { isatty } from "node:tty";
import type { Outcome } from "@douze/core";
import { Problem } from "@douze/core/problem";
import type { OneOffPlace } from "@douze/engine";

/**
 * Runs a command with this process's own terminal: job control, window size and Ctrl-C need no go-between, since the terminal
 * tells the whole foreground group. Signals that are sent to this process alone are passed on.
 *
 * @throws Problem command-not-found - there is no such program in the release
 */
export async function runHere(words: readonly string[], { cwd, env, user }: OneOffPlace): Promise<Outcome> {
  const [first = "", ...rest] = words;
  // One word with spaces is a shell's line; several are a program and its arguments, taken as they are.
  const shell = rest.length === 0 && /\s/.test(first);
  const inherited = {
    TERM: process.env["TERM"],
    COLORTERM: process.env["COLORTERM"],
    LINES: process.env["LINES"],
    COLUMNS: process.env["COLUMNS"],
  };
  const atTerminal = [0, 1, 2].some((descriptor) => isatty(descriptor));
  const byTerminal = ["SIGINT", "SIGQUIT"] as const;
  const forwarded = ["SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", ...(atTerminal ? [] : byTerminal)] as const;
  // From a terminal these reach the child by themselves; this process only must not end before it.
  const ignored = atTerminal ? byTerminal : [];
  const passOn = (signal: NodeJS.Signals): void => void child.kill(signal);
  const stay = (): void => undefined;
  // Before the child is there: a signal that comes meanwhile is handled after it is.
  for (const signal of forwarded) process.on(signal, passOn);
  for (const signal of ignored) process.on(signal, stay);
  const options: SpawnOptions = { cwd, env: { ...inherited, ...env }, stdio: "inherit", ...user };
  const child = shell ? spawn("/bin/sh", ["-c", first], options) : spawn(first, rest, options);
  const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
  child.on("error", (cause) => reject(notFound(first, cause)));
  child.on("exit", (code, signal) => {
    if (signal === null) resolve({ by: "exit", code: code ?? 0 });
    else resolve({ by: "signal", signal });
  });
  try {
    return await promise;
  } finally {
    for (const signal of forwarded) process.off(signal, passOn);
    for (const signal of ignored) process.off(signal, stay);
  }
}

/** What a shell would say of it: the command's own, or 128 and the signal's number. */
export function exitStatus(outcome: Outcome): number {
  switch (outcome.by) {
    case "exit":
      return outcome.code;
    case "signal":
      return 128 + (constants.signals[outcome.signal as NodeJS.Signals] ?? 0);
    case "unknown":
      return 1;
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
