import { mkdirSync, realpathSync } from "node:fs";
import { Problem, type ResourceType } from "@douze/core";
import type { Provider, Reachability } from "@douze/engine";
import { kindOfBackup } from "./backup-head.ts";
import type { BackupFile } from "./embedded-server.ts";
import { FolderLock } from "./folder-lock.ts";
import { Held } from "./held.ts";
import { dumpPostgres, restoreDump } from "./postgres/dump.ts";
import { PostgresServer } from "./postgres/postgres-server.ts";
import { backupFailed, backupInvalid, noBackupOf, noRestoreTo, notProvided, otherType } from "./problems.ts";
import { reach } from "./reach.ts";
import { copyRedis } from "./redis/copy.ts";
import { RedisServer } from "./redis/redis-server.ts";
import { folderMode, ResourceFolder, resourceNames } from "./resource-folder.ts";

export interface LocalProviderOptions {
  /** Where data and logs of the servers are kept; made when it is needed. */
  readonly directory: string;
  /** Where programs are looked for, as in `PATH`. */
  readonly path: string;
  /** Gets a line for what a person may want to know: where a server listens, that it was started anew. */
  readonly note: (text: string) => void;
  /**
   * Servers that run already are left running at the end: for a command that looks in while an engine is gone and the app lives on.
   * Default false.
   */
  readonly visiting?: boolean;
}

/** How long `check` tries by default, in milliseconds. */
const patienceMs = 10_000;
/** How often it is looked whether the servers still run, in milliseconds. */
const watchMs = 1_000;

/** Runs PostgreSQL and Redis on this machine, and reaches every other backing service by its URL. */
export class LocalProvider implements Provider {
  readonly #options: LocalProviderOptions;
  readonly #resources = new Map<string, Held>();
  readonly #ending = new AbortController();
  #opened: Promise<Opened> | undefined;

  constructor(options: LocalProviderOptions) {
    this.#options = options;
  }

  provides(type: ResourceType): boolean {
    return type === "postgres" || type === "redis";
  }

  async provision(resource: string, type: ResourceType, signal: AbortSignal): Promise<{ readonly url: string }> {
    const held = await this.#held(resource, type);
    return { url: await held.start(AbortSignal.any([signal, this.#ending.signal])) };
  }

  check(type: ResourceType, url: string, signal: AbortSignal, timeoutMs: number = patienceMs): Promise<Reachability> {
    return reach(type, url, signal, timeoutMs);
  }

  async backup(resource: string, type: ResourceType, url: string, kind: "embedded" | "url", directory: string): Promise<BackupFile> {
    const how = { directory, at: new Date().toISOString(), path: this.#options.path, signal: this.#ending.signal };
    try {
      if (kind === "embedded") {
        const held = await this.#held(resource, type);
        return await held.next(() => held.server.backup(directory, how.at, how.signal));
      }
      if (type === "postgres") return await dumpPostgres(resource, url, how);
      if (type === "redis") return await copyRedis(resource, url, how);
    } catch (error) {
      throw error instanceof Problem ? error : backupFailed(resource, messageOf(error), error);
    }
    throw noBackupOf(resource, type);
  }

  async restore(resource: string, type: ResourceType, url: string, kind: "embedded" | "url", file: string): Promise<void> {
    if (type !== "postgres" && type !== "redis") throw noBackupOf(resource, type);
    const content = await kindOfBackup(file);
    const holds = content === "rdb" ? "redis" : "postgres";
    if (holds !== type) throw backupInvalid(file, `it is a backup of a ${holds}, and \`${resource}\` is a ${type}`);
    if (content === "dump") return await restoreDump(resource, url, file, { path: this.#options.path, signal: this.#ending.signal });
    if (kind === "url") throw noRestoreTo(resource, "it is a copy of a whole server, which only a server that Douze runs can take");
    const held = await this.#held(resource, type);
    await held.next(() => held.server.restore(file, new Date().toISOString(), this.#ending.signal));
  }

  /** Ends the servers, also those that an engine before this one left behind. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort(new Error("the backing services are being ended"));
    const opened = await this.#opened?.catch(() => undefined);
    if (!opened) return;
    clearInterval(opened.watch);
    const { visiting = false } = this.#options;
    if (!visiting) for (const name of resourceNames(opened.directory)) this.#findLeft(opened, name);
    const leaving = [...this.#resources.values()].filter(({ server }) => !(visiting && server.found));
    const results = await Promise.allSettled(leaving.map((held) => held.stop()));
    await opened.lock[Symbol.asyncDispose]();
    const [failure] = results.filter((result) => result.status === "rejected");
    if (failure) throw failure.reason;
  }

  /** @throws Problem resource-in-use - another process runs the servers of this folder */
  async #held(resource: string, type: ResourceType): Promise<Held> {
    this.#ending.signal.throwIfAborted();
    if (type !== "postgres" && type !== "redis") throw notProvided(resource, type);
    this.#opened ??= this.#open();
    const opened = await this.#opened.catch((error: unknown) => {
      this.#opened = undefined;
      throw error;
    });
    const before = this.#resources.get(resource);
    if (before?.type === type) return before;
    const folder = new ResourceFolder(opened.directory, resource);
    const kept = folder.settings()?.type ?? type;
    if (kept !== type) throw otherType(folder, kept, type);
    return this.#hold(opened, folder, type);
  }

  #hold({ directory }: Opened, folder: ResourceFolder, type: "postgres" | "redis"): Held {
    const surroundings = { folder, directory, path: this.#options.path, note: this.#options.note };
    const held = new Held(type, folder, type === "postgres" ? new PostgresServer(surroundings) : new RedisServer(surroundings));
    this.#resources.set(folder.resource, held);
    return held;
  }

  async #open(): Promise<Opened> {
    mkdirSync(this.#options.directory, { recursive: true, mode: folderMode() });
    // Its servers are known by the path they were started with.
    const directory = realpathSync(this.#options.directory);
    const lock = await FolderLock.take(directory);
    return { directory, lock, watch: setInterval(() => this.#watch(), watchMs).unref() };
  }

  /** Servers that end by themselves are started anew. */
  #watch(): void {
    const { note } = this.#options;
    for (const [resource, held] of this.#resources) {
      held
        .revive(performance.now(), this.#ending.signal, () => note(`${resource}: the server has ended by itself; it is started anew`))
        .catch((error: unknown) => {
          if (!this.#ending.signal.aborted) note(`${resource}: ${messageOf(error)}`);
        });
    }
  }

  /** A server of an engine that was killed, and of a resource that nobody asked for since. */
  #findLeft(opened: Opened, resource: string): void {
    if (this.#resources.has(resource)) return;
    const folder = new ResourceFolder(opened.directory, resource);
    const type = folder.settings()?.type;
    if (type !== undefined) this.#hold(opened, folder, type);
  }
}

interface Opened {
  /** With all symbolic links resolved. */
  readonly directory: string;
  readonly lock: FolderLock;
  readonly watch: NodeJS.Timeout;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
