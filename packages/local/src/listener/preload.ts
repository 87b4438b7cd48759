import { copyFile, mkdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Named after what it says to the platform: a process goes on with the one it was started with. */
export const preloadName = "gate-1.cjs";

/** Puts what Node programs load first where their user can read it, whoever installed Douze. */
export async function placePreload(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o755 });
  const aside = join(directory, `${preloadName}.aside`);
  await copyFile(fileURLToPath(import.meta.resolve("@douze/gate/preload")), aside);
  await rename(aside, join(directory, preloadName));
}
