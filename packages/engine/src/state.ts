import { join } from "node:path";
import type { EnvironmentName } from "@douze/core";

/** Where things are kept: one folder per app, by default `.douze` in it, and in it one per environment. */
export interface StatePaths {
  readonly root: string;
  /** Builds, shared by all environments: that is what makes a promotion need no rebuild. */
  readonly builds: string;
  readonly cache: string;
  /** The age key that seals what is secret in the ledgers of this folder. */
  readonly key: string;
  /** This environment's own folder. */
  readonly environment: string;
  readonly ledger: string;
  readonly cron: string;
  readonly runs: string;
  readonly resources: string;
  readonly backups: string;
  readonly maintenance: string;
}

/** Pure: makes no folder. */
export function statePaths(root: string, environment: EnvironmentName): StatePaths {
  const own = join(root, "environments", environment);
  return {
    root,
    builds: join(root, "builds"),
    cache: join(root, "cache"),
    key: join(root, "ledger.key"),
    environment: own,
    ledger: join(own, "ledger"),
    cron: join(own, "cron"),
    runs: join(own, "runs"),
    resources: join(own, "resources"),
    backups: join(own, "backups"),
    maintenance: join(own, "maintenance.json"),
  };
}
