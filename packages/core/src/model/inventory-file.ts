import * as z from "zod";
import { drainKeys, drains, drainsShape, type WrittenDrains } from "./drain.ts";
import type { EnvironmentName, ProcessType } from "./ids.ts";
import type { Attachment, Inventory, Target } from "./inventory.ts";
import { type Flaw, flawed, flaws } from "./issues.ts";
import type { Manifest } from "./manifest.ts";
import { nearest } from "./nearest.ts";
import { Problem } from "./problem.ts";
import { duration, size } from "./quantity.ts";
import { count, scalar } from "./scalar.ts";
import { type TargetFlaw, targetKeys, targetOf, targetShape, type WrittenTarget } from "./target.ts";
import { variableFlaw, variablePattern, variableWords } from "./variable.ts";
import { type YamlText, yamlText } from "./yaml-text.ts";

const day = 86_400_000;

const attachmentWords = "`embedded`, a URL, `{ url: … }` or `{ secret: KEY }`";
const attachmentKeys = z.strictObject(
  {
    url: z.string({ error: "a URL" }).optional(),
    secret: z.string({ error: "the name of a key under `secrets:`" }).optional().meta({ description: "The URL is the value of that key" }),
  },
  { error: attachmentWords },
);
const attachment = z.union([z.string(), attachmentKeys], { error: attachmentWords });
const logs = z.strictObject(
  {
    size: size("The store is kept below it. Default 256MiB").optional(),
    age: duration("Older lines are deleted. Default 7d", 3650 * day).optional(),
  },
  { error: "keys `size:` and `age:`" },
);

const scaleWords = "a whole number from 0 up to 1000, or `{ min: 2, max: 10 }`";
const bounds = z
  .strictObject({ min: count.min(1, { error: "at least 1" }), max: count.min(1, { error: "at least 1" }) }, { error: scaleWords })
  .refine(({ min, max }) => min <= max, { error: "`max:` that is at least `min:`" });
const variableKey = z.string().regex(variablePattern, { error: variableWords });

/** `inventory/<environment>.yaml` as it is written. */
export const inventoryShape: z.ZodObject = z
  .strictObject(
    {
      $schema: z.string().optional(),
      target: targetShape.optional(),
      config: z
        .record(variableKey, scalar, { error: "keys, such as `PAGE_SIZE: 20`" })
        .optional()
        .meta({ description: "Values over the manifest's defaults" }),
      scale: z
        .record(z.string(), z.union([count, bounds], { error: scaleWords }), { error: "numbers by process type, such as `web: 2`" })
        .optional()
        .meta({ description: "How many run; for a type that is autoscaled a number that holds, or other bounds" }),
      attachments: z
        .record(z.string(), attachment, { error: "resources by name" })
        .optional()
        .meta({ description: "What each resource of the manifest is here" }),
      logs: logs.optional(),
      drains: drainsShape.optional().meta({ description: "Places that receive the log, by name: a URL, or keys such as `url:`" }),
      secrets: z
        .record(z.string(), z.unknown(), { error: "keys; `douze secrets set` encrypts them" })
        .nullable()
        .optional()
        .meta({ description: "Encrypted in SOPS's format; see `douze secrets`" }),
      sops: z.unknown().optional().meta({ description: "Written by `douze secrets` or `sops`" }),
    },
    { error: "keys such as `config:`" },
  )
  .meta({ title: "inventory/<environment>.yaml", description: "What varies from deploy to deploy" });

interface WrittenInventory {
  readonly target?: WrittenTarget;
  readonly config?: Readonly<Record<string, string | number | boolean>>;
  readonly scale?: Readonly<Record<ProcessType, number | z.output<typeof bounds>>>;
  readonly attachments?: Readonly<Record<string, z.output<typeof attachment>>>;
  readonly logs?: z.output<typeof logs>;
  readonly drains?: WrittenDrains;
}

/** The keys that are known at a path, for advice on one that is not. */
function knownKeys(kind: unknown, [section, second]: readonly PropertyKey[]): readonly string[] {
  if (section === "target") return targetKeys(kind, second);
  if (section === undefined) return Object.keys(inventoryShape.shape).filter((key) => key !== "$schema" && key !== "sops");
  const sections: Readonly<Record<string, z.ZodObject>> = { attachments: attachmentKeys, logs, drains: drainKeys };
  return Object.keys(sections[String(section)]?.shape ?? {});
}

/** What holds where there is no file. */
export function defaultInventory(environment: EnvironmentName): Inventory {
  return {
    environment,
    target: { kind: "local", hosts: [] },
    config: {},
    secrets: {},
    scale: {},
    bounds: {},
    attachments: {},
    logs: { maxBytes: 256 * 2 ** 20, maxAgeMs: 7 * day },
    drains: [],
  };
}

/**
 * Reads an inventory.
 *
 * @param secrets - of the same file, decrypted
 * @throws Problem inventory-invalid - with every place
 */
export function inventory(text: string, file: string, environment: EnvironmentName, secrets: Readonly<Record<string, string>>): Inventory {
  const yaml = yamlText(text, file, "inventory-invalid");
  const result = inventoryShape.safeParse(yaml.value, { reportInput: true });
  const kind = kindOf(yaml);
  if (!result.success) {
    const found = flaws(result.error, yaml, (path) => knownKeys(kind, path));
    throw invalid(kind, file, found);
  }
  const written = result.data as WrittenInventory;
  const attachments = Object.entries(written.attachments ?? {}).map(([name, each]) => ({ name, found: attachmentOf(each, secrets) }));
  const drained = drains(written.drains ?? {}, secrets, yaml);
  const target = targetOf(written.target ?? {});
  const wrong = [
    ...("text" in target ? [targetFlaw(target, yaml)] : []),
    ...drained.flaws,
    ...attachments.flatMap(({ name, found }): Flaw[] =>
      typeof found === "string" ? [{ place: yaml.place(["attachments", name]), text: `\`attachments.${name}\`: ${found}` }] : [],
    ),
    ...configFlaws(Object.keys(written.config ?? {}), secrets, yaml),
  ];
  if ("text" in target || wrong.length > 0) throw invalid(kind, file, wrong);
  const base = defaultInventory(environment);
  const scale = Object.entries(written.scale ?? {});
  return {
    environment,
    target,
    config: Object.fromEntries(Object.entries(written.config ?? {}).map(([key, value]) => [key, textOf(yaml, key, value)])),
    secrets,
    scale: Object.fromEntries(scale.filter((entry): entry is [string, number] => typeof entry[1] === "number")),
    bounds: Object.fromEntries(scale.flatMap(([type, each]) => (typeof each === "number" ? [] : [[type, each]]))),
    attachments: Object.fromEntries(attachments.flatMap(({ name, found }) => (typeof found === "string" ? [] : [[name, found]]))),
    logs: { maxBytes: written.logs?.size ?? base.logs.maxBytes, maxAgeMs: written.logs?.age ?? base.logs.maxAgeMs },
    drains: drained.drains,
  };
}

/**
 * Where an environment runs, read without its secrets.
 *
 * @throws Problem inventory-invalid - with every place that concerns the target
 */
export function inventoryTarget(text: string, file: string): Target {
  const yaml = yamlText(text, file, "inventory-invalid");
  const kind = kindOf(yaml);
  const result = z.object({ target: targetShape.optional() }).safeParse(yaml.value ?? {}, { reportInput: true });
  if (!result.success) {
    const found = flaws(result.error, yaml, (path) => knownKeys(kind, path));
    throw invalid(kind, file, found);
  }
  const target = targetOf((result.data.target ?? {}) as WrittenTarget);
  if ("text" in target) throw invalid(kind, file, [targetFlaw(target, yaml)]);
  return target;
}

function kindOf({ value }: YamlText): unknown {
  const { target } = (value ?? {}) as { readonly target?: { readonly kind?: unknown } | null };
  return target?.kind;
}

/** What may stand in a target depends on its kind, and each kind has an annotated file of its own. */
function invalid(kind: unknown, file: string, list: readonly Flaw[]): Problem {
  const reference = kind === "kubernetes" ? "inventory-kubernetes.yaml" : "inventory.yaml";
  return flawed("inventory-invalid", file, list, `mend it; docs/reference/${reference} shows every key with its meaning`);
}

function targetFlaw({ key, text }: TargetFlaw, yaml: YamlText): Flaw {
  const path = ["target", ...(key === undefined ? [] : [key])];
  return { place: yaml.keyPlace(path), text: `\`${path.join(".")}\`: ${text}` };
}

function configFlaws(keys: readonly string[], secrets: Readonly<Record<string, string>>, yaml: YamlText): Flaw[] {
  const found: readonly (Flaw | undefined)[] = [
    ...keys.map((key) => flawAt("config", key, variableFlaw(key), yaml)),
    ...Object.keys(secrets).map((key) => flawAt("secrets", key, variableFlaw(key), yaml)),
    ...keys
      .filter((key) => Object.hasOwn(secrets, key))
      .map((key) => flawAt("config", key, "a place of its own: it stands under `secrets:` too, leave it in one of them", yaml)),
  ];
  return found.filter((each) => each !== undefined);
}

function flawAt(section: string, key: string, flaw: string | undefined, yaml: YamlText): Flaw | undefined {
  return flaw === undefined ? undefined : { place: yaml.keyPlace([section, key]), text: `\`${section}.${key}\`: expected ${flaw}` };
}

/** A number keeps the digits it was written with. */
function textOf(yaml: YamlText, key: string, value: string | number | boolean): string {
  return typeof value === "string" ? value : (yaml.source(["config", key]) ?? String(value));
}

/** An attachment; or, as a text, what is wrong with it: never its URL, which carries a password. */
function attachmentOf(each: z.output<typeof attachment>, secrets: Readonly<Record<string, string>>): Attachment | string {
  if (each === "embedded") return { kind: "embedded" };
  const { url: given, secret } = typeof each === "string" ? { url: each } : each;
  if ((given === undefined) === (secret === undefined)) return `expected one of \`url:\` and \`secret:\``;
  if (secret !== undefined && !Object.hasOwn(secrets, secret)) {
    const meant = nearest(secret, Object.keys(secrets));
    return `there is no \`${secret}\` under \`secrets:\`${meant ? `: did you mean \`${meant}\`?` : ""}`;
  }
  const url = given ?? secrets[secret ?? ""] ?? "";
  if (!/^[a-z][a-z0-9+.-]*:\/\/\S+$/i.test(url))
    return secret === undefined
      ? "expected `embedded`, or a URL such as postgres://…"
      : `expected a URL such as postgres://… as the value of \`${secret}\``;
  return { kind: "url", url, ...(secret !== undefined && { secret }) };
}

/**
 * Whether an inventory names only what the manifest has.
 *
 * @returns Problem inventory-invalid - a process type, a resource that the manifest does not declare; a live key among the secrets
 */
export function checkInventory({ environment, scale, bounds, attachments, secrets }: Inventory, manifest: Manifest): Problem | undefined {
  const live = Object.keys(secrets).filter((key) => Object.hasOwn(manifest.config, key) && manifest.config[key]?.live);
  const wrong = [
    ...unknown("process type", [...Object.keys(scale), ...Object.keys(bounds)], Object.keys(manifest.processes), "scale"),
    ...Object.keys(bounds)
      .filter((type) => manifest.processes[type as ProcessType] && !manifest.processes[type as ProcessType]?.autoscale)
      .map(
        (type) => `\`scale.${type}\` has bounds, and the manifest does not autoscale it: write a number, or declare \`autoscale:\` there`,
      ),
    ...unknown("resource", Object.keys(attachments), Object.keys(manifest.resources), "attachments"),
    ...live.map(
      (key) => `\`secrets.${key}\` is declared live, and live keys lie in files: move it to \`config:\`, or declare it otherwise`,
    ),
  ];
  if (wrong.length === 0) return undefined;
  return new Problem({
    code: "inventory-invalid",
    what: `inventory/${environment}.yaml does not fit the manifest`,
    why: wrong.join("; "),
    fix: "name what the manifest declares, or declare it there",
  });
}

function unknown(noun: string, names: readonly string[], known: readonly string[], section: string): string[] {
  return names
    .filter((name) => !known.includes(name))
    .map((name) => {
      const meant = nearest(name, known);
      return `\`${section}.${name}\` is no ${noun} of the manifest: ${meant ? `did you mean \`${meant}\`?` : `it has ${known.join(", ") || "none"}`}`;
    });
}
