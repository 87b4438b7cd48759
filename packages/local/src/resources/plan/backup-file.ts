/** What a backup says of itself, as the first entry of the archive. */
export interface BackupManifest {
  readonly douze: "backup";
  readonly format: 1;
  readonly type: "postgres";
  readonly resource: string;
  /** Major version of the server: data folders of another one cannot be read. */
  readonly major: number;
  readonly at: string;
}

export const manifestEntry = "douze-backup.json";

/** Undefined when it is none that this version understands. */
export function backupManifest(text: string): BackupManifest | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { douze, format, type, major } = value as Partial<Record<keyof BackupManifest, unknown>>;
  return douze === "backup" && format === 1 && type === "postgres" && Number.isInteger(major) ? (value as BackupManifest) : undefined;
}

export type BackupKind = "base" | "dump" | "rdb";

/** What a file is, by its first bytes and not by its name. */
export function backupKind(head: Uint8Array): BackupKind | undefined {
  const text = String.fromCharCode(...head.subarray(0, 9));
  if (text.startsWith("\x1f\x8b")) return "base";
  if (text.startsWith("PGDMP")) return "dump";
  return /^(REDIS|VALKEY)[0-9]{3,4}/.test(text) ? "rdb" : undefined;
}

/** `db-20261120T101500Z.tar.gz`; the instant as ISO 8601 text. */
export function backupName(resource: string, at: string, extension: string): string {
  return `${resource}-${stamp(at)}.${extension}`;
}

/** An instant in a file's name: `20261120T101500Z` */
export function stamp(at: string): string {
  return `${at.replace(/\.[0-9]+Z$/, "Z").replace(/[-:]/g, "")}`;
}

/**
 * Whether an entry of an archive may be unpacked: a path below the folder, whatever the archive's maker wanted.
 */
export function isSafePath(path: string): boolean {
  return path !== "" && !path.startsWith("/") && !path.includes("\0") && !path.split("/").includes("..");
}
