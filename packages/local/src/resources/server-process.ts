import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readSync, statSync } from "node:fs";
import { isRunning, procStat, send } from "../proc.ts";
import { pause } from "./pause.ts";
import type { Command } from "./run.ts";

/** A process that is told from all others: a pid alone may be given away again. */
export interface ServerProcess {
  readonly pid: number;
  readonly startTicks: number;
}

/** How often it is looked whether a server is ready or has ended, in milliseconds. */
export const lookMs = 10;

/**
 * Starts a server that outlives this process: in a session of its own, so that Ctrl-C in a terminal does not reach it, and with
 * its output going to a file.
 *
 * @throws Error - the system refuses to start it
 */
export async function startServer(
  { program, args, env = {}, input, ...place }: Omit<Command, "signal">,
  log: string,
): Promise<ServerProcess> {
  const output = openSync(log, "a", 0o600);
  try {
    const child = spawn(program, args, { ...place, env, detached: true, stdio: [input === undefined ? "ignore" : "pipe", output, output] });
    await once(child, "spawn");
    child.on("error", () => undefined);
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(input);
    child.unref();
    const { pid = 0 } = child;
    return { pid, startTicks: procStat(pid)?.startTicks ?? 0 };
  } finally {
    closeSync(output);
  }
}

/** The process that has this pid now. */
export function serverProcess(pid: number): ServerProcess | undefined {
  const stat = procStat(pid);
  return isRunning(stat) ? { pid, startTicks: stat.startTicks } : undefined;
}

export function isAlive({ pid, startTicks }: ServerProcess): boolean {
  const stat = procStat(pid);
  return isRunning(stat) && stat.startTicks === startTicks;
}

/** Asks a server to end, with one signal after the other, each with its patience in milliseconds. Returns when it has ended. */
export async function stopServer(server: ServerProcess, signals: readonly (readonly [NodeJS.Signals, number])[]): Promise<void> {
  for (const [signal, patienceMs] of signals) {
    if (!isAlive(server)) return;
    send(server.pid, signal);
    // A stopped process would otherwise never see it.
    send(server.pid, "SIGCONT");
    if (await hasEnded(server, patienceMs)) return;
  }
}

async function hasEnded(server: ServerProcess, patienceMs: number): Promise<boolean> {
  const until = performance.now() + patienceMs;
  while (isAlive(server)) {
    if (performance.now() > until) return false;
    await pause(lookMs, neverAborted);
  }
  return true;
}

const neverAborted: AbortSignal = new AbortController().signal;

/** The end of a log from a place on: what a person needs to see of it. */
export function logTail(log: string, from: number, lines = 8): string {
  const most = 16_384;
  const file = openSync(log, "a+", 0o600);
  try {
    const start = Math.max(from, logSize(log) - most);
    const buffer = Buffer.alloc(most);
    const length = readSync(file, buffer, 0, most, start);
    return buffer.toString("utf8", 0, length).trim().split("\n").slice(-lines).join("\n");
  } finally {
    closeSync(file);
  }
}

export function logSize(log: string): number {
  return statSync(log, { throwIfNoEntry: false })?.size ?? 0;
}
