import { isUtf8 } from "node:buffer";
import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, link, open, readFile, realpath, rename, stat, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { malformed } from "./problems.ts";

/**
 * Replaces a file, or makes it. A reader, and a start after a crash at any moment, finds the former content or the whole new one. Mode and
 * owner of a file that was there stay, and a symbolic link goes on leading to it.
 *
 * @param mode - of a new file, before the umask
 */
export async function writeWhole(path: string, text: string, mode = 0o644): Promise<void> {
  const target = await followed(path);
  const former = await stat(target).catch(absent);
  await aside(target, text, former ? former.mode & 0o7777 : mode, async (file, written) => {
    if (former) {
      // Under sudo, the file of a person must stay theirs; nobody but root can give a file away.
      if (process.getuid?.() === 0) await written.chown(former.uid, former.gid);
      // After that, for it takes set-id bits away; and the umask took some before.
      await written.chmod(former.mode & 0o7777);
    }
    await written.sync();
    await rename(file, target);
    return true;
  });
}

/**
 * Writes a file that must not be there yet, whole or not at all.
 *
 * @returns whether it was written; false when there is one, which stays as it is
 */
export async function writeNew(path: string, text: string, mode: number): Promise<boolean> {
  return aside(path, text, mode, async (file, written) => {
    await written.sync();
    try {
      // Unlike a rename, a link never takes another file's place.
      await link(file, path);
      return true;
    } catch (error) {
      if (isCode(error, "EEXIST")) return false;
      throw error;
    } finally {
      await unlink(file);
    }
  });
}

async function aside(
  target: string,
  text: string,
  mode: number,
  place: (file: string, written: FileHandle) => Promise<boolean>,
): Promise<boolean> {
  const folder = dirname(target);
  const file = join(folder, `.${basename(target)}.${randomBytes(6).toString("hex")}`);
  let placed: boolean;
  try {
    await using written = await open(file, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, mode);
    await written.writeFile(text);
    placed = await place(file, written);
  } catch (cause) {
    await unlink(file).catch(absent);
    throw cause;
  }
  await using parent = await open(folder, "r");
  await parent.sync();
  return placed;
}

async function followed(path: string): Promise<string> {
  return (await realpath(path).catch(absent)) ?? path;
}

function absent(error: unknown): undefined {
  if (isCode(error, "ENOENT")) return undefined;
  throw error;
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

/** A file that is not there counts as empty. */
export async function textOf(file: string): Promise<string> {
  const bytes = (await readFile(file).catch(absent)) ?? Buffer.alloc(0);
  // Read with marks for what is no UTF-8, it would be written with them.
  if (!isUtf8(bytes)) throw malformed(file, "it is no UTF-8 text", "save it as UTF-8");
  return bytes.toString("utf8");
}
