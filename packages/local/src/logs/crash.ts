import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { isOfProcess } from "@douze/core";
import type { CrashBundle } from "@douze/engine";
import { crashUnreadable, writeFailed } from "./troubles.ts";

const bundlesKept = 50;
const name = /^\d{15}-.*\.json$/;

interface Waiting {
  readonly bundle: CrashBundle;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** What is kept of the last abnormal ends: one JSON file each in `crashes/` beside the log, so that it outlives the log's own bounds. */
export class Crashes {
  readonly #directory: string;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;

  /** @param directory - of the log store */
  constructor(directory: string) {
    this.#directory = join(directory, "crashes");
  }

  /**
   * Keeps a bundle, and deletes the oldest over fifty. Those that come while others are written wait, and are written together: what
   * the newer ones among them would have deleted is not written at all.
   *
   * @throws Problem log-write-failed - it could not be written; those that were kept are
   */
  async save(bundle: CrashBundle): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ bundle, resolve, reject });
    this.#writing ??= this.#writeWaiting();
    await promise;
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

  async #writeWaiting(): Promise<void> {
    while (this.#waiting.length > 0) {
      const together = this.#waiting;
      this.#waiting = [];
      try {
        await this.#write(together.map(({ bundle }) => bundle));
        for (const { resolve } of together) resolve();
      } catch (error) {
        for (const { bundle, reject } of together)
          reject(writeFailed(this.#directory, error, `what is known about the end of ${bundle.process} cannot be kept`));
      }
    }
    this.#writing = undefined;
  }

  async #write(bundles: readonly CrashBundle[]): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const newest = bundles.toSorted((a, b) => b.at - a.at).slice(0, bundlesKept);
    // One after the other: what is short may be file descriptors.
    for (const bundle of newest) await this.#writeOne(fileOf(bundle), `${JSON.stringify(bundle, undefined, 2)}\n`);
    await using folder = await open(this.#directory, "r");
    await folder.sync();
    for (const old of (await this.#files()).slice(bundlesKept)) await rm(join(this.#directory, old), { force: true });
  }

  async #writeOne(file: string, text: string): Promise<void> {
    // Under a name that a repetition writes over: a kill leaves nothing that stays.
    const aside = join(this.#directory, `${file}.tmp`);
    try {
      await using handle = await open(aside, "w", 0o600);
      await handle.writeFile(text);
      await handle.sync();
      await rename(aside, join(this.#directory, file));
    } catch (error) {
      await rm(aside, { force: true });
      throw error;
    }
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

// The time leads, so that the names sort as the crashes happened.
function fileOf({ at, process, id }: CrashBundle): string {
  return `${String(Math.trunc(at)).padStart(15, "0")}-${fileSafe(process)}-${fileSafe(id)}.json`;
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
