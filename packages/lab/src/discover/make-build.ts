import { realpathSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { build as makeBuild } from "@douze/build";
import type { SubjectBuild } from "../model/subject.ts";

export interface BuildWish {
  readonly directory: string;
  /** A commit in place of what lies there. */
  readonly ref?: string;
  readonly store: string;
  readonly cache: string;
  readonly path: string;
  readonly home: string;
  readonly signal: AbortSignal;
  readonly tell: (text: string) => void;
}

/**
 * What the platform gives an app beyond what its language needs. The lab leaves it out: an app that holds a factor only by another's
 * kindness does not hold it elsewhere.
 */
const kindnesses = new Set([
  "PYTHONUNBUFFERED",
  "GUNICORN_CMD_ARGS",
  "FORWARDED_ALLOW_IPS",
  "RAILS_LOG_TO_STDOUT",
  "RAILS_SERVE_STATIC_FILES",
]);

/** Builds the app as the platform does. @throws Problem - as `build` */
export async function buildSubject(wish: BuildWish): Promise<SubjectBuild> {
  const { build, tree } = await makeBuild({
    directory: wish.directory,
    workingTree: wish.ref === undefined,
    ...(wish.ref !== undefined && { ref: wish.ref }),
    store: wish.store,
    cache: wish.cache,
    path: wish.path,
    home: wish.home,
    signal: wish.signal,
    onProgress: ({ kind, text }) => (kind === "stage" ? wish.tell(text) : undefined),
  });
  const env = Object.entries(build.env).filter(([key]) => !kindnesses.has(key));
  return {
    tree,
    digest: build.digest,
    dirty: build.source.dirty,
    language: build.language,
    env: Object.fromEntries(env.map(([key, value]) => [key, value.replaceAll("$TREE", "/app")])),
    path: build.path,
    runtimes: build.runtimes,
    seen: await seenFolders(tree, build.path, build.runtimes, build.env),
    ...(build.source.commit !== undefined && { commit: build.source.commit }),
  };
}

/** Folders of every system: a sandbox has those anyway. */
const system = /^\/(usr|bin|sbin|lib|lib32|lib64|etc|opt|srv|nix)(\/|$)/;

/** Where the runtimes are, and what links in the build's own program folders lead to. */
async function seenFolders(
  tree: string,
  path: readonly string[],
  runtimes: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const programs = (await Promise.all(path.map((folder) => programsIn(join(tree, folder))))).flat();
  const own = realpathSync(tree);
  const named = Object.values(env).filter((value) => value.startsWith("/") && !value.includes(":"));
  const launched = runtimes.flatMap((folder) => launchers.map((name) => safeReal(join(folder, name))));
  const real = [
    ...runtimes,
    ...launched.map(dirname),
    ...named.map(dirname),
    ...programs.filter((file) => !file.startsWith(`${own}/`)).map(dirname),
  ];
  const prefixes = real
    .flatMap((folder) => [folder, safeReal(folder)])
    .map((folder) => (basename(folder) === "bin" ? dirname(folder) : folder));
  return [...new Set(prefixes)].filter((folder) => folder.startsWith("/") && folder !== "/" && !system.test(folder)).toSorted();
}

/** What a runtime's folder may hold as links to where it really is. */
const launchers = ["node", "python3", "ruby", "go"];

async function programsIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.map((name) => safeReal(join(folder, name)));
}

/** A link that leads nowhere leads to itself. */
function safeReal(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
