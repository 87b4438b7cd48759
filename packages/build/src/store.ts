import { randomBytes } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Build, type Digest, Problem } from "@douze/core";
import { makeReadOnly, makeWritable, treeDigest } from "./tree.ts";

/** A build on disk. */
export interface StoredBuild {
  readonly build: Build;
  /** Its folder, read-only. */
  readonly tree: string;
}

/** An unfinished build older than this was left by an engine that is gone, in milliseconds. */
const abandonedMs = 6 * 3_600_000;
/** A build younger than this may belong to a release that is not written yet, in milliseconds. */
const youngMs = 3_600_000;

/** A place to build in, on the store's own disk, so that a rename puts the result into place. */
export async function workshop(store: string): Promise<string> {
  await mkdir(store, { recursive: true, mode: 0o700 });
  await sweep(store);
  const folder = join(store, `.making-${process.pid}-${randomBytes(4).toString("hex")}`);
  await mkdir(folder, { mode: 0o755 });
  return folder;
}

/**
 * Puts a tree into the store under its digest. One that is there already, made by another build at the same time, stays.
 *
 * @param describe - the build, once its digest is known
 */
export async function put(store: string, making: string, describe: (digest: Digest) => Build): Promise<StoredBuild> {
  const made = join(making, "tree");
  const digest = await treeDigest(made);
  const build = describe(digest);
  await makeReadOnly(made);
  await write(join(making, "build.json"), `${JSON.stringify(build, undefined, 2)}\n`);
  const place = folderOf(store, digest);
  try {
    await rename(making, place);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOTEMPTY" && code !== "EEXIST") throw error;
    await remove(making);
  }
  await sync(store);
  return { build, tree: join(place, "tree") };
}

/**
 * Opens a build.
 *
 * @throws Problem build-missing - it was never made here, or was removed
 * @throws Problem build-damaged - its description cannot be read
 */
export async function openBuild(store: string, digest: Digest): Promise<StoredBuild> {
  const place = folderOf(store, digest);
  let text: string;
  try {
    text = await readFile(join(place, "build.json"), "utf8");
    await stat(join(place, "tree"));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ENOENT") throw cause;
    throw new Problem({
      code: "build-missing",
      what: `the build ${digest.slice(0, 19)} is not here`,
      why: "builds are kept for the last good releases only, or the state folder was restored in part",
      fix: "build it again from its commit: `douze releases show <release>` names it, then `douze deploy --ref <commit>`",
      cause,
    });
  }
  try {
    return { build: JSON.parse(text) as Build, tree: join(place, "tree") };
  } catch (cause) {
    throw new Problem({
      code: "build-damaged",
      what: `the build ${digest.slice(0, 19)} cannot be read`,
      why: `${join(place, "build.json")} is not JSON`,
      fix: `remove ${place} and deploy its commit again`,
      cause,
    });
  }
}

/** Which build a certain input gave, if it was built here. */
export async function lookUp(store: string, input: Digest): Promise<Digest | undefined> {
  try {
    return (await readFile(join(store, "by-input", hex(input)), "utf8")).trim() as Digest;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

export async function remember(store: string, input: Digest, digest: Digest): Promise<void> {
  const folder = join(store, "by-input");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const aside = join(folder, `.${randomBytes(6).toString("hex")}.aside`);
  await write(aside, `${digest}\n`);
  await rename(aside, join(folder, hex(input)));
  await sync(folder);
}

/** Removes the builds that nobody needs; one of the last hour is left, since its release may not be written yet. */
export async function pruneBuilds(store: string, keep: ReadonlySet<Digest>): Promise<readonly Digest[]> {
  const removed: Digest[] = [];
  for (const name of await namesIn(store)) {
    const digest = `sha256:${name}` as Digest;
    if (!/^[0-9a-f]{64}$/.test(name) || keep.has(digest)) continue;
    if (Date.now() - (await stat(join(store, name))).ctimeMs < youngMs) continue;
    await remove(join(store, name));
    removed.push(digest);
  }
  return removed;
}

/** Its description goes first: what is left of it after a crash is no build. */
export async function remove(folder: string): Promise<void> {
  await rm(join(folder, "build.json"), { force: true });
  await makeWritable(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
  });
  await rm(folder, { recursive: true, force: true });
}

async function sweep(store: string): Promise<void> {
  for (const name of await namesIn(store)) {
    const pid = /^\.making-(\d+)-/.exec(name)?.[1];
    if (pid === undefined) continue;
    const abandoned = !isAlive(Number(pid)) || Date.now() - (await stat(join(store, name))).mtimeMs > abandonedMs;
    if (abandoned) await remove(join(store, name));
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function folderOf(store: string, digest: Digest): string {
  return join(store, hex(digest));
}

function hex(digest: Digest): string {
  return digest.slice("sha256:".length);
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

async function write(path: string, text: string): Promise<void> {
  await using file = await open(path, "w", 0o600);
  await file.writeFile(text);
  await file.sync();
}

async function sync(folder: string): Promise<void> {
  await using handle = await open(folder, "r");
  await handle.sync();
}
