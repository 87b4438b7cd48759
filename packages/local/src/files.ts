import { closeSync, constants, fstatSync, fsyncSync, mkdirSync, openSync, readFileSync, readSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { stateUnwritable } from "@douze/core";

/**
 * Writes a file so that a reader, and a start after a kill at any moment, finds either the former content or the whole new one:
 * aside in the same folder, then renamed. At once and not in the background: what is decided next relies on it.
 *
 * @param durable - also survives a loss of power: the file and its folder are fsynced
 * @throws Problem state-unwritable - the disk is full, the folder is not ours; the former content stands
 */
export function writeWhole(path: string, text: string, durable: "durable" | "until-reboot"): void {
  const aside = `${path}.aside`;
  try {
    const file = openSync(aside, "w", 0o600);
    try {
      writeSync(file, text);
      if (durable === "durable") fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(aside, path);
    if (durable === "durable") syncFolder(dirname(path));
  } catch (error) {
    throw stateUnwritable(path, error);
  }
}

/**
 * Makes a folder of our own.
 *
 * @returns whether it was not there
 * @throws Problem state-unwritable
 */
export function makeFolder(path: string): boolean {
  try {
    mkdirSync(path, { mode: 0o700 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw stateUnwritable(path, error);
  }
}

function syncFolder(path: string): void {
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** The file's text, or undefined when there is none. */
export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/**
 * The beginning of a file that others write, as text. Whatever else lies there, a pipe above all, must not keep this process waiting.
 *
 * @returns nothing where there is no such file, or none that can be read
 */
export function firstBytes(path: string, count: number): string | undefined {
  let file: number | undefined;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    if (!fstatSync(file).isFile()) return undefined;
    const bytes = Buffer.alloc(count);
    return bytes.toString("utf8", 0, readSync(file, bytes));
  } catch (error) {
    if (error instanceof Error && "syscall" in error) return undefined;
    throw error;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** There is no such file; something else in its place is none either. */
export function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR";
}
