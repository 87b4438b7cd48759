import type { Instant } from "../model/ids.ts";
import type { CronEntry } from "../model/manifest.ts";

/** What to do about one entry now. */
export type CronAction<Run extends string> =
  | { readonly do: "start"; readonly scheduledAt: Instant }
  /** End the run that still goes on, since a newer one takes its place. */
  | { readonly do: "end"; readonly run: Run }
  /** It was due while nobody looked. */
  | { readonly do: "missed"; readonly scheduledAt: Instant }
  /** It was due while the last run went on. */
  | { readonly do: "skipped"; readonly scheduledAt: Instant };

/** A run that is later than this by the time somebody looks counts as missed, in milliseconds. */
export const graceForLateRunMs = 30_000;

export interface CronIn<Run extends string> {
  readonly entry: Pick<CronEntry, "overlap">;
  /** Instants since the last one that is on record, oldest first, none of them after now. */
  readonly due: readonly Instant[];
  /** Runs of this entry that have not ended. */
  readonly running: readonly Run[];
  readonly now: Instant;
}

/** At most the newest due instant is run, and only when it is not late; each other one is put on record as missed. */
export function decideCron<Run extends string>({ entry, due, running, now }: CronIn<Run>): readonly CronAction<Run>[] {
  const newest = due.at(-1);
  if (newest === undefined) return [];
  const late = now - newest > graceForLateRunMs;
  const actions: CronAction<Run>[] = due.slice(0, -1).map((scheduledAt) => ({ do: "missed", scheduledAt }));
  if (late) return [...actions, { do: "missed", scheduledAt: newest }];
  if (running.length > 0 && entry.overlap === "forbid") return [...actions, { do: "skipped", scheduledAt: newest }];
  if (entry.overlap === "replace") actions.push(...running.map((run): CronAction<Run> => ({ do: "end", run })));
  return [...actions, { do: "start", scheduledAt: newest }];
}
