import { externalFlaw, externalValue } from "../model/external-value.ts";
import type { Instant, ReleaseVersion } from "../model/ids.ts";
import type { Inventory } from "../model/inventory.ts";
import type { ConfigDeclaration, Manifest } from "../model/manifest.ts";
import { Problem } from "../model/problem.ts";
import type { ConfigLayer, FrozenValue, Override, Release } from "../model/release.ts";
import { typeFlaw } from "../model/value.ts";
import { isReserved, looksSecret, variableFlaw } from "../model/variable.ts";

/** The layers of config, and who asks. */
export interface ConfigIn {
  readonly manifest: Manifest;
  readonly inventory: Inventory;
  /** `.env`, in development: just below the inventory. */
  readonly envFile?: Readonly<Record<string, string>>;
  /** Of `generate: secret`. */
  readonly generated: Readonly<Record<string, string>>;
  readonly overrides: Readonly<Record<string, Override>>;
  readonly flags: Readonly<Record<string, string>>;
  /** Unsealed; values that stay keep their stamp. */
  readonly previous?: Release;
  readonly version: ReleaseVersion;
  readonly by: string;
  readonly at: Instant;
}

/** One layer's say on a key. */
export interface LayerValue {
  readonly from: ConfigLayer;
  readonly value: string;
  /** In words: `douze.yaml`, `.env`, `inventory/production.yaml`. */
  readonly where: string;
}

/** What `.env` holds and an app does not get from it. */
export interface IgnoredValue {
  readonly key: string;
  readonly where: string;
  /** In words. */
  readonly why: string;
}

/**
 * Freezes config. Precedence, lowest first: the manifest's default, generated secrets, `.env`, the inventory, the ledger, flags.
 *
 * @returns with what was left out of `.env`, a file that other tools read too, and that may hold what the platform sets itself
 * @throws Problem config-missing - required keys that no layer has, all of them by name
 * @throws Problem config-invalid - values that are not of their declared type, all of them by name and never by value
 */
export function resolveConfig(input: ConfigIn): {
  readonly config: Record<string, FrozenValue>;
  readonly ignored: readonly IgnoredValue[];
} {
  const config: Record<string, FrozenValue> = {};
  const missing: string[] = [];
  const wrong: string[] = [];
  const ignored: IgnoredValue[] = [];
  for (const key of allKeys(input)) {
    const declared = own(input.manifest.config, key);
    const [winner] = layersOf(input, key);
    if (!winner) {
      if (declared?.required) missing.push(key);
      continue;
    }
    const why = winner.where === envFileName ? foreign(input, key) : undefined;
    if (why) {
      ignored.push({ key, where: winner.where, why });
      continue;
    }
    if (!declared && isUrlOfAttachment(input.inventory, key)) continue;
    const flaw = flawOf(input, key, winner, declared);
    if (flaw) wrong.push(`${key} (${winner.where}) should be ${flaw}`);
    else config[key] = stamped(input, key, winner, declared);
  }
  const { environment } = input.inventory;
  if (missing.length > 0) throw missingKeys(missing, input.manifest, environment);
  if (wrong.length > 0) throw invalidKeys(wrong);
  return { config, ignored };
}

/** Every layer that has the key, the winner first. */
export function layersOf({ manifest, inventory, envFile, generated, overrides, flags }: ConfigIn, key: string): readonly LayerValue[] {
  const file = `inventory/${inventory.environment}.yaml`;
  const source = manifest.source === "Procfile" ? "app.json" : "douze.yaml";
  const layers: (LayerValue | undefined)[] = [
    layer("flag", own(flags, key), "a flag of this release"),
    layer("ledger", own(overrides, key)?.value, "douze config set"),
    layer("inventory", own(inventory.secrets, key), `${file}, secrets`),
    layer("inventory", own(inventory.config, key), file),
    layer("inventory", envFile && own(envFile, key), envFileName),
    layer("generated", own(generated, key), "made at the first release"),
    layer("manifest", own(manifest.config, key)?.default, source),
  ];
  return layers.filter((each) => each !== undefined);
}

/**
 * Whether a key's value must never be shown: it is declared so, or stands among the inventory's secrets. What is not declared at all
 * is taken for a secret when it looks like one.
 */
export function isSecret(key: string, declared: ConfigDeclaration | undefined, inventory: Inventory, value?: string): boolean {
  if (Object.hasOwn(inventory.secrets, key)) return true;
  return declared ? declared.secret : looksSecret(key, value);
}

const envFileName = ".env";

/** A table answers for its own names alone, not for those that every object has. */
function own<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

function layer(from: ConfigLayer, value: string | undefined, where: string): LayerValue | undefined {
  return value === undefined ? undefined : { from, value, where };
}

function allKeys({ manifest, inventory, envFile, generated, overrides, flags }: ConfigIn): readonly string[] {
  const layers = [manifest.config, inventory.config, inventory.secrets, envFile ?? {}, generated, overrides, flags];
  return [...new Set(layers.flatMap((each) => Object.keys(each)))].sort();
}

/** Why a value of `.env` is not the app's; nothing when it is. */
function foreign({ manifest }: ConfigIn, key: string): string | undefined {
  if (isReserved(key)) return "the platform sets it itself";
  const resource = resourceOf(manifest, key);
  return resource === undefined ? undefined : `the resource \`${resource}\` gives it`;
}

function resourceOf({ resources }: Manifest, key: string): string | undefined {
  return Object.entries(resources).find(([, { as }]) => as === key)?.[0];
}

/** A secret that is there for an attachment reaches the app as the attachment's variable, and as nothing else. */
function isUrlOfAttachment({ attachments }: Inventory, key: string): boolean {
  return Object.values(attachments).some((each) => each.kind === "url" && each.secret === key);
}

function flawOf(
  { manifest, inventory }: ConfigIn,
  key: string,
  winner: LayerValue,
  declared: ConfigDeclaration | undefined,
): string | undefined {
  const name = variableFlaw(key);
  if (name) return name;
  const resource = resourceOf(manifest, key);
  if (resource !== undefined) return `attached: it is the variable of the resource \`${resource}\` (\`douze attach ${resource} <url>\`)`;
  if (declared?.live && Object.hasOwn(inventory.secrets, key)) return "under `config:`: it is declared live, and live keys lie in files";
  if (inventory.target.kind === "kubernetes" && inventory.target.externalSecrets) {
    const flaw = externalFlaw(winner.value);
    if (flaw !== undefined) return flaw;
    // What the cluster will fetch cannot be looked at here.
    if (externalValue(winner.value)) return declared?.live ? "here: it is declared live, and a store is not asked again" : undefined;
  }
  return typeFlaw(declared ?? { type: "string" }, winner.value);
}

function stamped(
  { overrides, previous, inventory, version, by, at }: ConfigIn,
  key: string,
  { from, value }: LayerValue,
  declared: ConfigDeclaration | undefined,
): FrozenValue {
  const kind = { value, secret: isSecret(key, declared, inventory, value), live: declared?.live ?? false, from };
  const override = from === "ledger" ? own(overrides, key) : undefined;
  if (override) return { ...kind, since: override.since, by: override.by, at: override.at };
  const before = previous && own(previous.config, key);
  if (before && before.from === from && before.value === value) return { ...kind, since: before.since, by: before.by, at: before.at };
  return { ...kind, since: version, by, at };
}

function missingKeys(keys: readonly string[], manifest: Manifest, environment: string): Problem {
  const described = keys.map((key) => {
    const text = manifest.config[key]?.description;
    return text ? `${key} (${text})` : key;
  });
  const secrets = keys.filter((key) => manifest.config[key]?.secret);
  const open = keys.filter((key) => !manifest.config[key]?.secret);
  const where = environment === "development" ? "`.env`, inventory/development.yaml" : `inventory/${environment}.yaml`;
  const ways = [
    ...(open.length > 0 ? [`put ${open.join(", ")} into ${where} under \`config:\``] : []),
    ...(secrets.length > 0 ? [`\`douze secrets set ${secrets.map((key) => `${key}=…`).join(" ")} --env ${environment}\``] : []),
    `once there is a release: \`douze config set ${keys.map((key) => `${key}=…`).join(" ")} --env ${environment}\``,
  ];
  return new Problem({
    code: "config-missing",
    what: keys.length === 1 ? `config is missing a required value: ${keys[0]}` : `config is missing ${keys.length} required values`,
    why: `the manifest requires ${described.join(", ")}`,
    fix: ways.join("; "),
  });
}

function invalidKeys(wrong: readonly string[]): Problem {
  return new Problem({
    code: "config-invalid",
    what:
      wrong.length === 1 ? "a config value is not of its declared type" : `${wrong.length} config values are not of their declared types`,
    why: wrong.join("; "),
    fix: "set a fitting value, or change the declaration under `config:` in the manifest",
  });
}
