import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { cp, mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const execute = promisify(execFile);
const cache = fileURLToPath(new URL("../../../../node_modules/.cache/frameworks", import.meta.url));

/** A command that prepares an app. */
export type Step = readonly [program: string, ...words: string[]];

/**
 * Prepares a copy of an app once, with what it needs, and finds it again in each run after: by what the app's folder and the steps are.
 *
 * @returns the folder
 */
export async function installed(app: string, steps: readonly Step[]): Promise<string> {
  const source = join(import.meta.dirname, "../fixtures/frameworks", app);
  const digest = createHash("sha256").update(JSON.stringify(steps)).update(process.version);
  for (const file of await readdir(source, { recursive: true, withFileTypes: true }))
    if (file.isFile()) digest.update(file.name).update(await readFile(join(file.parentPath, file.name)));
  const folder = join(cache, `${app}-${digest.digest("hex").slice(0, 16)}`);
  const whole = `${folder}.done`;
  if (existsSync(whole)) return folder;
  await mkdir(cache, { recursive: true });
  await rm(folder, { recursive: true, force: true });
  // Not made elsewhere and moved: virtual environments hold their own path.
  await cp(source, folder, { recursive: true });
  for (const [program, ...words] of steps) await execute(program, words, { cwd: folder, maxBuffer: 2 ** 26 });
  await mkdir(whole);
  return folder;
}
