/** Folders of a running PostgreSQL whose content a copy must not have; the server wants to find them, empty. */
const emptied: ReadonlySet<string> = new Set([
  "pg_dynshmem",
  "pg_notify",
  "pg_replslot",
  "pg_serial",
  "pg_snapshots",
  "pg_stat_tmp",
  "pg_subtrans",
  "pg_wal",
]);

/** Files at the top that belong to this one run of the server, or that a backup brings anew. */
const left: ReadonlySet<string> = new Set([
  "backup_label",
  "backup_label.old",
  "backup_manifest",
  "current_logfiles",
  "postmaster.opts",
  "postmaster.pid",
  "recovery.signal",
  "standby.signal",
  "tablespace_map",
  "tablespace_map.old",
]);

/** The last to be copied: it tells from where on to recover. */
export const controlFile = "global/pg_control";

/**
 * Whether a backup of a running server takes a file or a folder, by its path in the data folder. The same choice as
 * PostgreSQL's own. @see https://www.postgresql.org/docs/current/continuous-archiving.html#BACKUP-LOWLEVEL-BASE-BACKUP-DATA
 */
export function isBackedUp(path: string): boolean {
  const [top = "", ...below] = path.split("/");
  if (below.length > 0 && emptied.has(top)) return false;
  if (left.has(path) || path === controlFile) return false;
  return ![top, ...below].some((name) => name.startsWith("pgsql_tmp") || name.startsWith("pg_internal.init"));
}

/** The journal's segments that a backup needs to become consistent: from its first to its last. They sort as they follow. */
export function neededSegments(names: readonly string[], label: string, last: string): readonly string[] {
  const first = /^START WAL LOCATION: .* \(file ([0-9A-F]{24})\)/m.exec(label)?.[1];
  if (first === undefined) throw new Error("PostgreSQL's backup label names no first segment");
  return names.filter((name) => (/^[0-9A-F]{24}$/.test(name) && name >= first && name <= last) || name.endsWith(".history")).toSorted();
}
