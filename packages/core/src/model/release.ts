import type { Source } from "./build.ts";
import type { Formation } from "./formation.ts";
import type { AppName, Digest, EnvironmentName, Instant, ReleaseVersion } from "./ids.ts";
import type { Manifest, ResourceType } from "./manifest.ts";

/** Build + config + attached resources: immutable and numbered. */
export interface Release {
  readonly version: ReleaseVersion;
  readonly app: AppName;
  readonly environment: EnvironmentName;
  readonly build: Digest;
  readonly source: Source;
  readonly manifest: Manifest;
  /** Resolved and frozen, by key. */
  readonly config: Readonly<Record<string, FrozenValue>>;
  /** The ledger's own layer, as `douze config set` left it; carried from release to release. */
  readonly overrides: Readonly<Record<string, Override>>;
  /** By name of the resource. */
  readonly attachments: Readonly<Record<string, FrozenAttachment>>;
  /** Resources that `douze detach` took away; neither the inventory nor a default brings them back. */
  readonly detached: readonly string[];
  readonly formation: Formation;
  /** The ledger's own layer of it, as `douze scale` left it; carried from release to release. */
  readonly scaled: Formation;
  readonly createdAt: Instant;
  /** Who made it: `user@host`. */
  readonly by: string;
  readonly reason: ReleaseReason;
  /** One line for people: `deploy 4f2a91c`, `set GREETING`, `rollback to v11`. Never a value. */
  readonly description: string;
}

export type ReleaseReason =
  | { readonly kind: "deploy" }
  | { readonly kind: "config"; readonly set: readonly string[]; readonly unset: readonly string[] }
  | { readonly kind: "attach"; readonly resource: string }
  | { readonly kind: "detach"; readonly resource: string }
  | { readonly kind: "rollback"; readonly to: ReleaseVersion }
  | { readonly kind: "promote"; readonly from: EnvironmentName; readonly version: ReleaseVersion };

/** Which layer a value came from; later ones win. `generated` is a secret made at the first release. */
export type ConfigLayer = "manifest" | "generated" | "inventory" | "ledger" | "flag";

export interface FrozenValue {
  readonly value: string;
  readonly secret: boolean;
  readonly live: boolean;
  readonly from: ConfigLayer;
  /** The release that first had this value from this layer. */
  readonly since: ReleaseVersion;
  readonly by: string;
  readonly at: Instant;
}

export interface Override {
  readonly value: string;
  readonly since: ReleaseVersion;
  readonly by: string;
  readonly at: Instant;
}

export interface FrozenAttachment {
  readonly type: ResourceType;
  /** Name of the variable. */
  readonly as: string;
  readonly kind: "embedded" | "url";
  /** Always treated as a secret: it carries a password. */
  readonly url: string;
  /** Host and port of it, which may be shown; empty for `embedded`, whose place is known once it runs. */
  readonly address: string;
  readonly from: "inventory" | "ledger" | "default";
  readonly since: ReleaseVersion;
  readonly by: string;
  readonly at: Instant;
}

/** What became of a release; written once, beside it. A release without one is still on its way. */
export type ReleaseOutcome =
  | { readonly kind: "succeeded"; readonly at: Instant }
  | { readonly kind: "failed"; readonly at: Instant; readonly step: "task" | "resources" | "boot" | "superseded"; readonly why: string };

/**
 * A change within a release, which makes no new one. Numbered within its release, append-only. `null` means that the key has
 * no value any more.
 */
export type Amendment =
  | { readonly kind: "scale"; readonly scaled: Formation; readonly by: string; readonly at: Instant }
  | {
      readonly kind: "live";
      readonly config: Readonly<Record<string, FrozenValue | null>>;
      readonly overrides: Readonly<Record<string, Override | null>>;
      readonly by: string;
      readonly at: Instant;
    };

/** A release as its amendments left it: what a rollback to it restores. */
export function amended(release: Release, amendments: readonly Amendment[]): Release {
  let { config, overrides, formation, scaled } = release;
  for (const amendment of amendments) {
    if (amendment.kind === "scale") {
      formation = { ...formation, ...amendment.scaled };
      scaled = { ...scaled, ...amendment.scaled };
    } else {
      config = patched(config, amendment.config);
      overrides = patched(overrides, amendment.overrides);
    }
  }
  return { ...release, config, overrides, formation, scaled };
}

function patched<T>(values: Readonly<Record<string, T>>, changes: Readonly<Record<string, T | null>>): Record<string, T> {
  const result: Record<string, T> = { ...values };
  for (const [key, value] of Object.entries(changes)) {
    if (value === null) delete result[key];
    else result[key] = value;
  }
  return result;
}
