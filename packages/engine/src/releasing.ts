import { randomBytes } from "node:crypto";
import { build as buildCodebase } from "@douze/build";
import {
  type Amendment,
  amended,
  type Build,
  type Instant,
  Problem,
  type Release,
  type ReleaseReason,
  type ReleaseVersion,
  type RunName,
  rollbackTarget,
  versionName,
} from "@douze/core";
import { checkResources } from "./admission.ts";
import type { AttachmentChange } from "./attachments.ts";
import { changedKeys, draftRelease, rollbackRelease, sameRelease } from "./draft.ts";
import { baseOf, currentOf } from "./history.ts";
import type { Home } from "./home.ts";
import { unknownRelease } from "./ledger.ts";
import type { ConfigChange, ConfigChangeView, DeployRequest, OnProgress } from "./operations.ts";
import { followRelease } from "./progress.ts";
import type { ReleaseView } from "./view.ts";
import { releaseView } from "./views.ts";

/** Builds what is asked for, freezes it and sees it through. */
export async function deployRelease(home: Home, request: DeployRequest, onProgress: OnProgress): Promise<ReleaseView> {
  const build = await obtainBuild(home, request, onProgress);
  const { promotedFrom } = request;
  const reason: ReleaseReason = promotedFrom
    ? { kind: "promote", from: promotedFrom.environment, version: promotedFrom.version }
    : { kind: "deploy" };
  const code = build.source.commit?.slice(0, 7) ?? build.digest.slice(7, 14);
  const description = promotedFrom
    ? `promote ${promotedFrom.environment} ${versionName(promotedFrom.version)}`
    : `deploy ${code}${build.source.dirty ? " with uncommitted changes" : ""}`;
  const draft = await draftFrom(home, { build, reason, description, by: request.by, ...(request.flags && { flags: request.flags }) });
  const base = await unsealedBase(home);
  if (request.onlyIfChanged && base && sameRelease(draft, base)) {
    onProgress({ stage: "release", text: `${versionName(base.version)} is up to date`, release: base.version });
    return await settle(home, base.version, onProgress);
  }
  return await release(home, draft, onProgress);
}

/** Live keys alone are swapped where they lie; any other key makes a release. */
export async function changeConfig(home: Home, request: ConfigChange, onProgress: OnProgress): Promise<ConfigChangeView> {
  const base = await neededBase(home);
  const build = await buildOf(home, base);
  const names = [...Object.keys(request.set).map((key) => `set ${key}`), ...request.unset.map((key) => `unset ${key}`)];
  const reason: ReleaseReason = { kind: "config", set: Object.keys(request.set), unset: request.unset };
  const draft = await draftFrom(home, {
    build,
    reason,
    description: names.join(", "),
    by: request.by,
    set: request.set,
    unset: request.unset,
  });
  const changed = changedKeys(base.config, draft.config);
  const isLive = (key: string): boolean => (draft.config[key] ?? base.config[key])?.live === true;
  if (changed.length > 0 && changed.every(isLive)) {
    await changeLive(home, base, draft, [...Object.keys(request.set), ...request.unset]);
    return { live: changed };
  }
  if (changed.length === 0 && JSON.stringify(base.overrides) === JSON.stringify(draft.overrides)) return { live: [] };
  return { live: [], release: await release(home, draft, onProgress) };
}

export async function changeAttachment(home: Home, change: AttachmentChange, by: string, onProgress: OnProgress): Promise<ReleaseView> {
  const base = await neededBase(home);
  const build = await buildOf(home, base);
  const { kind, resource } = change;
  const draft = await draftFrom(home, { build, reason: { kind, resource }, description: `${kind} ${resource}`, by, attachment: change });
  return await release(home, draft, onProgress);
}

/** @throws Problem nothing-to-roll-back-to */
export async function rollBack(home: Home, asked: ReleaseVersion | undefined, by: string, onProgress: OnProgress): Promise<ReleaseView> {
  const target = await unsealed(home, targetOf(home, asked));
  await home.openBuild(target.build);
  return await release(home, rollbackRelease(target, home.ledger.next(), by, home.clock()), onProgress);
}

export function targetOf(home: Home, asked: ReleaseVersion | undefined): ReleaseVersion {
  const past = home.ledger.records().map(({ release: { version, reason }, outcome }) => ({ version, reason, ...(outcome && { outcome }) }));
  return rollbackTarget(past, asked);
}

/** A release with its secrets, as its amendments left it. */
export async function unsealed(home: Home, version: ReleaseVersion): Promise<Release> {
  const record = home.ledger.get(version);
  if (!record) throw unknownRelease(version);
  return amended(await home.ledger.unsealed(version), record.amendments);
}

/** The same tree may have come from several commits; a release keeps the one it was made from. */
async function buildOf(home: Home, base: Release): Promise<Build> {
  const { build } = await home.openBuild(base.build);
  return { ...build, source: base.source };
}

async function unsealedBase(home: Home): Promise<Release | undefined> {
  const base = baseOf(home.ledger.records());
  return base && (await unsealed(home, base.release.version));
}

async function neededBase(home: Home): Promise<Release> {
  const base = await unsealedBase(home);
  if (base) return base;
  throw new Problem({
    code: "no-release",
    what: `${home.app} has no release in ${home.environment} yet`,
    why: "config and attachments are changed within a release, and the first one comes with the first deploy",
    fix: `put the values into inventory/${home.environment}.yaml (secrets: \`douze secrets set\`), then \`douze deploy\` or \`douze up\``,
  });
}

interface DraftChange {
  readonly build: Build;
  readonly reason: ReleaseReason;
  readonly description: string;
  readonly by: string;
  readonly set?: Readonly<Record<string, string>>;
  readonly unset?: readonly string[];
  readonly flags?: Readonly<Record<string, string>>;
  readonly attachment?: AttachmentChange;
}

async function draftFrom(home: Home, change: DraftChange): Promise<Release> {
  const base = await unsealedBase(home);
  return draftRelease({
    ...change,
    app: home.app,
    environment: home.environment,
    files: await home.inventory(),
    provides: (type) => home.provider.provides(type),
    secret: () => randomBytes(32).toString("hex"),
    version: home.ledger.next(),
    at: home.clock(),
    ...(base && { base }),
  });
}

async function obtainBuild(home: Home, request: DeployRequest, onProgress: OnProgress): Promise<Build> {
  if (request.build) return (await home.openBuild(request.build)).build;
  const { build, tree, reused } = await buildCodebase({
    directory: home.directory,
    workingTree: request.workingTree ?? false,
    container: home.ship !== undefined,
    store: home.paths.builds,
    cache: home.paths.cache,
    onProgress: ({ kind, text }) => onProgress({ stage: kind === "stage" ? "build" : "output", text }),
    signal: home.stopping,
    path: home.path,
    home: home.userHome,
    ...(request.ref !== undefined && { ref: request.ref }),
  });
  onProgress({ stage: "build", text: `${reused ? "reused" : "built"} ${build.digest.slice(0, 19)}` });
  await home.ship?.({ build, tree }, onProgress);
  return build;
}

/** Nothing is recorded before the resources answer. */
async function release(home: Home, draft: Release, onProgress: OnProgress): Promise<ReleaseView> {
  if (home.running) await checkResources(home, draft, onProgress);
  await home.ledger.append(draft);
  onProgress({ stage: "release", text: `${versionName(draft.version)}: ${draft.description}`, release: draft.version });
  return await settle(home, draft.version, onProgress);
}

/**
 * Waits until requests go to the release, or until it was given up.
 *
 * @throws Problem release-failed - with the last lines of the process that failed
 */
async function settle(home: Home, version: ReleaseVersion, onProgress: OnProgress): Promise<ReleaseView> {
  const { running, ledger } = home;
  if (running) {
    running.loop.look();
    await followRelease(running, version, onProgress, () => ledger.get(version)?.outcome);
  }
  const record = ledger.get(version);
  if (!record) throw unknownRelease(version);
  if (record.outcome?.kind === "failed") throw await failed(home, version, record.outcome.why, record.outcome.step);
  return releaseView(record, ledger.records());
}

async function failed(home: Home, version: ReleaseVersion, why: string, step: string): Promise<Problem> {
  const current = currentOf(home.ledger.records());
  const task = step === "task" ? (`release.${version}` as RunName) : undefined;
  const process = task ?? /^([A-Za-z0-9_-]+\.\d+)/.exec(why)?.[1];
  const lines: string[] = [];
  if (process && home.running) {
    const query = { processes: [process], last: 20, since: (home.ledger.get(version)?.release.createdAt ?? 0) as Instant };
    for await (const line of home.running.driver.logs(query, home.stopping)) lines.push(`  ${process} | ${line.text}`);
  }
  const serving = current ? `${versionName(current.release.version)} keeps serving` : "nothing was serving before";
  return new Problem({
    code: "release-failed",
    what: `${versionName(version)} was given up: ${serving}`,
    why: [why, ...lines].join("\n"),
    fix: process && step === "boot" ? `mend it and deploy again; \`douze why ${process}\` shows more` : "mend it and deploy again",
  });
}

async function changeLive(home: Home, base: Release, draft: Release, keys: readonly string[]): Promise<void> {
  const at = home.clock();
  // The draft's own number is never written: the change belongs to the release it was made in.
  const pick = <T extends { readonly since: ReleaseVersion; readonly at: Instant }>(
    values: Readonly<Record<string, T>>,
  ): Record<string, T | null> =>
    Object.fromEntries(
      keys.map((key) => {
        const value = values[key];
        if (!value) return [key, null];
        return [key, value.since === draft.version ? { ...value, since: base.version, at } : value];
      }),
    );
  const amendment: Amendment = {
    kind: "live",
    config: pick(draft.config),
    overrides: pick(draft.overrides),
    by: draft.by,
    at,
  };
  await home.ledger.amend(base.version, amendment);
  const after = amended(base, [amendment]);
  await home.running?.driver.setLive(base.version, liveValues(after));
}

/** The values of the live keys. */
export function liveValues(release: Release): Record<string, string> {
  return Object.fromEntries(Object.entries(release.config).flatMap(([key, { live, value }]) => (live ? [[key, value]] : [])));
}
