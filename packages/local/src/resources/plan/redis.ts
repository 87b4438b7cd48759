/** The part of a Redis server's configuration that is Douze's, for its standard input: nobody else sees the password there. */
export function redisConfig(place: {
  readonly port: number;
  readonly password: string;
  readonly data: string;
  readonly journal: boolean;
}): string {
  const lines = [
    "bind 127.0.0.1",
    `port ${place.port}`,
    "protected-mode yes",
    `requirepass ${place.password}`,
    `dir ${JSON.stringify(place.data)}`,
    "daemonize no",
    'logfile ""',
    // Each write is in a journal; snapshots are made for backups alone.
    `appendonly ${place.journal ? "yes" : "no"}`,
    "appendfsync everysec",
    'save ""',
    "dbfilename dump.rdb",
    // Who copies the data need not wait for others who might want to.
    "repl-diskless-sync-delay 0",
  ];
  return `${lines.join("\n")}\n`;
}

/**
 * Whether a server would find its data in the journal. Where there is but a snapshot, as after a restore, a server that is told to
 * keep a journal starts with nothing: it must read the snapshot first, and begin the journal then.
 *
 * @param exists - tells of a path in the data folder
 */
export function hasJournal(exists: (path: string) => boolean): boolean {
  // The manifest since version 7, one file before; both appear when they are whole.
  const journal = exists("appendonlydir/appendonly.aof.manifest") || exists("appendonly.aof");
  return journal || !exists("dump.rdb");
}

/** One field of the answer to `INFO`. */
export function infoField(info: string, field: string): string | undefined {
  return new RegExp(`^${field}:(.*)$`, "m").exec(info)?.[1]?.trim();
}

/** Where the writing of the journal stands, after it was switched on, by `INFO persistence`. */
export function journalState(info: string): "written" | "failed" | "pending" {
  const busy = infoField(info, "aof_rewrite_in_progress") === "1" || infoField(info, "aof_rewrite_scheduled") === "1";
  if (busy) return "pending";
  if (infoField(info, "aof_enabled") === "1" && infoField(info, "aof_last_bgrewrite_status") === "ok") return "written";
  return infoField(info, "aof_last_bgrewrite_status") === "ok" ? "pending" : "failed";
}
