import * as z from "zod";
import type { EnvironmentName, ProcessType } from "./ids.ts";
import type { Attachment, Inventory } from "./inventory.ts";
import { type Flaw, flawed, flaws } from "./issues.ts";
import type { Manifest } from "./manifest.ts";
import { nearest } from "./nearest.ts";
import { Problem } from "./problem.ts";
import { duration, size } from "./quantity.ts";
import { type YamlText, yamlText } from "./yaml-text.ts";

const scalar = z.union([z.string(), z.number(), z.boolean()], { error: "a text, a number, or true or false" });
const count = z.int({ error: "a whole number" }).min(0, { error: "a whole number from 0" }).max(1000, { error: "at most 1000" });
const host = z
  .string({ error: "a host name" })
  .regex(/^(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i, { error: "a host name, such as shop.example.org or *.example.org" });
const day = 86_400_000;

const target = z.strictObject(
  {
    kind: z.literal("local", { error: "`local`" }).optional(),
    port: z
      .int({ error: "a port" })
      .min(0, { error: "a port from 0" })
      .max(65_535, { error: "a port up to 65535" })
      .optional()
      .meta({ description: "Public port. Default 5000; 0 takes a free one" }),
    hosts: z
      .array(host, { error: "a list of host names" })
      .optional()
      .meta({ description: "Routed to this app. Default <app>.localhost, and all others when it is the only app" }),
  },
  { error: "keys such as `port:`" },
);
const attachment = z.union(
  [
    z.string().min(1),
    z.strictObject({ url: z.string({ error: "a URL" }) }, { error: "`url:`" }),
    z.strictObject({ secret: z.string({ error: "the name of a key under `secrets:`" }) }, { error: "`secret:`" }),
  ],
  { error: "`embedded`, a URL, `{ url: … }` or `{ secret: KEY }`" },
);
const logs = z.strictObject(
  {
    size: size("The store is kept below it. Default 256MiB").optional(),
    age: duration("Older lines are deleted. Default 7d", 3650 * day).optional(),
  },
  { error: "keys `size:` and `age:`" },
);

/** `inventory/<environment>.yaml` as it is written. */
export const inventoryShape: z.ZodObject = z
  .strictObject(
    {
      $schema: z.string().optional(),
      target: target.optional(),
      config: z.record(z.string(), scalar, { error: "keys, such as `PAGE_SIZE: 20`" }).optional(),
      scale: z.record(z.string(), count, { error: "numbers by process type, such as `web: 2`" }).optional(),
      attachments: z
        .record(z.string(), attachment, { error: "resources by name" })
        .optional()
        .meta({ description: "What each resource of the manifest is here" }),
      logs: logs.optional(),
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
  readonly target?: z.output<typeof target>;
  readonly config?: Readonly<Record<string, string | number | boolean>>;
  readonly scale?: Readonly<Record<ProcessType, number>>;
  readonly attachments?: Readonly<Record<string, z.output<typeof attachment>>>;
  readonly logs?: z.output<typeof logs>;
}

const sections: Readonly<Record<string, readonly string[]>> = { target: Object.keys(target.shape), logs: Object.keys(logs.shape) };

/** What holds where there is no file. */
export function defaultInventory(environment: EnvironmentName): Inventory {
  return {
    environment,
    target: { kind: "local", port: 5000, hosts: [] },
    config: {},
    secrets: {},
    scale: {},
    attachments: {},
    logs: { maxBytes: 256 * 2 ** 20, maxAgeMs: 7 * day },
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
  const known = (path: readonly PropertyKey[]): readonly string[] =>
    path.length === 0
      ? Object.keys(inventoryShape.shape).filter((key) => key !== "$schema" && key !== "sops")
      : (sections[String(path[0])] ?? []);
  if (!result.success) throw flawed("inventory-invalid", file, flaws(result.error, yaml, known));
  const written = result.data as WrittenInventory;
  const wrong: Flaw[] = [];
  const base = defaultInventory(environment);
  const attachments = Object.fromEntries(
    Object.entries(written.attachments ?? {}).flatMap(([name, each]): [string, Attachment][] => {
      const found = attachmentOf(each, secrets);
      if (typeof found !== "string") return [[name, found]];
      wrong.push({ place: yaml.place(["attachments", name]), text: `\`attachments.${name}\`: ${found}` });
      return [];
    }),
  );
  for (const key of Object.keys(written.config ?? {})) {
    if (key in secrets)
      wrong.push({
        place: yaml.keyPlace(["config", key]),
        text: `\`${key}\` stands under \`config:\` and under \`secrets:\`: leave it in one of them`,
      });
  }
  if (wrong.length > 0) throw flawed("inventory-invalid", file, wrong);
  return {
    environment,
    target: { kind: "local", port: written.target?.port ?? base.target.port, hosts: written.target?.hosts ?? [] },
    config: Object.fromEntries(Object.entries(written.config ?? {}).map(([key, value]) => [key, textOf(yaml, key, value)])),
    secrets,
    scale: written.scale ?? {},
    attachments,
    logs: { maxBytes: written.logs?.size ?? base.logs.maxBytes, maxAgeMs: written.logs?.age ?? base.logs.maxAgeMs },
  };
}

/** A number keeps the digits it was written with. */
function textOf(yaml: YamlText, key: string, value: string | number | boolean): string {
  return typeof value === "string" ? value : (yaml.source(["config", key]) ?? String(value));
}

function attachmentOf(each: z.output<typeof attachment>, secrets: Readonly<Record<string, string>>): Attachment | string {
  if (each === "embedded") return { kind: "embedded" };
  if (typeof each !== "string" && "secret" in each) {
    const url = secrets[each.secret];
    return url === undefined ? `there is no \`${each.secret}\` under \`secrets:\`` : { kind: "url", url };
  }
  const url = typeof each === "string" ? each : each.url;
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(url) ? { kind: "url", url } : "expected `embedded`, or a URL such as postgres://…";
}

/** Whether an inventory names only what the manifest has. */
export function checkInventory({ environment, scale, attachments }: Inventory, manifest: Manifest): Problem | undefined {
  const wrong = [
    ...unknown("process type", Object.keys(scale), Object.keys(manifest.processes), "scale"),
    ...unknown("resource", Object.keys(attachments), Object.keys(manifest.resources), "attachments"),
  ];
  const file = `inventory/${environment}.yaml`;
  if (wrong.length === 0) return undefined;
  return new Problem({
    code: "inventory-invalid",
    what: `${file} does not fit the manifest`,
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
