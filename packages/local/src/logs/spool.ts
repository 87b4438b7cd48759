import type { Position } from "./segment.ts";

/** Where one start of one process writes its output: two append-only files in its own run folder. */
export interface Spool {
  /** Unique per start of a process: the store remembers under it how far the files were copied. */
  readonly id: string;
  /** `web.1` */
  readonly process: string;
  /** `v12` */
  readonly release: string;
  /** Path of the file that is its standard output. */
  readonly stdout: string;
  /** Path of the file that is its standard error; not the same file. */
  readonly stderr: string;
}

/** A spool that the store follows. */
export interface AttachedSpool {
  /**
   * For a process that has ended: reads both files to their present ends, a last line without newline included, and
   * lets go of them. When it has returned the files may be deleted. Waits as long as the store cannot write.
   *
   * @throws Problem log-spool-unreadable - a file could not be read; what was not read is still in it
   * @throws Problem log-write-failed - the store was closed first; the rest is still in the files
   */
  finish(): Promise<void>;
  /** Lets go of the files where it is; a later attach goes on from there. */
  stop(): Promise<void>;
}

export type Stream = "stdout" | "stderr";

export const streams: readonly Stream[] = ["stdout", "stderr"];

/** A spool and how many bytes of each of its files the store holds. */
export interface KnownSpool {
  readonly spool: Spool;
  readonly copied: Record<Stream, number>;
  /** Nothing was known of it before this attach: the files are read from their beginning. */
  readonly fresh: boolean;
  /** Before it the store holds nothing of it. Absent: an earlier engine began. */
  readonly beginning?: Position;
}
