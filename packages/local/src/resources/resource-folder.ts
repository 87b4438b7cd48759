import { mkdirSync, readdirSync, renameSync, rmSync, statSync, truncateSync } from "node:fs";
import { copyFile, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { Problem } from "@douze/core";
import { isMissing, readIfThere, writeWhole } from "../files.ts";
import { stamp } from "./plan/backup-file.ts";
import { sync } from "./sync.ts";

/** A server's log begins anew when it is over this many bytes; the former one is kept beside it. */
const logLimitBytes = 16 * 1024 * 1024;

/** What a server must find again at its next start. Kept with mode 0600. */
export interface ServerSettings {
  readonly type: "postgres" | "redis";
  readonly port: number;
  /** Of the app's user. */
  readonly password: string;
  /** Of the superuser, where the server has one. */
  readonly ownerPassword: string;
}

/** Everything that is kept of one resource. Its data are in `data`; what is being made is beside it until it is whole. */
export class ResourceFolder {
  readonly resource: string;
  readonly path: string;
  readonly data: string;
  readonly log: string;

  /** @throws Problem name-invalid - the name would lead elsewhere */
  constructor(directory: string, resource: string) {
    if (!resourceName.test(resource)) throw nameInvalid(resource);
    this.resource = resource;
    this.path = join(directory, resource);
    this.data = join(this.path, "data");
    this.log = join(this.path, "server.log");
  }

  /** Makes it, or sets right what a kill has left: nothing half-made stays, and no data are lost. */
  async open(): Promise<void> {
    mkdirSync(this.path, { recursive: true, mode: folderMode() });
    this.#settleSwap();
    for (const name of readdirSync(this.path)) {
      if (name.startsWith("making-")) await rm(join(this.path, name), { recursive: true, force: true, maxRetries: 5 });
    }
    await this.trimLog();
  }

  /** The server appends to it, and so goes on at its new end. What it says between the two steps is lost. */
  async trimLog(): Promise<void> {
    if ((statSync(this.log, { throwIfNoEntry: false })?.size ?? 0) <= logLimitBytes) return;
    await copyFile(this.log, `${this.log}.1`);
    truncateSync(this.log);
  }

  hasData(): boolean {
    return statSync(this.data, { throwIfNoEntry: false }) !== undefined;
  }

  settings(): ServerSettings | undefined {
    const text = readIfThere(this.#settings);
    return text === undefined ? undefined : (JSON.parse(text) as ServerSettings);
  }

  writeSettings(settings: ServerSettings): void {
    writeWhole(this.#settings, `${JSON.stringify(settings, undefined, 2)}\n`, "durable");
  }

  /** A new folder for what is not whole yet; it is swept away at the next start if it stays. */
  making(unique: string): string {
    const path = join(this.path, `making-${unique}`);
    mkdirSync(path, { mode: 0o700 });
    return path;
  }

  /** Puts the first data in place. */
  adopt(made: string): void {
    renameSync(made, this.data);
    sync(this.path);
  }

  /**
   * Puts other data in the place of the present ones, which are kept beside them. No server runs on either. After a kill in
   * between the former ones are back.
   *
   * @returns the folder of the former data
   */
  swap(made: string, at: string): string {
    const former = this.#free(`data.before-restore-${stamp(at)}`);
    this.#exchange(former, former, made);
    return join(this.path, former);
  }

  /** Takes a swap back; the data that had come are swept away at the next start. */
  swapBack(former: string, unique: string): void {
    const name = basename(former);
    this.#exchange(name, `making-${unique}`, former);
  }

  /** Two renames, with a note of the folder that takes the place of the data if the second does not come about. */
  #exchange(fallback: string, out: string, into: string): void {
    writeWhole(this.#swapNote, `${JSON.stringify({ fallback })}\n`, "durable");
    renameSync(this.data, join(this.path, out));
    renameSync(into, this.data);
    sync(this.path);
    rmSync(this.#swapNote);
    sync(this.path);
  }

  #settleSwap(): void {
    const text = readIfThere(this.#swapNote);
    if (text === undefined) return;
    const { fallback } = JSON.parse(text) as { readonly fallback: string };
    if (!this.hasData()) renameSync(join(this.path, fallback), this.data);
    sync(this.path);
    rmSync(this.#swapNote);
  }

  #free(name: string): string {
    const names = readdirSync(this.path);
    const numbered = (count: number): string => (count === 0 ? name : `${name}.${count}`);
    let count = 0;
    while (names.includes(numbered(count))) count++;
    return numbered(count);
  }

  get #settings(): string {
    return join(this.path, "server.json");
  }

  get #swapNote(): string {
    return join(this.path, "swap.json");
  }
}

/**
 * Nobody else may look into the folders. Where root has to run a server as another account, that account must pass through them;
 * what is in them is closed by itself.
 */
export function folderMode(): number {
  return process.getuid?.() === 0 ? 0o711 : 0o700;
}

const resourceName = /^[a-z0-9][a-z0-9_-]{0,62}$/i;

/** Names of the resources that have a folder. */
export function resourceNames(directory: string): readonly string[] {
  try {
    return readdirSync(directory).filter((name) => resourceName.test(name));
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function nameInvalid(resource: string): Problem {
  return new Problem({
    code: "name-invalid",
    what: `\`${resource}\` cannot be the name of a resource that Douze runs`,
    why: "its data are kept in a folder of that name: letters, digits, `-` and `_`, at most 63",
    fix: "give it another name under `resources:` in douze.yaml",
  });
}
