import type { ResourceFolder } from "./resource-folder.ts";

/** What every server that Douze runs is given. */
export interface ServerSurroundings {
  readonly folder: ResourceFolder;
  /** Folder of all resources of the environment. */
  readonly directory: string;
  /** Where programs are looked for, as in `PATH`. */
  readonly path: string;
  /** Tells what a person may want to know. */
  readonly note: (text: string) => void;
}

/** One backing service that Douze runs. Its calls come one after the other. */
export interface EmbeddedServer {
  /** Whether its process is there; false before the first start. */
  readonly alive: boolean;
  /** Whether it ran already when it was asked for first. */
  readonly found: boolean;
  /** Starts it, or finds it running. Returns its URL when it accepts connections. */
  start(signal: AbortSignal): Promise<string>;
  /** Ends it cleanly, also one that was only found. Its data stay. */
  stop(): Promise<void>;
  backup(directory: string, at: string, signal: AbortSignal): Promise<BackupFile>;
  /** Runs with the file's data afterwards; on a failure with the former ones, as before. */
  restore(file: string, at: string, signal: AbortSignal): Promise<void>;
}

export interface BackupFile {
  readonly file: string;
  readonly sizeBytes: number;
}

/** How a resource is backed up that is attached by URL. */
export interface RemoteBackup {
  /** Where the file is put. */
  readonly directory: string;
  readonly at: string;
  /** Where client programs are looked for. */
  readonly path: string;
  readonly signal: AbortSignal;
}
