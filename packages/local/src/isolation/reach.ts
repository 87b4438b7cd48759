import { realpathSync, statSync } from "node:fs";
import { dirname } from "node:path";
import type { AppUser } from "./app-user.ts";

/**
 * The outermost folder on the way to a path that a user may not enter.
 *
 * @returns nothing when the whole way is open
 */
export function barrier(path: string, user: AppUser): string | undefined {
  const folders: string[] = [];
  for (let folder = dirname(realpathSync(path)); ; folder = dirname(folder)) {
    folders.unshift(folder);
    if (folder === "/") break;
  }
  return folders.find((folder) => !mayEnter(folder, user));
}

function mayEnter(folder: string, { uid, gid }: AppUser): boolean {
  const { mode, uid: owner, gid: group } = statSync(folder);
  if (owner === uid) return (mode & 0o100) !== 0;
  return (mode & (group === gid ? 0o010 : 0o001)) !== 0;
}
