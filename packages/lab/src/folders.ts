import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { identityOf } from "./sandbox/tree.ts";

const prefix = "douze-lab-";
/** A folder without an owner is somebody's who has just made it, or who was ended at that moment. */
const ownerlessMs = 3_600_000;

/** A folder for one run of the lab, which says whose it is. */
export async function makeFolder(parent: string): Promise<string> {
  const folder = await mkdtemp(join(parent, prefix));
  await writeFile(join(folder, "owner"), identityOf(process.pid) ?? "");
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

async function isLeft(folder: string, now: number): Promise<boolean> {
  try {
    const owner = await readFile(join(folder, "owner"), "utf8");
    const [pid] = owner.split(" ");
    return owner !== "" && identityOf(Number(pid)) !== owner;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Another user's is that user's matter.
    if (code === "EACCES" || code === "EPERM") return false;
    if (code !== "ENOENT") throw error;
    const made = await stat(folder).catch(() => undefined);
    return made !== undefined && now - made.mtimeMs > ownerlessMs;
  }
}
