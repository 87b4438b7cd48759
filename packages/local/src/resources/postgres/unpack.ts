import { createReadStream } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { Problem } from "@douze/core";
import { extract } from "tar-stream";
import { type BackupManifest, backupManifest, isSafePath, manifestEntry } from "../plan/backup-file.ts";
import { backupInvalid, isOfTheSystem } from "../problems.ts";

const chunkBytes = 256 * 1024;

/**
 * Unpacks a backup's data folder into `folder/data`. The archive's own first entry is looked at before anything is written.
 *
 * @param accept - throws for a backup that does not fit
 * @throws Problem resource-backup-invalid - it is none of Douze's backups, or it is damaged
 */
export async function unpackBackup(file: string, folder: string, accept: (manifest: BackupManifest) => void): Promise<void> {
  const archive = extract();
  const read = pipeline(createReadStream(file), createGunzip({ chunkSize: chunkBytes }), archive);
  const unpacked = unpackEntries(archive, file, folder, accept).catch((error: unknown) => {
    archive.destroy(error as Error);
    throw error;
  });
  const results = await Promise.allSettled([unpacked, read]);
  const failures = results.flatMap((result) => (result.status === "rejected" ? [result.reason as unknown] : []));
  if (failures.length === 0) return;
  // One failure ends both sides: that which is not the archive's own says more, such as that the disk is full.
  throw (
    failures.find((failure) => failure instanceof Problem || isOfTheSystem(failure)) ??
    backupInvalid(file, "it is damaged or was cut off", failures[0])
  );
}

async function unpackEntries(
  archive: ReturnType<typeof extract>,
  file: string,
  folder: string,
  accept: (manifest: BackupManifest) => void,
): Promise<void> {
  let manifest: BackupManifest | undefined;
  for await (const entry of archive) {
    const { header } = entry;
    if (!manifest) {
      manifest = header.name === manifestEntry && header.size < 65_536 ? backupManifest(await text(entry)) : undefined;
      if (!manifest) throw backupInvalid(file, "it is not a backup that Douze made, or a newer version made it");
      accept(manifest);
      continue;
    }
    if (!isSafePath(header.name) || !header.name.startsWith("data/")) throw backupInvalid(file, "it holds a path that leads elsewhere");
    const path = join(folder, header.name);
    if (header.type === "directory") {
      await mkdir(path, { recursive: true, mode: 0o700 });
      entry.resume();
    } else if (header.type === "file") {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await writeFile(path, entry as unknown as AsyncIterable<Uint8Array>, { mode: 0o600, flag: "wx" });
    } else throw backupInvalid(file, `it holds a ${header.type}, which a backup never does`);
  }
  if (!manifest) throw backupInvalid(file, "it is empty");
}
