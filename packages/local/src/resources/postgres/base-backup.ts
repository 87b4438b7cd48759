import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { type FileHandle, open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { Problem } from "@douze/core";
import type { Sql } from "postgres";
import { pack as newPack, type Pack } from "tar-stream";
import { controlFile, isBackedUp, neededSegments } from "../plan/backup-contents.ts";
import { type BackupManifest, manifestEntry } from "../plan/backup-file.ts";
import { isOfTheSystem } from "../problems.ts";

const chunkBytes = 1024 * 1024;
/** The journal is mostly zeros and the data compress well: more effort costs time and saves little. */
const gzipLevel = 3;

/**
 * Copies the data of a running server into an archive, while others write to them: the copy becomes consistent when a server
 * starts on it and follows the journal, of which the archive holds what is needed.
 *
 * @param sql - of the superuser; a single connection
 * @see https://www.postgresql.org/docs/current/continuous-archiving.html#BACKUP-LOWLEVEL-BASE-BACKUP
 */
export async function writeBaseBackup(sql: Sql, data: string, manifest: BackupManifest, file: string): Promise<void> {
  const pack = newPack();
  const written = pipeline(pack, createGzip({ level: gzipLevel, chunkSize: chunkBytes }), createWriteStream(file, { mode: 0o600 }));
  const filled = fill(pack, sql, data, manifest).catch((error: unknown) => {
    pack.destroy(error as Error);
    throw error;
  });
  const results = await Promise.allSettled([filled, written]);
  const failures = results.flatMap((result) => (result.status === "rejected" ? [result.reason as unknown] : []));
  // One failure ends both sides: that of the disk says more than that the archive was closed.
  if (failures.length > 0) throw failures.find(isOfTheSystem) ?? failures[0];
}

async function fill(pack: Pack, sql: Sql, data: string, manifest: BackupManifest): Promise<void> {
  await addText(pack, manifestEntry, JSON.stringify(manifest));
  await refuseTablespaces(data);
  // A slot of this connection keeps the journal's segments until it ends, however long the copy takes.
  await sql`select pg_create_physical_replication_slot(${`douze_backup_${process.pid}`}, true, true)`;
  await (manifest.major >= 15 ? sql`select pg_backup_start('douze', true)` : sql`select pg_start_backup('douze', true, false)`);
  await addTree(pack, data, "");
  await addFile(pack, data, controlFile);
  const [stop] = await (manifest.major >= 15
    ? sql`select pg_walfile_name(lsn) as last, labelfile as label from pg_backup_stop(false)`
    : sql`select pg_walfile_name(lsn) as last, labelfile as label from pg_stop_backup(false, false)`);
  const label = String(stop?.["label"]);
  await addText(pack, "data/backup_label", label);
  for (const name of neededSegments(await readdir(join(data, "pg_wal")), label, String(stop?.["last"]))) {
    await addFile(pack, data, `pg_wal/${name}`);
  }
  pack.finalize();
}

async function refuseTablespaces(data: string): Promise<void> {
  const names = await readdir(join(data, "pg_tblspc"));
  if (names.length === 0) return;
  throw new Problem({
    code: "resource-backup-failed",
    what: "a database with tablespaces of its own cannot be backed up by Douze",
    why: "they are outside its data folder",
    fix: "use `pg_dump` with the URL that `douze run -- env` shows, or drop the tablespaces",
  });
}

async function addTree(pack: Pack, data: string, folder: string): Promise<void> {
  const entries = await readdir(join(data, folder), { withFileTypes: true }).catch(unlessGone([]));
  for (const entry of entries) {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (!isBackedUp(path)) continue;
    if (entry.isDirectory()) {
      await addEntry(pack, { name: `data/${path}/`, size: 0, directory: true }, async () => Buffer.alloc(0));
      await addTree(pack, data, path);
    } else if (entry.isFile()) await addFile(pack, data, path);
  }
}

/** Files may grow, shrink and vanish meanwhile: the journal tells what became of them. */
async function addFile(pack: Pack, data: string, path: string): Promise<void> {
  const file = await open(join(data, path)).catch(unlessGone(undefined));
  if (!file) return;
  try {
    const { size } = await file.stat();
    await addEntry(pack, { name: `data/${path}`, size, directory: false }, (at, length) => exactly(file, at, length));
  } finally {
    await file.close();
  }
}

/** As many bytes as were announced, in any case: what a file has lost meanwhile are zeros. */
async function exactly(file: FileHandle, at: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  for (let filled = 0; filled < length; ) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, at + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer;
}

async function addText(pack: Pack, name: string, text: string): Promise<void> {
  const content = Buffer.from(text);
  await addEntry(pack, { name, size: content.length, directory: false }, async () => content);
}

interface Entry {
  readonly name: string;
  readonly size: number;
  readonly directory: boolean;
}

/** Returns when the archive has taken it all, which it does no faster than it can be written. */
async function addEntry(
  pack: Pack,
  { name, size, directory }: Entry,
  read: (at: number, length: number) => Promise<Buffer>,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const sink = pack.entry({ name, size, mode: directory ? 0o700 : 0o600, type: directory ? "directory" : "file" }, (error) =>
    error ? reject(error) : resolve(),
  );
  sink.on("error", reject);
  // It may fail while the next part is still being read.
  promise.catch(() => undefined);
  for (let at = 0; at < size && !sink.destroyed; at += chunkBytes) {
    const chunk = await read(at, Math.min(chunkBytes, size - at));
    if (!sink.write(chunk)) await Promise.race([once(sink, "drain"), promise]);
  }
  if (!directory) sink.end(null);
  await promise;
}

function unlessGone<T>(otherwise: T): (error: NodeJS.ErrnoException) => T {
  return (error) => {
    if (error.code === "ENOENT") return otherwise;
    throw error;
  };
}
