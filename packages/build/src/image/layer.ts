import { createHash } from "node:crypto";
import { createReadStream, lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join, posix } from "node:path";
import { PassThrough, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createZstdCompress } from "node:zlib";
import { type Header, pack as newPack, type Pack } from "tar-stream";
import type { Blobs } from "./blobs.ts";
import { type Descriptor, mediaTypes } from "./descriptor.ts";

/** One entry of a layer, by its path in the image, without the first slash. */
export type Entry =
  | { readonly path: string; readonly folder: true; readonly mode?: number }
  | { readonly path: string; readonly link: string }
  | { readonly path: string; readonly text: string; readonly mode?: number }
  /** A file of this machine. */
  | { readonly path: string; readonly file: string; readonly mode?: number };

/** A layer as it lies among the blobs. */
export interface Layer {
  readonly descriptor: Descriptor;
  /** Digest of what is in it, unpacked: what the image's config names. */
  readonly diffId: string;
}

// Small files are looked at and read at once, and not by way of other threads: there are thousands of them, and nothing else to do meanwhile.

/** Bytes that are read at once. */
const smallFile = 2 ** 20;

/** No entry tells when it was made, or by whom: two images of the same files are the same image. */
const epoch = new Date(0);

/**
 * Writes a layer: sorted, without times and owners, and with the folders that lead to its entries. Packed by zstd, which is quicker than
 * gzip and smaller, and is read by containerd since 1.5.
 */
export async function writeLayer(blobs: Blobs, entries: readonly Entry[]): Promise<Layer> {
  const tar = newPack();
  const hash = createHash("sha256");
  const measured = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  const compressed = new PassThrough();
  const [descriptor] = await Promise.all([
    blobs.putStream(mediaTypes.layer, compressed),
    pipeline(tar, measured, createZstdCompress(), compressed),
    fill(tar, withFolders(entries)).catch((error: Error) => tar.destroy(error)),
  ]);
  return { descriptor, diffId: `sha256:${hash.digest("hex")}` };
}

/**
 * What is in a folder of this machine, as entries below a path of the image.
 *
 * @param take - whether an entry goes along, by its path in the folder; a folder that does not leaves out all below it
 */
export function entriesOf(folder: string, into: string, take: (path: string) => boolean = () => true, below = ""): Entry[] {
  const found: Entry[] = [];
  for (const name of readdirSync(join(folder, below)).sort()) {
    const inside = posix.join(below, name);
    if (!take(inside)) continue;
    const file = join(folder, inside);
    const path = posix.join(into, inside);
    const stats = lstatSync(file);
    if (stats.isDirectory()) found.push({ path, folder: true }, ...entriesOf(folder, into, take, inside));
    else if (stats.isSymbolicLink()) found.push({ path, link: readlinkSync(file) });
    else if (stats.isFile()) found.push({ path, file, mode: modeOf(stats.mode) });
  }
  return found;
}

/** Whoever runs it may read it, and nobody may write it. */
export function modeOf(mode: number): number {
  return mode & 0o111 ? 0o555 : 0o444;
}

async function fill(tar: Pack, entries: readonly Entry[]): Promise<void> {
  for (const entry of entries) await add(tar, entry);
  tar.finalize();
}

async function add(tar: Pack, entry: Entry): Promise<void> {
  const common = { name: entry.path, mtime: epoch, uid: 0, gid: 0, uname: "", gname: "" } as const;
  if ("folder" in entry) return await whole(tar, { ...common, name: `${entry.path}/`, type: "directory", mode: entry.mode ?? 0o755 });
  if ("link" in entry) return await whole(tar, { ...common, type: "symlink", linkname: entry.link, mode: 0o777 });
  if ("text" in entry) return await whole(tar, { ...common, type: "file", mode: entry.mode ?? 0o444 }, entry.text);
  const { size, mode } = lstatSync(entry.file);
  const header = { ...common, type: "file", size, mode: entry.mode ?? modeOf(mode) } as const;
  // Most files are small, and a stream for each costs more than what is in it.
  if (size <= smallFile) return await whole(tar, header, readFileSync(entry.file));
  await pipeline(createReadStream(entry.file, { highWaterMark: smallFile }), tar.entry(header));
}

async function whole(tar: Pack, header: Partial<Header> & Pick<Header, "name">, content: string | Buffer = ""): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  tar.entry(header, content, (error) => (error ? reject(error) : resolve()));
  await promise;
}

/** Sorted by path, each folder before what is in it, and each path once: the last one that names it counts. */
function withFolders(entries: readonly Entry[]): Entry[] {
  const byPath = new Map<string, Entry>();
  for (const { path } of entries) {
    for (let folder = posix.dirname(path); folder !== "." && !byPath.has(folder); folder = posix.dirname(folder)) {
      byPath.set(folder, { path: folder, folder: true });
    }
  }
  for (const entry of entries) byPath.set(entry.path, entry);
  const order = (path: string): string => path.replaceAll("/", "\0");
  return [...byPath.values()].sort((a, b) => (order(a.path) < order(b.path) ? -1 : 1));
}
