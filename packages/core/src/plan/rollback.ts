import { type ReleaseVersion, versionName } from "../model/ids.ts";
import { Problem } from "../model/problem.ts";
import type { ReleaseOutcome, ReleaseReason } from "../model/release.ts";

/** What the choice looks at. */
export interface PastRelease {
  readonly version: ReleaseVersion;
  readonly reason: ReleaseReason;
  readonly outcome?: ReleaseOutcome;
}

/**
 * The release to return to.
 *
 * With none named, the last good one before the current; where the current one is itself a rollback, the last good one before
 * the release it went back to, so that asking twice goes back twice and not to and fro.
 *
 * @throws Problem nothing-to-roll-back-to - no earlier release was good, or the named one is unknown, failed, or current
 */
export function rollbackTarget(history: readonly PastRelease[], asked?: ReleaseVersion): ReleaseVersion {
  const good = history.filter((release) => release.outcome?.kind === "succeeded").sort((a, b) => b.version - a.version);
  const current = good[0];
  if (!current) throw nowhere("no release was ever good", "`douze releases` shows what became of each");
  if (asked !== undefined) return named(history, current.version, asked);
  const from = origin(history, current);
  const target = good.find((release) => release.version < from);
  if (!target) throw nowhere(`no good release is older than ${versionName(from)}`, "name another one: `douze releases` lists them");
  return target.version;
}

/** The release whose contents the given one has: itself, or what it went back to. */
function origin(history: readonly PastRelease[], release: PastRelease): ReleaseVersion {
  if (release.reason.kind !== "rollback") return release.version;
  const { to } = release.reason;
  const target = history.find((each) => each.version === to);
  return target ? origin(history, target) : to;
}

function named(history: readonly PastRelease[], current: ReleaseVersion, asked: ReleaseVersion): ReleaseVersion {
  const name = versionName(asked);
  const release = history.find((each) => each.version === asked);
  const list = "`douze releases` lists them";
  if (!release) throw nowhere(`there is no release ${name}`, list);
  if (asked === current) throw nowhere(`${name} is the current release`, `to start its processes again: \`douze restart\``);
  if (release.outcome?.kind !== "succeeded") throw nowhere(`${name} was never good`, `name a release that was: ${list}`);
  return asked;
}

function nowhere(why: string, fix: string): Problem {
  return new Problem({ code: "nothing-to-roll-back-to", what: "there is nothing to roll back to", why, fix });
}
