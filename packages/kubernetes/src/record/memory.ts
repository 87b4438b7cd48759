import { basename } from "node:path";
import type { LedgerStore } from "@douze/engine";
import type { Shelf } from "../driver/repository.ts";
import type { Files } from "../plan/layout/files.ts";
import { emptyRepository, type RepositoryState } from "../plan/repository-state.ts";

/** Files of a release that are only looked at. */
export class MemoryShelf implements Shelf {
  files: Files = new Map();
  state: RepositoryState = emptyRepository;

  async texts(names: readonly string[]): Promise<Files> {
    return new Map([...this.files].flatMap(([path, text]) => (names.includes(basename(path)) ? [[basename(path), text]] : [])));
  }

  async write(files: Files | undefined, state: Omit<RepositoryState, "files">): Promise<void> {
    if (files) this.files = files;
    this.state = { ...state, files: [...this.files.keys()] };
  }
}

/** A ledger that ends with the command. */
export function memoryStore(): LedgerStore {
  const entries = new Map<string, string>();
  return {
    read: async () => new Map(entries),
    entry: async (name) => entries.get(name),
    write: async (name, text) => void entries.set(name, text),
    place: (name) => name,
  };
}
