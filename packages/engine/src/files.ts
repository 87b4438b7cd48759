import { randomBytes } from "node:crypto";
import { open, readFile, rename, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { stateUnwritable } from "@douze/core";

/**
 * Writes a file so that a reader, and a start after a crash at any moment, finds either the former content or the whole new one:
 * aside in the same folder, fsynced, renamed, and the folder fsynced.
 *
 * @param mode - default 0o600
 * @throws Problem state-unwritable - the disk is full, the folder is not ours; the former content stands
 */
export async function writeWhole(path: string, text: string, mode = 0o600): Promise<void> {
  const aside = join(dirname(path), `.${randomBytes(6).toString("hex")}.aside`);
  try {
    const file = await open(aside, "wx", mode);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(aside, path);
  } catch (cause) {
    await unlink(aside).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
    });
    throw stateUnwritable(path, cause);
  }
  await syncFolder(dirname(path));
}

/** @returns nothing where there is no such file */
export async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
