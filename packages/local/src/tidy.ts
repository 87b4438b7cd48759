import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { type ReleaseVersion, versionName } from "@douze/core";
import { isMissing } from "./files.ts";

/** A terminal that was closed does not tell; the TMPDIR of its one-off is kept as long as one may reasonably run. Milliseconds. */
const oneOffKeptMs = 7 * 24 * 3_600_000;

/**
 * Removes what no step will ask to be dropped any more, since the engine was killed in between: live directories of releases of
 * which nothing is left, and what one-offs in terminals left long ago.
 *
 * @param now - milliseconds since the epoch
 */
export async function tidy(live: string, tmp: string, used: ReadonlySet<ReleaseVersion>, now: number): Promise<void> {
  const kept = new Set([...used].map(versionName));
  for (const name of await names(live)) if (!kept.has(name)) await rm(join(live, name), { recursive: true, force: true });
  for (const name of await names(tmp)) {
    const path = join(tmp, name);
    if (now - (await stat(path)).mtimeMs > oneOffKeptMs) await rm(path, { recursive: true, force: true });
  }
}

async function names(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
