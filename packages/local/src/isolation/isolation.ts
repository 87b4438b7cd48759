import { chmodSync, chownSync, existsSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { Problem, type ProcessDeclaration } from "@douze/core";
import { type AppUser, appUser, makePassable, usersFolder, whyNotBecome } from "./app-user.ts";
import { Cgroups, type Limits } from "./cgroups.ts";
import { barrier } from "./reach.ts";

/** `auto`: as far as it can be had here. `require`: a user of its own, or nothing is started. `off`: as the engine. */
export const isolationWays = ["auto", "require", "off"] as const;
export type IsolationWay = (typeof isolationWays)[number];

/** What stands between an environment's processes and the rest of the machine. */
export interface Isolation {
  /** Whom they run as. Absent: as the engine. */
  readonly user?: AppUser;
  readonly cgroups?: Cgroups;
  /** For people, a sentence each: what holds, and what does not and why. */
  readonly told: readonly string[];
}

export const noIsolation: Isolation = { told: [] };

export interface IsolationOptions {
  readonly way: IsolationWay;
  /** The environment's folder. */
  readonly directory: string;
  /** The folder of all builds. */
  readonly builds: string;
  /** As `Cgroups.open` takes it. */
  readonly delegated: boolean;
  /** Default that of the machine. */
  readonly users?: string;
}

/** What a process may have where nothing is declared: many more than any app needs, and far fewer than a fork bomb takes. */
const mostProcesses = 4_096;

/**
 * Finds out what isolation can be had, and opens the way to what the app's user must reach, to that user alone where it can be.
 *
 * @throws Problem isolation-impossible - it is required, and cannot be had
 */
export function openIsolation({ way, directory, builds, delegated, users = usersFolder }: IsolationOptions): Isolation {
  if (way === "off") return { told: ["processes run as the engine's own user: isolation is off"] };
  const user = userOf(directory, builds, users);
  if (typeof user === "string" && way === "require") throw impossible(user);
  const cgroups = Cgroups.open(directory, delegated);
  return {
    ...(typeof user !== "string" && { user }),
    ...(typeof cgroups !== "string" && { cgroups }),
    told: [
      typeof user === "string"
        ? `processes run as the engine's own user: ${user}`
        : `processes run as user ${user.uid}, which nobody else has`,
      typeof cgroups === "string"
        ? `limits of processes are not kept by the kernel: ${cgroups}`
        : `limits are kept by cgroups: ${cgroups.controllers.join(", ")}`,
    ],
  };
}

/** What of a declaration the kernel is to keep. A quarter above `memory`, where it is restarted in peace: what grows too fast for that. */
export function limitsOf({ memoryBytes, limits }: Pick<ProcessDeclaration, "memoryBytes" | "limits">): Limits {
  return {
    processes: limits?.processes ?? mostProcesses,
    ...(memoryBytes !== undefined && { memoryBytes: Math.ceil(memoryBytes * 1.25) }),
    ...(limits?.cores !== undefined && { cores: limits.cores }),
  };
}

/** Or, as a text, why there is none. */
function userOf(directory: string, builds: string, users: string): AppUser | string {
  if (process.geteuid?.() !== 0) return "the engine is not root";
  try {
    // Before a number is taken, of which there are few.
    const shut = barrier(dirname(dirname(directory)), stranger);
    if (shut !== undefined) return closedText(shut);
    const user = appUser(directory, users);
    if (user === undefined) return "all numbers for users are taken";
    return whyNotBecome(user) ?? openWay(user, directory, builds);
  } catch (error) {
    // A file system that is read-only, or a container in which nobody but root has a number.
    if (error instanceof Error && "syscall" in error) return error.message;
    throw error;
  }
}

/** Lets the user in, and nobody else where it can be. */
function openWay(user: AppUser, directory: string, builds: string): AppUser | string {
  const environments = dirname(directory);
  const cache = join(dirname(environments), "cache");
  if (existsSync(cache)) chmodSync(cache, 0o700);
  for (const folder of [dirname(environments), environments, builds]) makePassable(folder);
  mkdirSync(directory, { recursive: true, mode: 0o710 });
  chownSync(directory, 0, user.gid);
  chmodSync(directory, 0o710);
  const closed = barrier(`${directory}/.`, user) ?? barrier(`${builds}/.`, user);
  return closed === undefined ? user : closedText(closed);
}

/** Who is nobody in particular. */
const stranger: AppUser = { uid: 65_534, gid: 65_534 };

function closedText(folder: string): string {
  return `other users may not enter ${folder}, in which the app lies`;
}

function impossible(why: string): Problem {
  return new Problem({
    code: "isolation-impossible",
    what: "the app cannot have a user of its own",
    why,
    fix: "put it where others may enter each folder on the way (`/srv/shop`), run the engine as root, or leave DOUZE_ISOLATION at `auto`",
  });
}
