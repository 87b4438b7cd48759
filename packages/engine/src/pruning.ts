import { readdir } from "node:fs/promises";
import { dirname } from "node:path";
import { pruneBuilds } from "@douze/build";
import { type Digest, type EnvironmentName, environmentName } from "@douze/core";
import { kept } from "./history.ts";
import type { Home } from "./home.ts";
import { Ledger, type LedgerRecord } from "./ledger.ts";
import { ledgerKey } from "./ledger-key.ts";
import { fileStore } from "./ledger-store.ts";
import { statePaths } from "./state.ts";

/** How many good releases of each environment keep their builds, for a rollback. The records of all releases are kept. */
const goodReleases = 5;

/** Deletes the builds that no environment of this state folder needs any more. */
export async function pruneOldBuilds(home: Home): Promise<void> {
  const names = await readdir(dirname(home.paths.environment));
  const needed = new Set<Digest>();
  for (const name of names) {
    const records = name === home.environment ? home.ledger.records() : await recordsOf(home, environmentName(name));
    const versions = kept(records, goodReleases);
    for (const { release } of records) if (versions.has(release.version)) needed.add(release.build);
  }
  await pruneBuilds(home.paths.builds, needed);
}

async function recordsOf(home: Home, name: EnvironmentName): Promise<readonly LedgerRecord[]> {
  const other = await Ledger.open(fileStore(statePaths(home.paths.root, name).ledger), ledgerKey(home.paths.key));
  return other.records();
}
