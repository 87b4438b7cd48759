import { mkdir, readdir } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { gitopsDefaults, gitopsFolder, Problem } from "@douze/core";
import { type OnProgress, writeWhole } from "@douze/engine";
import type { Files, LayoutFormat } from "@douze/kubernetes";
import { clusterTarget } from "./open-cluster.ts";
import { renderedFiles } from "./open-repository.ts";
import type { Place } from "./place.ts";
import type { Paper } from "./print.ts";
import { ofBuild } from "./progress.ts";

type Env = Readonly<Record<string, string | undefined>>;

export interface RenderOptions {
  readonly format?: LayoutFormat;
  readonly output?: string;
  readonly ref?: string;
  readonly workingTree?: boolean;
}

/** @throws Problem target-elsewhere - the environment does not run in a cluster */
export async function filesFor(
  place: Place,
  env: Env,
  options: RenderOptions & { readonly by: string },
  onProgress: OnProgress,
): Promise<Files> {
  const target = await clusterTarget(place);
  const gitops = {
    ...(target.gitops ?? gitopsDefaults),
    format: options.format ?? target.gitops?.format ?? "plain",
  };
  if (gitops.format === "argocd" && target.gitops?.repository === undefined) throw noRepository(place);
  const path =
    target.gitops?.folder ??
    (options.output === undefined ? gitopsFolder(place.environment) : relative(place.directory, resolve(options.output)));
  return await renderedFiles({ place, env, target, gitops }, path, {
    by: options.by,
    onProgress: ofBuild(onProgress),
    workingTree: options.workingTree ?? false,
    ...(options.ref !== undefined && { ref: options.ref }),
  });
}

/** On standard output, objects are one text for `kubectl`; other files are for people to look at, each under its path. */
export async function printFiles(files: Files, output: string | undefined, paper: Paper): Promise<void> {
  if (output !== undefined) return await writeFiles(files, output, paper);
  const isPlain = [...files.keys()].every((path) => /^(manifests\/[^/]+|compose.yaml)$/.test(path));
  const texts = [...files].map(([path, text]) => `${isPlain ? "" : `# ${path}\n`}${text.trimEnd()}`);
  paper.line(texts.join(isPlain ? "\n---\n" : "\n\n"));
}

async function writeFiles(files: Files, output: string, paper: Paper): Promise<void> {
  const folder = resolve(output);
  for (const [path, text] of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeWhole(join(folder, path), text, 0o644);
  }
  const there = await readdir(folder, { recursive: true, withFileTypes: true });
  const others = there
    .filter((each) => each.isFile())
    .map((each) => relative(folder, join(each.parentPath, each.name)))
    .filter((path) => !files.has(path));
  paper.line(`wrote ${files.size} files to ${output}`);
  if (others.length > 0)
    paper.aside(
      `${others.length} other files lie there and are not of this release: ${others.slice(0, 5).join(", ")}${others.length > 5 ? " …" : ""}`,
    );
}

function noRepository({ environment }: Place): Problem {
  return new Problem({
    code: "target-unfit",
    what: "there is nothing for Argo CD to follow",
    why: `inventory/${environment}.yaml does not say where it finds the repository`,
    fix: "`gitops: { format: argocd, repository: https://… }` under `target:`; or take the format `plain`",
  });
}
