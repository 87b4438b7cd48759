import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { gitopsFolder, Problem } from "@douze/core";
import { inventoryFile } from "@douze/engine";
import { listSecrets } from "@douze/secrets";
import { repositoryRoot } from "./commit.ts";
import { clusterTarget } from "./open-cluster.ts";
import { type Forge, type Pipeline, pipeline } from "./pipeline-text.ts";
import { type Place, readManifest } from "./place.ts";
import { version } from "./version.ts";

/** @throws Problem target-elsewhere - the environment does not run in a cluster */
export async function pipelineFor(place: Place, forge: Forge, branch: string): Promise<Pipeline> {
  const { directory, environment } = place;
  const { image, gitops } = await clusterTarget(place);
  const folder = gitops && relative(await repositoryRoot(directory), resolve(directory, gitops.folder ?? gitopsFolder(environment)));
  return pipeline(forge, {
    app: (await readManifest(directory)).app,
    environment,
    branch,
    registry: image.split("/", 1)[0] ?? "",
    ...(folder !== undefined && { folder }),
    encrypted: (await listSecrets(inventoryFile(directory, environment))).recipients.length > 0,
    version,
  });
}

/** @throws Problem file-exists - there is a pipeline already */
export async function writePipeline({ directory }: Place, { path, text }: Pipeline): Promise<void> {
  const file = join(await repositoryRoot(directory), path);
  await mkdir(dirname(file), { recursive: true });
  try {
    await writeFile(file, text, { flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    throw new Problem({
      code: "file-exists",
      what: `${file} is there already`,
      why: "it is not overwritten",
      fix: "`douze pipeline` without `--write` shows what would be written",
    });
  }
}
