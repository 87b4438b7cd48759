import type { Manifest } from "@douze/core";

/** What is the single process's own. */
export interface Own {
  /** `web.1`, `run.7` */
  readonly name: string;
  /** Empty at the start. */
  readonly tmp: string;
  readonly live: string;
  readonly tree: string;
  readonly source: Manifest["source"];
  /** Set where requests or probes come. */
  readonly port?: number;
}

/**
 * The whole environment of a process: its release's, and the variables of the contract that are its own. Made from nothing else,
 * so that no variable of the engine, or of a former start, ever reaches an app.
 */
export function processEnv(release: Readonly<Record<string, string>>, own: Own): Record<string, string> {
  return {
    LANG: "C.UTF-8",
    // As on Heroku, where an app lies in its home; elsewhere what a tool writes home should not fail, nor stay.
    HOME: own.source === "Procfile" ? own.tree : own.tmp,
    ...release,
    DOUZE_PROCESS: own.name,
    DYNO: own.name,
    DOUZE_LIVE_DIR: own.live,
    TMPDIR: own.tmp,
    // Only the router of this machine is to reach it.
    ...(own.port !== undefined && { PORT: String(own.port), HOST: "127.0.0.1" }),
  };
}
