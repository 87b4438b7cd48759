import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { chmod, lstat, readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { type Digest, digest } from "@douze/core";

/**
 * Digest of a folder: sorted paths, whether a file may be executed, where a link points, and contents. Not times, owners, nor
 * empty folders: two builds of the same input are the same.
 */
export async function treeDigest(folder: string): Promise<Digest> {
  const hash = createHash("sha256");
  await addFolder(hash, folder, "");
  return digest(`sha256:${hash.digest("hex")}`);
}

/** The same over some files of a folder, by their paths. */
export async function filesDigest(folder: string, paths: readonly string[]): Promise<Digest> {
  const hash = createHash("sha256");
  for (const path of [...paths].sort()) await addEntry(hash, folder, path);
  return digest(`sha256:${hash.digest("hex")}`);
}

/** Takes the right to write away, from the inside out. */
export async function makeReadOnly(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await makeReadOnly(path);
    else if (entry.isFile()) await chmod(path, (await lstat(path)).mode & 0o555);
  }
  await chmod(folder, 0o555);
}

/** Gives it back, so that the folder can be removed. */
export async function makeWritable(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) if (entry.isDirectory()) await makeWritable(join(folder, entry.name));
}

async function addFolder(hash: Hash, root: string, folder: string): Promise<void> {
  const entries = await readdir(join(root, folder));
  for (const name of entries.sort()) {
    const path = folder === "" ? name : `${folder}/${name}`;
    const stats = await lstat(join(root, path));
    if (stats.isDirectory()) await addFolder(hash, root, path);
    else await addEntry(hash, root, path);
  }
}

async function addEntry(hash: Hash, root: string, path: string): Promise<void> {
  const stats = await lstat(join(root, path));
  if (stats.isSymbolicLink()) {
    const target = await readlink(join(root, path));
    hash.update(`link ${path.length} ${path} ${target.length} ${target}\n`);
  } else if (stats.isFile()) {
    hash.update(`${stats.mode & 0o100 ? "program" : "file"} ${path.length} ${path} ${stats.size}\n`);
    await pipeline(createReadStream(join(root, path)), async (chunks: AsyncIterable<Buffer>) => {
      for await (const chunk of chunks) hash.update(chunk);
    });
  }
}
