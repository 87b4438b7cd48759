import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, lstat, mkdir, readdir, readlink, realpath, symlink, unlink } from "node:fs/promises";
import { dirname, isAbsolute, join, normalize } from "node:path";
import { type Digest, Problem, type Source } from "@douze/core";
import { commitOf, git, headCommit } from "./git.ts";
import { filesDigest, treeDigest } from "./tree.ts";

export interface SourceRequest {
  /** The app's folder; it may be one of several in a repository. */
  readonly directory: string;
  readonly ref?: string;
  readonly workingTree: boolean;
}

/** Never part of a build, wherever they lie; what git ignores is left out beside them. */
const leftOut = new Set([".git", ".douze"]);
/** Left out of a folder that is no repository: there is no list of what to ignore. */
const guessed = new Set([...leftOut, "node_modules", ".venv", "venv", "__pycache__", ".env"]);

/**
 * Puts the codebase into an empty folder: a commit as it is, or the working tree with what git does not ignore.
 *
 * @throws Problem ref-unknown, source-escapes, submodule-present
 */
export async function exportSource({ directory, ref, workingTree }: SourceRequest, into: string): Promise<Source> {
  await mkdir(into, { recursive: true });
  if (workingTree) return await exportWorkingTree(directory, into);
  const commit = await commitOf(directory, ref ?? "HEAD");
  await refuseSubmodules(directory, commit);
  await archive(directory, commit, into);
  await unlink(join(into, ".git")).catch(ignoreMissing);
  await refuseEscapes(into);
  return { commit, ref: ref ?? "HEAD", dirty: false, tree: await treeDigest(into) };
}

/** What a build of the working tree would be made from; cheap enough to ask after each change. */
export async function workingTreeDigest(directory: string): Promise<Digest> {
  return await filesDigest(directory, await workingFiles(directory));
}

async function exportWorkingTree(directory: string, into: string): Promise<Source> {
  for (const path of await workingFiles(directory)) {
    const from = join(directory, path);
    const to = join(into, path);
    await mkdir(dirname(to), { recursive: true });
    const stats = await lstat(from);
    if (stats.isSymbolicLink()) await symlink(await readlink(from), to);
    else await copyFile(from, to);
  }
  await refuseEscapes(into);
  const commit = await headCommit(directory);
  const tree = await treeDigest(into);
  if (commit === undefined) return { dirty: true, tree };
  const changes = await git(directory, "status", "--porcelain", "--untracked-files=normal", "--", ".");
  return { commit, dirty: changes === undefined || changes.trim() !== "", tree };
}

/** Paths below the folder, of files and links that are there now. */
async function workingFiles(directory: string): Promise<readonly string[]> {
  const listed = await git(directory, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate", "--", ".");
  if (listed === undefined) return await walk(directory, "", guessed);
  const tracked = new Set((await git(directory, "ls-files", "-z", "--", ".env"))?.split("\0") ?? []);
  const paths = listed.split("\0").filter((path) => path !== "" && !path.split("/").some((part) => leftOut.has(part)));
  const wanted = paths.filter((path) => path !== ".env" || tracked.has(path));
  const there = await Promise.all(wanted.map(async (path) => ((await isFile(join(directory, path))) ? [path] : [])));
  return there.flat();
}

async function walk(root: string, folder: string, without: ReadonlySet<string>): Promise<string[]> {
  const entries = await readdir(join(root, folder), { withFileTypes: true });
  const nested = await Promise.all(
    entries
      .filter(({ name }) => !without.has(name))
      .map(async (entry) => {
        const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
        if (entry.isDirectory()) return await walk(root, path, without);
        return entry.isFile() || entry.isSymbolicLink() ? [path] : [];
      }),
  );
  return nested.flat();
}

async function isFile(path: string): Promise<boolean> {
  try {
    const stats = await lstat(path);
    return stats.isFile() || stats.isSymbolicLink();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT" || (error as NodeJS.ErrnoException).code === "ENOTDIR") return false;
    throw error;
  }
}

async function archive(directory: string, commit: string, into: string): Promise<void> {
  const prefix = (await git(directory, "rev-parse", "--show-prefix"))?.trim() ?? "";
  // From the top: below it, git would take the folder's path for one inside of the tree that is named.
  const top = (await git(directory, "rev-parse", "--show-toplevel"))?.trim() ?? directory;
  const from = spawn("git", ["archive", "--format=tar", `${commit}${prefix === "" ? "" : `:${prefix}`}`], {
    cwd: top,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const to = spawn("tar", ["-x", "-C", into], { stdio: [from.stdout, "ignore", "pipe"] });
  // tar has its own end of the pipe; this one would stay open.
  from.stdout.destroy();
  let trouble = "";
  for (const stream of [from.stderr, to.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      trouble += text;
    });
  }
  const [[a], [b]] = (await Promise.all([once(from, "exit"), once(to, "exit")])) as [[number | null], [number | null]];
  if (a === 0 && b === 0) return;
  throw new Problem({
    code: "ref-unknown",
    what: `the codebase of ${commit.slice(0, 7)} could not be read`,
    why: trouble.trim() || "git archive failed",
    fix: "`git fsck` looks for damage; a folder that is not part of that commit cannot be built from it",
  });
}

async function refuseSubmodules(directory: string, commit: string): Promise<void> {
  const entries = await git(directory, "ls-tree", "-r", commit, "--", ".");
  const modules = entries
    ?.split("\n")
    .filter((line) => line.startsWith("160000 "))
    .map((line) => line.split("\t")[1] ?? "");
  if (!modules || modules.length === 0) return;
  throw new Problem({
    code: "submodule-present",
    what: `the codebase has submodules: ${modules.join(", ")}`,
    why: "a commit names them but does not hold their files, so a build from it would lack them",
    fix: "make them part of the repository (`git subtree`), or depend on them as packages",
  });
}

/** A link out of the tree would tie a build to the machine it was made on. */
async function refuseEscapes(folder: string): Promise<void> {
  const root = await realpath(folder);
  for (const path of await walk(root, "", new Set())) {
    const stats = await lstat(join(root, path));
    if (!stats.isSymbolicLink()) continue;
    const target = await readlink(join(root, path));
    const inside = !isAbsolute(target) && !normalize(join(dirname(path), target)).startsWith("..");
    if (inside) continue;
    throw new Problem({
      code: "source-escapes",
      what: `the link ${path} leads out of the codebase`,
      why: `it points at ${target}`,
      fix: "put the file into the codebase, or take the link out of it",
    });
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== "ENOENT" && error.code !== "EISDIR" && error.code !== "EPERM") throw error;
}
