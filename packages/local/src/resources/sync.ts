import { closeSync, fsyncSync, openSync } from "node:fs";

/** Puts a file, or the names in a folder, on the disk: only then does it survive a loss of power. */
export function sync(path: string): void {
  const opened = openSync(path, "r");
  try {
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
}
