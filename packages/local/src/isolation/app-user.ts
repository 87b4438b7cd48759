import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readIfThere } from "../files.ts";

/** Whom an app's processes run as, by number: no name is needed for it on the machine. */
export interface AppUser {
  readonly uid: number;
  readonly gid: number;
}

/** Where all engines of the machine note which number is whose. */
export const usersFolder = "/var/lib/douze/users";
/** Above those that people and packages get, and outside of what systemd gives away; small enough for a container's own numbers. */
const first = 60_706;
const last = 61_183;

/**
 * The number of an environment on this machine: the same at every start, and nobody else's. Each number is a file that names its
 * environment's folder; making the file takes the number.
 *
 * @param directory - the environment's folder
 * @returns nothing when all numbers are taken
 */
export function appUser(directory: string, folder: string = usersFolder): AppUser | undefined {
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const known = readdirSync(folder).find((name) => readIfThere(join(folder, name)) === directory);
  const number = known === undefined ? (taken(directory, folder) ?? afterSweep(directory, folder)) : Number(known);
  return number === undefined ? undefined : { uid: number, gid: number };
}

function taken(directory: string, folder: string): number | undefined {
  const others = new Set([...numbersIn("/etc/passwd"), ...numbersIn("/etc/group")]);
  for (let number = first; number <= last; number++) {
    if (others.has(number)) continue;
    try {
      writeFileSync(join(folder, String(number)), directory, { flag: "wx", mode: 0o644 });
      return number;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
  return undefined;
}

/** Environments that were deleted give their numbers back when there are no others. */
function afterSweep(directory: string, folder: string): number | undefined {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const owner = readIfThere(path);
    if (owner !== undefined && !existsSync(owner)) rmSync(path, { force: true });
  }
  return taken(directory, folder);
}

function numbersIn(file: string): readonly number[] {
  const text = readIfThere(file) ?? "";
  return text.split("\n").map((line) => Number(line.split(":")[2]));
}

/** Lets others enter a folder, and no more: what they cannot name they cannot find. */
export function makePassable(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  chmodSync(folder, 0o711);
}

/** The words that make a program of root's become the user, for good: no group, no capability, and no way to get any. */
export function becoming({ uid, gid }: AppUser): readonly string[] {
  return ["setpriv", "--reuid", String(uid), "--regid", String(gid), "--clear-groups", "--no-new-privs"];
}

/** Why a program cannot become the user here, if it cannot: there is no such `setpriv`, or a container does not let it. */
export function whyNotBecome(user: AppUser): string | undefined {
  const [program = "", ...words] = becoming(user);
  const { error, status, stderr } = spawnSync(program, [...words, "true"], { encoding: "utf8", env: { PATH: rootPath } });
  if (error) return error.message;
  return status === 0 ? undefined : stderr.trim();
}

/** Where programs of root's are looked for. */
export const rootPath = "/usr/sbin:/usr/bin:/sbin:/bin";
