import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { textOf, writeWhole } from "./files.ts";

/** Where the entries of a ledger lie: each a text with a name, written once and never changed. */
export interface LedgerStore {
  /** All entries, by name: `v12.json`. */
  read(): Promise<ReadonlyMap<string, string>>;
  /** @returns nothing where there is no such entry */
  entry(name: string): Promise<string | undefined>;
  /** Returns when it will outlast a crash. */
  write(name: string, text: string): Promise<void>;
  /** How messages call an entry, such as its path. */
  place(name: string): string;
}

/** Entries as plain files of one folder. */
export function fileStore(directory: string): LedgerStore {
  const place = (name: string): string => join(directory, name);
  return {
    place,
    read: async () => {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const names = (await readdir(directory)).filter((name) => name.endsWith(".json") && !name.startsWith("."));
      return new Map(await Promise.all(names.map(async (name) => [name, await readFile(place(name), "utf8")] as const)));
    },
    entry: (name) => textOf(place(name)),
    write: (name, text) => writeWhole(place(name), text),
  };
}
