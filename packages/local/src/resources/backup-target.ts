import { existsSync } from "node:fs";
import { chmod, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { BackupFile } from "./embedded-server.ts";
import { backupName } from "./plan/backup-file.ts";
import { sync } from "./sync.ts";

/** A backup to be made: its folder exists. */
export interface BackupTarget {
  readonly directory: string;
  readonly resource: string;
  readonly at: string;
  readonly extension: string;
}

/** Lets a backup be written aside, and gives it its name once it is whole and on the disk. */
export async function writeBackup(target: BackupTarget, write: (aside: string) => Promise<void>): Promise<BackupFile> {
  const aside = join(target.directory, `.${target.resource}.aside`);
  try {
    await rm(aside, { force: true });
    await write(aside);
    await chmod(aside, 0o600);
    sync(aside);
    const file = freeName(target);
    await rename(aside, file);
    sync(dirname(file));
    return { file, sizeBytes: (await stat(file)).size };
  } finally {
    await rm(aside, { force: true });
  }
}

/** Two in one second must not replace each other. */
function freeName({ directory, resource, at, extension }: BackupTarget): string {
  for (let count = 1; ; count++) {
    const file = join(directory, backupName(count === 1 ? resource : `${resource}-${count}`, at, extension));
    if (!existsSync(file)) return file;
  }
}
