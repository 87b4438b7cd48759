import { readlinkSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { identityOf } from "./sandbox/tree.ts";

const prefix = "douze-lab-";
/** A folder without an owner is somebody's who has just made it, or who was ended at that moment. */
const ownerlessMs = 3_600_000;
/** No run takes as long: what is older was left, whoever made it. */
const foreignMs = 86_400_000;

/** A folder for one run of the lab, which says whose it is. */
export async function makeFolder(parent: string): Promise<string> {
  const folder = await mkdtemp(join(parent, prefix));
  await writeFile(join(folder, "owner"), ownerNow());
  return folder;
}

/** Removes what labs left that were killed. */
export async function sweepFolders(parent: string, now: number = Date.now()): Promise<void> {
  for (const name of await readdir(parent)) {
    if (!name.startsWith(prefix)) continue;
    const folder = join(parent, name);
    if (await isLeft(folder, now)) await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Empty where there is no way to tell. */
function ownerNow(): string {
  const identity = identityOf(process.pid);
  return identity === undefined ? "" : `${identity} ${namespace()}`;
}

/** Where a number of a process means one: containers that share a folder for temporary files do not share their numbers. */
function namespace(): string {
  return readlinkSync("/proc/self/ns/pid");
}

async function isLeft(folder: string, now: number): Promise<boolean> {
  const isOlder = async (ms: number): Promise<boolean> => {
    const made = await stat(folder).catch(() => undefined);
    return made !== undefined && now - made.mtimeMs > ms;
  };
  try {
    const owner = await readFile(join(folder, "owner"), "utf8");
    if (owner === "") return false;
    const [pid, started, own] = owner.split(" ");
    return own === namespace() ? identityOf(Number(pid)) !== `${pid} ${started}` : await isOlder(foreignMs);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Another user's is that user's matter.
    if (code === "EACCES" || code === "EPERM") return false;
    if (code !== "ENOENT") throw error;
    return await isOlder(ownerlessMs);
  }
}
