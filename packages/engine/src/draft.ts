import {
  type AppName,
  type Build,
  type ConfigDeclaration,
  checkInventory,
  type EnvironmentName,
  type Formation,
  type FrozenAttachment,
  type Instant,
  type Inventory,
  type Manifest,
  type Override,
  type ProcessDeclaration,
  type ProcessType,
  type Release,
  type ReleaseReason,
  type ReleaseVersion,
  type ResourceType,
  resolveConfig,
  versionName,
} from "@douze/core";
import { type AttachmentChange, addressOf, wantedAttachments } from "./attachments.ts";
import type { InventoryFiles } from "./home.ts";

/** All that a release is made of. */
export interface DraftIn {
  readonly app: AppName;
  readonly environment: EnvironmentName;
  readonly build: Build;
  readonly files: InventoryFiles;
  /** The release this one builds upon, unsealed and with its amendments. */
  readonly base?: Release;
  readonly set?: Readonly<Record<string, string>>;
  readonly unset?: readonly string[];
  readonly flags?: Readonly<Record<string, string>>;
  readonly attachment?: AttachmentChange;
  readonly provides: (type: ResourceType) => boolean;
  /** Makes a secret of 64 hexadecimal digits. */
  readonly secret: () => string;
  readonly version: ReleaseVersion;
  readonly by: string;
  readonly at: Instant;
  readonly reason: ReleaseReason;
  readonly description: string;
}

/**
 * Freezes a release. Pure but for `secret`.
 *
 * @throws Problem inventory-invalid, config-missing, config-invalid, resource-missing - nothing is recorded then
 */
export function draftRelease(input: DraftIn): Release {
  const { build, base, version, by, at } = input;
  const { inventory, envFile } = input.files;
  const manifest = withBounds(build.manifest, inventory);
  const misfit = checkInventory(inventory, build.manifest);
  if (misfit) throw misfit;
  const overrides = changedOverrides(input);
  const { config } = resolveConfig({
    manifest,
    inventory,
    overrides,
    flags: input.flags ?? {},
    generated: generated(manifest, base, input.secret),
    version,
    by,
    at,
    ...(envFile && { envFile }),
    ...(base && { previous: base }),
  });
  const { attachments, detached } = wantedAttachments({
    manifest,
    inventory,
    environment: input.environment,
    provides: input.provides,
    version,
    by,
    at,
    ...(base && { previous: base }),
    ...(input.attachment && { change: input.attachment }),
  });
  const scaled = scaledFor(manifest, base?.scaled ?? {});
  return {
    version,
    app: input.app,
    environment: input.environment,
    build: build.digest,
    source: build.source,
    manifest,
    config,
    overrides,
    attachments: Object.fromEntries(
      attachments.map(({ resource, ...each }): [string, FrozenAttachment] => [
        resource,
        { ...each, url: each.url ?? "", address: addressOf(each.url ?? "") },
      ]),
    ),
    detached,
    formation: formationOf(manifest, inventory, scaled),
    scaled,
    createdAt: at,
    by,
    reason: input.reason,
    description: input.description,
  };
}

/** The target's build, config, attachments and formation, as its amendments left them, under a new number. */
export function rollbackRelease(target: Release, version: ReleaseVersion, by: string, at: Instant): Release {
  const to = target.version;
  return { ...target, version, by, createdAt: at, reason: { kind: "rollback", to }, description: `rollback to ${versionName(to)}` };
}

/** Whether a release would change nothing that a process, a request or a person could notice. */
export function sameRelease(a: Release, b: Release): boolean {
  const essence = (release: Release): string =>
    JSON.stringify([
      release.build,
      sorted(release.config, ({ value, secret, live }) => [value, secret, live]),
      sorted(release.attachments, ({ as, kind, url }) => [as, kind, url]),
      sorted(release.formation, (count) => count),
      sorted(release.manifest.processes, ({ autoscale }) => autoscale ?? null),
    ]);
  return essence(a) === essence(b);
}

/** The keys whose values differ. */
export function changedKeys(a: Release["config"], b: Release["config"]): readonly string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((key) => a[key]?.value !== b[key]?.value).sort();
}

function changedOverrides({ base, set = {}, unset = [], version, by, at }: DraftIn): Record<string, Override> {
  const kept = Object.entries(base?.overrides ?? {}).filter(([key]) => !unset.includes(key));
  const given = Object.entries(set).map(([key, value]): [string, Override] => {
    const before = base?.overrides[key];
    return [key, before?.value === value ? before : { value, since: version, by, at }];
  });
  return Object.fromEntries([...kept, ...given]);
}

function generated(manifest: Manifest, base: Release | undefined, secret: () => string): Record<string, string> {
  const keys = Object.entries(manifest.config).filter(([, declaration]: [string, ConfigDeclaration]) => declaration.generate === "secret");
  return Object.fromEntries(
    keys.map(([key]) => {
      const before = base?.config[key];
      return [key, before?.from === "generated" ? before.value : secret()];
    }),
  );
}

/** Precedence as for config: manifest, inventory, ledger. */
function formationOf(manifest: Manifest, inventory: Inventory, scaled: Formation): Formation {
  return Object.fromEntries(
    Object.entries(manifest.processes).map(([name, { scale, autoscale }]) => {
      const type = name as ProcessType;
      const first = autoscale ? Math.min(autoscale.max, Math.max(autoscale.min, scale)) : scale;
      return [type, scaled[type] ?? inventory.scale[type] ?? first];
    }),
  );
}

/** A number in the inventory holds there, and bounds are other bounds. */
function withBounds(manifest: Manifest, { scale, bounds }: Inventory): Manifest {
  const processes = Object.entries(manifest.processes).map(([name, { autoscale, ...rest }]): [string, ProcessDeclaration] => {
    const type = name as ProcessType;
    const kept = autoscale && scale[type] === undefined ? { ...autoscale, ...bounds[type] } : undefined;
    return [name, kept ? { ...rest, autoscale: kept } : rest];
  });
  return { ...manifest, processes: Object.fromEntries(processes) };
}

function scaledFor(manifest: Manifest, scaled: Formation): Formation {
  return Object.fromEntries(Object.entries(scaled).filter(([type]) => type in manifest.processes));
}

function sorted<V>(values: Readonly<Record<string, V>>, view: (value: V) => unknown): unknown[] {
  return Object.entries(values)
    .map(([key, value]) => [key, view(value)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}
