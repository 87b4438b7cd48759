import { randomUUID } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm, unlink } from "node:fs/promises";
import { join } from "node:path";
import { isOfProcess } from "@douze/core";
import type { CrashBundle } from "@douze/engine";
import { crashUnreadable, writeFailed } from "./troubles.ts";

const bundlesKept = 50;
const name = /^\d{15}-.*\.json$/;

/** What is kept of the last abnormal ends: one JSON file each in `crashes/` beside the log, so that it outlives the log's own bounds. */
export class Crashes {
  readonly #directory: string;

  /** @param directory - of the log store */
  constructor(directory: string) {
    this.#directory = join(directory, "crashes");
  }

  /**
   * Keeps a bundle, and deletes the oldest over fifty.
   *
   * @throws Problem log-write-failed - it could not be written; those that were kept are
   */
  async save(bundle: CrashBundle): Promise<void> {
    // The time leads, so that the names sort as the crashes happened.
    const file = `${String(Math.trunc(bundle.at)).padStart(15, "0")}-${fileSafe(bundle.process)}-${fileSafe(bundle.id)}.json`;
    try {
      await mkdir(this.#directory, { recursive: true, mode: 0o700 });
      await this.#write(file, `${JSON.stringify(bundle, undefined, 2)}\n`);
      for (const old of (await this.#files()).slice(bundlesKept)) await unlink(join(this.#directory, old));
    } catch (error) {
      throw writeFailed(this.#directory, error, `what is known about the end of ${bundle.process} cannot be kept`);
    }
  }

  /**
   * Newest first. `web` means every `web.N`. A file that cannot be read hides none of the others: it is passed over, and
   * told only when there is nothing else to show.
   *
   * @throws Problem crash-unreadable - there are bundles, and not one can be read
   */
  async list(process?: string): Promise<readonly CrashBundle[]> {
    const bundles: CrashBundle[] = [];
    let unreadable: { readonly path: string; readonly cause: unknown } | undefined;
    for (const file of await this.#files()) {
      const path = join(this.#directory, file);
      try {
        bundles.push(crashBundle(await readFile(path, "utf8")));
      } catch (cause) {
        unreadable ??= { path, cause };
      }
    }
    if (bundles.length === 0 && unreadable !== undefined) throw crashUnreadable(unreadable.path, unreadable.cause);
    return process === undefined ? bundles : bundles.filter((bundle) => isOfProcess(bundle.process, process));
  }

  async #write(file: string, text: string): Promise<void> {
    const aside = join(this.#directory, `${randomUUID()}.tmp`);
    try {
      await using handle = await open(aside, "wx", 0o600);
      await handle.writeFile(text);
      await handle.sync();
      await rename(aside, join(this.#directory, file));
    } catch (error) {
      await rm(aside, { force: true });
      throw error;
    }
    await using folder = await open(this.#directory, "r");
    await folder.sync();
  }

  /** Newest first. */
  async #files(): Promise<string[]> {
    try {
      return (await readdir(this.#directory))
        .filter((file) => name.test(file))
        .sort()
        .reverse();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw error;
    }
  }
}

function crashBundle(text: string): CrashBundle {
  const value: unknown = JSON.parse(text);
  if (!isCrashBundle(value)) throw new TypeError("it is no crash bundle");
  return value;
}

function isCrashBundle(value: unknown): value is CrashBundle {
  if (typeof value !== "object" || value === null) return false;
  const { id, process, release, at, startedAt, ending, command, restarts, lines } = value as Partial<Record<keyof CrashBundle, unknown>>;
  const texts = [id, process, ending, command].every((text) => typeof text === "string");
  const numbers = [release, at, startedAt, restarts].every((number) => typeof number === "number");
  return texts && numbers && Array.isArray(lines);
}

function fileSafe(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9._-]/g, "_").slice(0, 80);
}
