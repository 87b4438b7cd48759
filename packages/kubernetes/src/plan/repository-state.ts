import type { ReleaseVersion } from "@douze/core";
import * as z from "zod/mini";
import { keptReleases } from "./processes.ts";
import { noState, stateShape, stored, type TargetState } from "./state.ts";

/** What lies in a folder, and what it was made for. */
export interface RepositoryState {
  readonly target: TargetState;
  /** The release whose task was asked for last: it is among that one's files. */
  readonly task?: ReleaseVersion;
  /** Paths of all files that were written, so that no other one is ever removed. */
  readonly files: readonly string[];
  /** By number of a release, the names of the files of what it froze. */
  readonly frozen: Readonly<Record<string, readonly string[]>>;
}

export const emptyRepository: RepositoryState = { target: noState, files: [], frozen: {} };

const shape = z.object({
  target: stateShape,
  task: z.optional(z.number()),
  files: z.array(z.string()),
  frozen: z.record(z.string(), z.array(z.string())),
});

/** @throws Problem ledger-unreadable - somebody has changed it into something else */
export function readRepositoryState(text: string, place: string): RepositoryState {
  return stored<RepositoryState>(shape, text, {
    what: `${place} cannot be read`,
    why: "it is not what Douze wrote there",
    fix: `take it back from version control: \`git log -- ${place}\``,
  });
}

/**
 * Which releases froze what, once another one is laid out: as many are kept as the cluster keeps sets of pods.
 *
 * @param names - of the release's own frozen files
 */
export function withFrozen(
  { frozen }: RepositoryState,
  release: ReleaseVersion,
  names: readonly string[],
): Pick<RepositoryState, "frozen"> {
  const all: Record<string, readonly string[]> = { ...frozen, [release]: [...names].sort() };
  const latest = Object.entries(all).sort(([a], [b]) => Number(b) - Number(a));
  return { frozen: Object.fromEntries(latest.slice(0, keptReleases)) };
}

/** Names of files that releases froze, without those of the one that is laid out. */
export function keptNames(frozen: RepositoryState["frozen"], own: readonly string[]): readonly string[] {
  return [...new Set(Object.values(frozen).flat())].filter((name) => !own.includes(name)).sort();
}
