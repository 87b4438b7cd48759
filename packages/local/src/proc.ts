import { readdirSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import type { Outcome } from "@douze/core";

/** One line of `/proc/PID/stat`, as far as it matters here. */
export interface ProcStat {
  readonly pid: number;
  readonly state: string;
  readonly group: number;
  /** Ticks since the machine's start: with the pid and the boot id it names a process for good. */
  readonly startTicks: number;
  readonly residentPages: number;
  /** CPU time of it and of the children that it waited for. */
  readonly cpuTicks: number;
}

/** Undefined when there is no such process (any more). */
export function procStat(pid: number): ProcStat | undefined {
  const text = readProc(`/proc/${pid}/stat`);
  return text === undefined ? undefined : parseStat(text);
}

/** Whether it runs; one that has ended and waits for its parent to notice does not. */
export function isRunning(stat: ProcStat | undefined): stat is ProcStat {
  return stat !== undefined && stat.state !== "Z" && stat.state !== "X";
}

/** The arguments it was started with. */
export function commandLine(pid: number): readonly string[] {
  return (readProc(`/proc/${pid}/cmdline`) ?? "").split("\0");
}

function environment(pid: number): readonly string[] {
  return (readProc(`/proc/${pid}/environ`) ?? "").split("\0");
}

/** A new one at each start of the machine. */
export function bootId(): string {
  return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
}

/** All processes of the machine. */
export function pids(): readonly number[] {
  return readdirSync("/proc").flatMap((name) => (/^[0-9]+$/.test(name) ? [Number(name)] : []));
}

/**
 * Sends a signal; a negative pid means the whole group.
 *
 * @returns whether there was anyone to get it
 */
export function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
}

/**
 * Sends a signal to what is left of a group whose leader is gone. Its number may have been given away since, so only those are
 * meant that carry the mark of their start: their own TMPDIR.
 */
export function signalGroup(group: number, tmp: string, signal: NodeJS.Signals): void {
  for (const pid of pids()) {
    if (procStat(pid)?.group === group && environment(pid).includes(`TMPDIR=${tmp}`)) send(pid, signal);
  }
}

/**
 * What a shell's `$?` says. A shell tells a death by signal N as 128 + N, and so a program that itself exits with such a status
 * cannot be told apart from one that the signal killed; those that do so on purpose mean the same.
 */
export function outcomeOf(status: number): Outcome {
  const signal = status > 128 ? signalName(status - 128) : undefined;
  return signal === undefined ? { by: "exit", code: status } : { by: "signal", signal };
}

function signalName(number: number): string | undefined {
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0];
}

/** The machine's units, from what the kernel told this process at its start (AT_PAGESZ, AT_CLKTCK). */
export function machine(): { readonly pageBytes: number; readonly tickMs: number } {
  const vector = readFileSync("/proc/self/auxv");
  let [pageBytes, ticksPerSecond] = [4096, 100];
  for (let at = 0; at + 16 <= vector.length; at += 16) {
    const value = Number(vector.readBigUInt64LE(at + 8));
    const type = vector.readBigUInt64LE(at);
    if (type === 6n) pageBytes = value;
    else if (type === 17n) ticksPerSecond = value;
  }
  return { pageBytes, tickMs: 1000 / ticksPerSecond };
}

function parseStat(text: string): ProcStat {
  // The second field is the program's name in parentheses and may hold anything, parentheses too.
  const end = text.lastIndexOf(")");
  const fields = text.slice(end + 2).split(" ");
  const number = (field: number): number => Number(fields[field - 3]);
  return {
    pid: Number.parseInt(text, 10),
    state: fields[0] ?? "",
    group: number(5),
    startTicks: number(22),
    residentPages: number(24),
    cpuTicks: number(14) + number(15) + number(16) + number(17),
  };
}

function readProc(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // EACCES: another user's, and so none of ours.
    if (code === "ENOENT" || code === "ESRCH" || code === "EACCES" || code === "EPERM") return undefined;
    throw error;
  }
}
