import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import postgres from "postgres";
import { isRunning, procStat, send } from "../../../src/proc.ts";
import { findProgram } from "../../../src/resources/find-program.ts";
import { LocalProvider, type LocalProviderOptions } from "../../../src/resources/local-provider.ts";
import { Owner, type OwnerOptions } from "./owner.ts";

export const path: string = process.env["PATH"] ?? "/usr/bin:/bin";
export const never: AbortSignal = new AbortController().signal;
export const isRoot: boolean = process.getuid?.() === 0;
/** The uid of `nobody`, which every Linux has. */
export const nobody = 65_534;

/** A state folder of its own, with what runs on it. */
export class Place implements AsyncDisposable {
  readonly root: string;
  readonly resources: string;
  readonly backups: string;
  readonly notes: string[] = [];
  readonly #providers: LocalProvider[] = [];
  readonly #owners: Owner[] = [];

  constructor(folder: string = tmpdir()) {
    this.root = mkdtempSync(join(folder, "resources-"));
    this.resources = join(this.root, "resources");
    this.backups = join(this.root, "backups");
    mkdirSync(this.backups);
  }

  provider(options: Partial<LocalProviderOptions> = {}): LocalProvider {
    const provider = new LocalProvider({ directory: this.resources, path, note: (text) => this.notes.push(text), ...options });
    this.#providers.push(provider);
    return provider;
  }

  /** A path inside the folder of a resource. */
  of(resource: string, ...names: readonly string[]): string {
    return join(this.resources, resource, ...names);
  }

  read(resource: string, ...names: readonly string[]): string {
    return readFileSync(this.of(resource, ...names), "utf8");
  }

  /** Pid of the PostgreSQL that has noted itself in the data folder. */
  postmaster(resource: string): number {
    return Number.parseInt(this.read(resource, "data", "postmaster.pid"), 10);
  }

  /** A program that owns a provider of this folder. */
  owner(options: Partial<OwnerOptions> = {}): Owner {
    const { uid, gid } = options;
    if (uid !== undefined && gid !== undefined) for (const folder of [this.root, this.backups]) chownSync(folder, uid, gid);
    const owner = new Owner({ directory: this.resources, path, ...options });
    this.#owners.push(owner);
    return owner;
  }

  /** Lets every account enter, as below /srv; it stays closed to be listed. */
  openForAll(): void {
    chmodSync(this.root, 0o711);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const owner of this.#owners) await owner[Symbol.asyncDispose]();
    // Whatever a killed owner has left is found and ended by the last of them.
    for (const provider of this.#providers) await provider[Symbol.asyncDispose]();
    await this.#endLeft();
    rmSync(this.root, { recursive: true, force: true, maxRetries: 5 });
  }

  async #endLeft(): Promise<void> {
    const running = ["data/postmaster.pid", "data/appendonlydir"].some((name) => existsSync(this.of("db", name)));
    if (!running) return;
    const last = new LocalProvider({ directory: this.resources, path, note: () => undefined });
    const { type } = JSON.parse(this.read("db", "server.json")) as { type: "postgres" | "redis" };
    await last.provision("db", type, never);
    await last[Symbol.asyncDispose]();
  }
}

/** Ends a server as a crash would, with all its processes. */
export async function killServer(pid: number): Promise<void> {
  send(pid, "SIGKILL");
  await until(() => !isRunning(procStat(pid)));
}

export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await setTimeout(5);
}

/** One connection as the app's, made at its first query. It ends with the server: its own way of ending leaves a promise behind. */
export function client(url: string): postgres.Sql {
  return postgres(url, { max: 1, max_lifetime: null, onnotice: () => undefined });
}

/** The reason to skip when a program is not on this machine; it is printed. */
export function without(...names: readonly string[]): boolean {
  const missing = findProgram(names, `${path}:/usr/lib/postgresql/15/bin`) === undefined;
  if (missing) console.log(`skipped: there is no ${names.join(" or ")} on this machine`);
  return missing;
}
