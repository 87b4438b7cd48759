import { open } from "node:fs/promises";
import { type BackupKind, backupKind } from "./plan/backup-file.ts";
import { backupInvalid } from "./problems.ts";

/**
 * What kind of backup a file is, by its first bytes.
 *
 * @throws Problem resource-backup-invalid - there is no such file, or it is none
 */
export async function kindOfBackup(file: string): Promise<BackupKind> {
  const opened = await open(file).catch((error: NodeJS.ErrnoException) => {
    throw error.code === "ENOENT" ? backupInvalid(file, "there is no such file") : error;
  });
  try {
    if (!(await opened.stat()).isFile()) throw backupInvalid(file, "it is not a file");
    const { bytesRead, buffer } = await opened.read(Buffer.alloc(16), 0, 16, 0);
    const kind = backupKind(buffer.subarray(0, bytesRead));
    if (kind) return kind;
    throw backupInvalid(file, bytesRead === 0 ? "it is empty" : "it is neither an archive, nor a dump of PostgreSQL, nor one of Redis");
  } finally {
    await opened.close();
  }
}
