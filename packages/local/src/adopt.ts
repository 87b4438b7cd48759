import type { Pasts } from "./pasts.ts";
import { commandLine, isRunning, procStat, send } from "./proc.ts";
import { type RunFolder, runFolders, type Start } from "./run-folder.ts";
import type { Runs } from "./runs.ts";
import type { Supervisor } from "./supervisor.ts";

export interface Adopted {
  /** Which the last engine left in the middle of something, and what became of them. */
  readonly swept: readonly string[];
  /** Of another start of the machine: their output is still to be stored. */
  readonly gone: readonly { readonly folder: RunFolder; readonly start: Start }[];
}

/**
 * Finds in the run folders what an earlier engine left: what runs is taken over, what ended meanwhile is recorded, and what was
 * never wholly started is ended and swept away.
 *
 * @throws Problem state-unreadable - of a run, which must never be started twice, the record is damaged
 */
export function adopt(
  directory: string,
  bootId: string,
  to: { readonly supervisor: Supervisor; readonly runs: Runs; readonly pasts: Pasts },
): Adopted {
  const swept: string[] = [];
  const gone: { readonly folder: RunFolder; readonly start: Start }[] = [];
  for (const folder of runFolders(directory)) {
    const start = readStart(folder);
    const end = folder.end();
    if (start && end && start.kind === "slot") to.pasts.recall(folder, start, end);
    else if (start && end && start.kind === "run") to.runs.adopt(folder, start);
    else if (start && start.bootId !== bootId) {
      // A process of the formation that ended with the machine did not fail; a run was started, and that must be known.
      if (start.kind === "run") to.runs.adopt(folder, start);
      else gone.push({ folder, start });
    } else if (!start || folder.shim() === undefined) swept.push(sweep(folder));
    else if (start.kind === "run") to.runs.adopt(folder, start);
    else to.supervisor.adopt(folder, start);
  }
  return { swept, gone };
}

/** Damage in the record of a slot's process costs no more than that process; it may come from a loss of power. */
function readStart(folder: RunFolder): Start | undefined {
  try {
    return folder.start();
  } catch (error) {
    // No run has such a name.
    if (!/@v[0-9]+-[0-9a-z]+$/.test(folder.path)) throw error;
    return undefined;
  }
}

/**
 * The folder goes first: a shim that has not written its pid by then ends by itself, since it has nowhere to write. One that has
 * is known by its arguments, whatever has become of its number.
 */
function sweep(folder: RunFolder): string {
  const before = folder.shim()?.pid;
  folder.setAside();
  const pid = before ?? folder.shimAside()?.pid;
  if (pid !== undefined && isRunning(procStat(pid)) && commandLine(pid).includes(folder.path)) send(-pid, "SIGKILL");
  folder.removeAside();
  return folder.path;
}
