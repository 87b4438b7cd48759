import { access, readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { EnvironmentName, Manifest } from "@douze/core";
import { environmentName } from "@douze/core/ids";
import { Problem } from "@douze/core/problem";
import { type StatePaths, statePaths } from "@douze/engine/state";

/** Where a command works: one environment of the app in one folder. */
export interface Place {
  /** The app's folder. */
  readonly directory: string;
  readonly environment: EnvironmentName;
  readonly paths: StatePaths;
}

/**
 * Finds the app by walking up from a folder to a `douze.yaml` or `Procfile`. Reads no more than the names of files: commands that
 * only ask the engine must start at once.
 *
 * @param state - of `DOUZE_STATE`: the state folder, default `.douze` in the app's
 * @throws Problem app-not-found - no such file up to the root
 */
export async function findPlace(from: string, environment: string, state: string | undefined): Promise<Place> {
  const name = environmentName(environment);
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    if ((await there(join(folder, "douze.yaml"))) || (await there(join(folder, "Procfile")))) {
      return { directory: folder, environment: name, paths: statePaths(state ? resolve(state) : join(folder, ".douze"), name) };
    }
    if (folder === dirname(folder)) break;
  }
  throw new Problem({
    code: "app-not-found",
    what: `there is no app in ${resolve(from)}`,
    why: "neither this folder nor one above it has a douze.yaml or a Procfile",
    fix: "go to the app's folder, or name it with `--dir`; `douze init` writes a douze.yaml",
  });
}

/** What the app in a folder is, as it stands now, committed or not. */
export async function readManifest(directory: string): Promise<Manifest> {
  // Not above: it brings the schemas, which a command that only asks the engine can do without.
  const { manifestFromFiles } = await import("@douze/core");
  const files = Object.fromEntries(
    (
      await Promise.all(["douze.yaml", "Procfile", "app.json"].map(async (name) => [name, await textOf(join(directory, name))] as const))
    ).filter(([, text]) => text !== undefined),
  );
  const { folderAppName } = await import("@douze/build");
  const manifest = manifestFromFiles(files, folderAppName(directory));
  if (manifest) return manifest;
  throw new Problem({
    code: "app-not-found",
    what: `there is no app in ${directory}`,
    why: "the folder has neither a douze.yaml nor a Procfile",
    fix: "`douze init` writes a douze.yaml",
  });
}

async function there(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
