import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Writes a file so that a reader, and a start after a kill at any moment, finds either the former content or the whole new one:
 * aside in the same folder, then renamed. At once and not in the background: what is decided next relies on it.
 *
 * @param durable - also survives a loss of power: the file and its folder are fsynced
 */
export function writeWhole(path: string, text: string, durable: "durable" | "until-reboot"): void {
  const aside = `${path}.aside`;
  const file = openSync(aside, "w", 0o600);
  try {
    writeSync(file, text);
    if (durable === "durable") fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(aside, path);
  if (durable === "durable") syncFolder(dirname(path));
}

export function syncFolder(path: string): void {
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

export function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOENT" || code === "ENOTDIR";
}
