import { amended, type Release, type ReleaseVersion } from "@douze/core";
import type { LedgerRecord } from "./ledger.ts";

/** The last good release: what should serve. */
export function currentOf(records: readonly LedgerRecord[]): LedgerRecord | undefined {
  return records.findLast((record) => record.outcome?.kind === "succeeded");
}

/** The newest release, when nothing is known yet of what becomes of it. */
export function candidateOf(records: readonly LedgerRecord[]): LedgerRecord | undefined {
  const last = records.at(-1);
  return last && !last.outcome ? last : undefined;
}

/** Releases without an outcome that a newer one has overtaken: an engine was killed before it could say so. */
export function overtaken(records: readonly LedgerRecord[]): readonly LedgerRecord[] {
  return records.slice(0, -1).filter((record) => !record.outcome);
}

/** The release as it stands now, with what changed within it. Secret values are empty. */
export function standing(record: LedgerRecord): Release {
  return amended(record.release, record.amendments);
}

/** What the next release builds upon: the newest that has not failed, so that a waiting change is not lost to the next. */
export function baseOf(records: readonly LedgerRecord[]): LedgerRecord | undefined {
  return candidateOf(records) ?? currentOf(records);
}

/** Releases whose builds must stay: the current, those on their way, and the last good ones for a rollback. */
export function kept(records: readonly LedgerRecord[], good: number): ReadonlySet<ReleaseVersion> {
  const succeeded = records.filter((record) => record.outcome?.kind === "succeeded").slice(-good);
  const waiting = records.filter((record) => !record.outcome);
  return new Set([...succeeded, ...waiting].map((record) => record.release.version));
}
