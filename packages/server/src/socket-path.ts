import { lstat, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Problem } from "@douze/core/problem";

/** The longest path that is used as it is, in bytes: Linux allows 107, other systems 103. */
const longestBytes = 100;

/**
 * Where the engine of an environment listens: `engine.sock` in its state folder, or, where that is too long for a socket's
 * address, a name made from it in the runtime folder. Pure.
 *
 * @param stateDirectory - the environment's, absolute and without symbolic links, so that all who ask mean the same
 * @param runtimeDirectory - where the user's sockets live
 */
export function socketPath(stateDirectory: string, runtimeDirectory: string): string {
  const own = join(stateDirectory, "engine.sock");
  if (Buffer.byteLength(own) <= longestBytes) return own;
  const name = process.getBuiltinModule("node:crypto").hash("sha256", stateDirectory).slice(0, 24);
  return join(runtimeDirectory, `douze-${name}.sock`);
}

/**
 * The folder for sockets whose own place is too long: `$XDG_RUNTIME_DIR`, or `/tmp/douze-<uid>`, made when it is missing.
 *
 * @param given - of `XDG_RUNTIME_DIR`
 * @throws Problem runtime-folder-unsafe - another user could put a socket of theirs there
 */
export async function runtimeDirectory(given: string | undefined, uid: number, temporary = "/tmp"): Promise<string> {
  if (given) return given;
  const folder = join(temporary, `douze-${uid}`);
  await mkdir(folder, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
  const present = await lstat(folder);
  if (present.isDirectory() && present.uid === uid && (present.mode & 0o077) === 0) return folder;
  throw new Problem({
    code: "runtime-folder-unsafe",
    what: `${folder} cannot hold the engine's socket`,
    why: present.isDirectory() && present.uid === uid ? "other users can enter it" : "it does not belong to you, or is no folder",
    fix: `remove it (\`rm -r ${folder}\`), or set XDG_RUNTIME_DIR to a folder that is yours alone`,
  });
}
