import { chmodSync, chownSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Exit, Instant, Outcome, ProcessDeclaration, ReleaseVersion, RunName, Slot, StopReason } from "@douze/core";
import { Problem } from "@douze/core";
import { firstBytes, makeFolder, readIfThere, writeWhole } from "./files.ts";
import { type AppUser, makePassable } from "./isolation/app-user.ts";
import { outcomeOf } from "./proc.ts";

/** What is written down before a process is started. Holds no secret. */
export type Start = {
  /** Also the folder's name. */
  readonly id: string;
  readonly command: string;
  readonly startedAt: Instant;
  readonly bootId: string;
} & (
  | {
      readonly kind: "slot";
      readonly slot: Slot;
      /** As it was when it was started: that is how it is probed and stopped, whatever comes later. */
      readonly declared: ProcessDeclaration;
      readonly port?: number;
      /** Where it can be told to take connections of the public socket itself. */
      readonly gate?: string;
      /** It was started with the public socket. */
      readonly inherits?: boolean;
      /** Inode of the public socket that it was handed, with a gate or without. */
      readonly publicInode?: number;
      readonly restarts: number;
      readonly quickEnds: number;
    }
  | { readonly kind: "run"; readonly run: RunName; readonly release: ReleaseVersion; readonly timeoutMs: number }
);

/** Written down before a process is told to end. */
export type Stop =
  | { readonly phase: "draining"; readonly reason: StopReason; readonly until: Instant; readonly deadline?: Instant }
  | {
      readonly phase: "stopping";
      readonly reason: StopReason;
      /** Of SIGTERM. */
      readonly at: Instant;
      /** Of SIGKILL. */
      readonly deadline: Instant;
      readonly killed?: boolean;
      /** Of a run: because its time was up. */
      readonly timedOut?: boolean;
    };

/** The process that starts the app, waits for it and tells how it ended. */
export interface Shim {
  /** Also the number of its process group. */
  readonly pid: number;
  /** Ticks since the machine's start. */
  readonly startTicks: number;
}

/** Written down when all that follows from an end was done. */
export interface End {
  readonly exit: Exit;
  /** Of a slot. */
  readonly restartAt?: Instant;
  readonly quickEnds?: number;
  readonly restarts?: number;
  readonly timedOut?: boolean;
}

/**
 * The folder of one start of one process. Everything a new engine must know of it is in here, each fact in its own file, so that
 * none is ever rewritten by two:
 *
 * - `state.json` before the start; `shim` (pid and start time) and `pid` by the process's own shim; `ready` at the first readiness;
 * - `stop.json` before the first signal; `exit` by the shim; `end.json` when the end was dealt with;
 * - `spool/stdout`, `spool/stderr` the output, in a folder of their own so that a watch on this one does not see each line;
 * - `tmp/` the process's TMPDIR.
 */
export class RunFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  get tmp(): string {
    return join(this.path, "tmp");
  }

  /** Where the process may say until when it is busy. */
  get busyFile(): string {
    return join(this.tmp, "busy");
  }

  /** What it has said there. The process may have put anything in its place. */
  busy(): string | undefined {
    return firstBytes(this.busyFile, 64);
  }

  get stdout(): string {
    return join(this.path, "spool", "stdout");
  }

  get stderr(): string {
    return join(this.path, "spool", "stderr");
  }

  /**
   * Makes the folder, with what is about to be started. A folder of that name means that it was started before.
   *
   * @param user - whom the process runs as: its TMPDIR is theirs, and all else is not
   * @returns whether it was made
   */
  create(start: Start, user?: AppUser): boolean {
    if (!makeFolder(this.path)) return false;
    makeFolder(this.tmp);
    if (user) {
      makePassable(this.path);
      chownSync(this.tmp, user.uid, user.gid);
    }
    makeFolder(join(this.path, "spool"));
    // A run must never be started twice, not even after a loss of power; a slot's process is gone then anyway.
    writeWhole(join(this.path, "state.json"), `${JSON.stringify(start)}\n`, start.kind === "run" ? "durable" : "until-reboot");
    return true;
  }

  /**
   * @returns undefined when the folder was left before anything was written
   * @throws Problem state-unreadable - it is damaged
   */
  start(): Start | undefined {
    return this.#read<Start>("state.json");
  }

  /** Pid and start time of the shim, once it runs. */
  shim(): Shim | undefined {
    return parseShim(this.#text("shim"));
  }

  /** Pid of the app's own process, once it runs. */
  pid(): number | undefined {
    const match = /^(\d+)\n$/.exec(this.#text("pid") ?? "");
    return match ? Number(match[1]) : undefined;
  }

  markReady(at: Instant): void {
    writeWhole(join(this.path, "ready"), `${at}\n`, "until-reboot");
  }

  readyAt(): Instant | undefined {
    const text = this.#text("ready");
    return text === undefined ? undefined : (Number(text) as Instant);
  }

  writeStop(stop: Stop): void {
    writeWhole(join(this.path, "stop.json"), `${JSON.stringify(stop)}\n`, "until-reboot");
  }

  stop(): Stop | undefined {
    return this.#read<Stop>("stop.json");
  }

  /** How it ended, and when; undefined while nothing was written. */
  exit(): { readonly outcome: Outcome; readonly at: Instant } | undefined {
    const path = join(this.path, "exit");
    const status = /^(\d+)\n$/.exec(readIfThere(path) ?? "")?.[1];
    if (status === undefined) return undefined;
    return { outcome: outcomeOf(Number(status)), at: Math.floor(statSync(path).mtimeMs) as Instant };
  }

  /** The output is stored and the rest told: what takes room goes. */
  writeEnd(end: End): void {
    writeWhole(join(this.path, "end.json"), `${JSON.stringify(end)}\n`, "durable");
    this.clear();
  }

  end(): End | undefined {
    return this.#read<End>("end.json");
  }

  /** Removes what only a running process needs. */
  clear(): void {
    for (const name of ["tmp", "spool"]) removeTree(join(this.path, name));
  }

  /** Removes it if its end was dealt with; else that will. */
  removeEnded(): void {
    if (this.#text("end.json") !== undefined) this.remove();
  }

  /** Under another name first: whoever still looks for the folder finds nothing, not half of it. */
  remove(): void {
    this.setAside();
    this.removeAside();
  }

  setAside(): void {
    renameSync(this.path, this.#aside);
  }

  /** What the shim wrote in the moment before the folder was set aside. */
  shimAside(): Shim | undefined {
    return parseShim(readIfThere(join(this.#aside, "shim")));
  }

  removeAside(): void {
    removeTree(this.#aside);
  }

  get #aside(): string {
    return `${this.path}${sweptSuffix}`;
  }

  #text(name: string): string | undefined {
    return readIfThere(join(this.path, name));
  }

  #read<T>(name: string): T | undefined {
    const text = this.#text(name);
    if (text === undefined) return undefined;
    try {
      return JSON.parse(text) as T;
    } catch (cause) {
      throw unreadable(join(this.path, name), cause);
    }
  }
}

const sweptSuffix = ".swept";

/** The folders in the run directory; remainders of swept ones are removed. */
export function runFolders(directory: string): readonly RunFolder[] {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return readdirSync(directory)
    .sort()
    .flatMap((name) => {
      const path = join(directory, name);
      if (!name.endsWith(sweptSuffix)) return [new RunFolder(path)];
      removeTree(path);
      return [];
    });
}

export function unreadable(file: string, cause: unknown): Problem {
  return new Problem({
    code: "state-unreadable",
    what: `${file} cannot be read`,
    why: "it is not what was written there: it was changed or damaged",
    fix: "restore it from a backup of the state folder, or delete it; what is lost then is told on the page of this problem",
    places: [{ file, line: 1, column: 1 }],
    cause,
  });
}

function parseShim(text: string | undefined): Shim | undefined {
  const match = /^(\d+) (\d+)\n$/.exec(text ?? "");
  return match ? { pid: Number(match[1]), startTicks: Number(match[2]) } : undefined;
}

/** An app may have left folders that even their owner cannot write to. */
function removeTree(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EACCES") throw error;
    openUp(path);
    rmSync(path, { recursive: true, force: true });
  }
}

function openUp(path: string): void {
  chmodSync(path, 0o700);
  for (const entry of readdirSync(path, { withFileTypes: true })) if (entry.isDirectory()) openUp(join(path, entry.name));
}
