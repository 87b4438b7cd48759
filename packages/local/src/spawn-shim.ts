import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, fchownSync, openSync } from "node:fs";
import type { Writable } from "node:stream";
import { type AppUser, rootPath } from "./isolation/app-user.ts";
import type { HandOver } from "./listener/hand-over.ts";
import type { RunFolder } from "./run-folder.ts";
import { environmentFd, environmentText, innerScript, shim } from "./shim.ts";

/** Where and with what a process runs. Holds secrets. */
export interface Place {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Of the command itself: `sh`, or `bash` where apps may count on it. */
  readonly shell: string;
  /** Source Heroku's profile scripts first. */
  readonly profile: boolean;
  /** What it inherits beside its output. */
  readonly handOver?: HandOver;
  /** Whom it runs as. Absent: as the engine. */
  readonly user?: AppUser;
  /** Folders of its cgroups. */
  readonly cgroups?: readonly string[];
  /** Open files at most. */
  readonly files?: number;
}

/** Starts a process by its shim, with its output in the folder's spool. @throws Error of the system - it refuses */
export function spawnShim(folder: RunFolder, command: string, { cwd, env, handOver, user, cgroups = [], ...inner }: Place): ChildProcess {
  const stdout = openSync(folder.stdout, "a", 0o600);
  const stderr = openSync(folder.stderr, "a", 0o600);
  try {
    // Programs open /dev/stdout anew, which asks whose file it is.
    if (user) for (const fd of [stdout, stderr]) fchownSync(fd, user.uid, user.gid);
    const script = innerScript(command, { ...inner, inherits: handOver?.inherits === true, ...(user && { user }) });
    const args = ["-c", shim, "douze-shim", folder.path, script, user ? "/bin/sh" : inner.shell, cgroups.join(" ")];
    const shown = user ? { ...rootEnv, TMPDIR: folder.tmp } : env;
    const stdio = stdioOf(stdout, stderr, handOver, user !== undefined);
    const child = spawn("/bin/sh", args, { argv0: "sh", cwd, env: shown, detached: true, stdio });
    if (user) tell(child, environmentText(env));
    return child;
  } finally {
    handOver?.close();
    closeSync(stdout);
    closeSync(stderr);
  }
}

/** What a program of root's sees where the app runs as somebody else. */
const rootEnv = { PATH: rootPath, LANG: "C.UTF-8" };

/** Hands over the environment, which neither arguments nor files should hold. */
function tell(child: ChildProcess, text: string): void {
  const streams: readonly unknown[] = child.stdio;
  const pipe = streams[environmentFd] as Writable | null | undefined;
  // A process that ended before it heard all is seen to have ended.
  pipe?.on("error", () => undefined);
  pipe?.end(text);
}

/** By number of the descriptor in the process. */
function stdioOf(stdout: number, stderr: number, handOver: HandOver | undefined, told: boolean): ("ignore" | "pipe" | number)[] {
  const stdio: ("ignore" | "pipe" | number)[] = ["ignore", stdout, stderr];
  if (told) while (stdio.length <= environmentFd) stdio.push(stdio.length === environmentFd ? "pipe" : "ignore");
  for (const [number, fd] of handOver?.fds ?? []) {
    while (stdio.length < number) stdio.push("ignore");
    stdio[number] = fd;
  }
  return stdio;
}
