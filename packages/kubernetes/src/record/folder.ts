import { mkdir, rm, rmdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { textOf, writeWhole } from "@douze/engine";
import type { Shelf } from "../driver/repository.ts";
import type { Files } from "../plan/layout/files.ts";
import { emptyRepository, type RepositoryState, readRepositoryState } from "../plan/repository-state.ts";

/** Files of a release in a folder, beside those of people: only what was written from here is ever changed or removed. */
export class Folder implements Shelf {
  readonly #directory: string;
  #state: RepositoryState;

  private constructor(directory: string, state: RepositoryState) {
    this.#directory = directory;
    this.#state = state;
  }

  /** @throws Problem ledger-unreadable */
  static async open(directory: string): Promise<Folder> {
    const file = stateFile(directory);
    const text = await textOf(file);
    return new Folder(directory, text === undefined ? emptyRepository : readRepositoryState(text, file));
  }

  get state(): RepositoryState {
    return this.#state;
  }

  async texts(names: readonly string[]): Promise<Files> {
    const wanted = this.#state.files.filter((path) => names.includes(basename(path)));
    const all = await Promise.all(wanted.map(async (path) => [basename(path), await textOf(join(this.#directory, path))] as const));
    return new Map(all.flatMap(([name, text]) => (text === undefined ? [] : [[name, text]])));
  }

  async write(files: Files | undefined, state: Omit<RepositoryState, "files">): Promise<void> {
    if (files) {
      // Until they are all there, each that is begun counts as written from here.
      await this.#note({ ...this.#state, files: [...new Set([...this.#state.files, ...files.keys()])].sort() });
      for (const [path, text] of files) await this.#put(path, text);
      for (const path of this.#state.files.filter((each) => !files.has(each))) await this.#remove(path);
    }
    await this.#note({ ...state, files: files ? [...files.keys()] : this.#state.files });
  }

  async #put(path: string, text: string): Promise<void> {
    const file = join(this.#directory, path);
    if ((await textOf(file)) === text) return;
    await mkdir(dirname(file), { recursive: true });
    await writeWhole(file, text, 0o644);
  }

  async #remove(path: string): Promise<void> {
    await rm(join(this.#directory, path), { force: true });
    await rmdir(join(this.#directory, dirname(path))).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOTEMPTY" && error.code !== "ENOENT" && error.code !== "EEXIST") throw error;
    });
  }

  async #note(state: RepositoryState): Promise<void> {
    const text = `${JSON.stringify(state, undefined, 2)}\n`;
    const file = stateFile(this.#directory);
    if ((await textOf(file)) !== text) {
      await mkdir(dirname(file), { recursive: true });
      await writeWhole(file, text, 0o644);
    }
    this.#state = state;
  }
}

/** Where the releases of a folder are written down. */
export function ledgerIn(directory: string): string {
  return join(directory, "ledger");
}

function stateFile(directory: string): string {
  return join(ledgerIn(directory), "state.json");
}
