import * as z from "zod";
import { flawed, flaws } from "./issues.ts";
import type { ConfigDeclaration, CronEntry, Manifest, ProcessDeclaration, ResourceDeclaration, ResourceType } from "./manifest.ts";
import { yamlText } from "./yaml-text.ts";

const text = z.string({ error: "a text" });
const anything = z.unknown().optional();
const env = z.union(
  [
    text,
    z.looseObject({
      description: text.optional(),
      value: z.union([text, z.number(), z.boolean()]).optional(),
      required: z.boolean({ error: "true or false" }).optional(),
      generator: z.literal("secret").optional(),
    }),
  ],
  { error: "a text, or keys such as `value` and `required`" },
);
const formation = z.looseObject(
  {
    quantity: z.int({ error: "a whole number" }).min(0, { error: "a whole number from 0" }).max(1000, { error: "at most 1000" }).optional(),
  },
  { error: "keys such as `quantity`" },
);
const cron = z.looseObject({
  command: text,
  schedule: text,
  concurrency_policy: z.enum(["allow", "forbid", "replace"], { error: "allow, forbid or replace" }).optional(),
});

/** Heroku's schema, with what Dokku adds. @see https://devcenter.heroku.com/articles/app-json-schema */
const shape = z.strictObject(
  {
    $schema: anything,
    name: anything,
    description: anything,
    keywords: anything,
    website: anything,
    repository: anything,
    logo: anything,
    success_url: anything,
    scripts: z.looseObject({ postdeploy: z.union([text, z.looseObject({ command: text })]).optional() }).optional(),
    env: z.record(z.string(), env, { error: "variables by name" }).optional(),
    formation: z.record(z.string(), formation, { error: "process types by name" }).optional(),
    addons: z
      .array(z.union([text, z.looseObject({ plan: text, as: text.optional() })], { error: "a plan, such as heroku-postgresql" }), {
        error: "a list of add-ons",
      })
      .optional(),
    buildpacks: anything,
    environments: anything,
    stack: anything,
    image: anything,
    cron: z.array(cron, { error: "a list of entries" }).optional(),
    healthchecks: z
      .record(
        z.string(),
        z.array(
          z.looseObject({ type: text.optional(), path: text.optional(), timeout: z.number().optional(), attempts: z.number().optional() }),
        ),
      )
      .optional(),
  },
  { error: "an object" },
);

const addonTypes: readonly (readonly [RegExp, ResourceType, string])[] = [
  [/^(heroku-postgresql|crunchybridge|aiven-pg)\b/, "postgres", "DATABASE"],
  [/^(heroku-redis|heroku-kvs|rediscloud|redistogo|openredis)\b/, "redis", "REDIS"],
  [/^(jawsdb|cleardb|heroku-mysql)\b/, "mysql", "DATABASE"],
  [/^(cloudamqp)\b/, "amqp", "CLOUDAMQP"],
];

/**
 * Completes what a Procfile says with an `app.json`.
 *
 * @throws Problem app-json-invalid - not JSON, an unknown key, or a wrong type; with every place
 */
export function appJson(manifest: Manifest, json: string | undefined): Manifest {
  if (json === undefined) return manifest;
  const file = "app.json";
  const yaml = yamlText(json, file, "app-json-invalid");
  const result = shape.safeParse(yaml.value, { reportInput: true });
  const known = (path: readonly PropertyKey[]): readonly string[] => (path.length === 0 ? Object.keys(shape.shape) : []);
  if (!result.success) throw flawed("app-json-invalid", file, flaws(result.error, yaml, known));
  const { scripts, env: variables = {}, formation: quantities = {}, addons = [], cron: entries = [], healthchecks = {} } = result.data;
  const postdeploy = scripts?.postdeploy;
  const processes = Object.fromEntries(
    Object.entries(manifest.processes).map(([type, each]): [string, ProcessDeclaration] => {
      const path =
        healthchecks[type]?.find((check) => check.path !== undefined && check.type !== "startup")?.path ??
        healthchecks[type]?.find((check) => check.path)?.path;
      const health =
        path === undefined ? {} : { health: { readiness: path, liveness: path, intervalMs: 5_000, timeoutMs: 5_000, failures: 3 } };
      return [type, { ...each, scale: quantities[type]?.quantity ?? each.scale, ...health }];
    }),
  );
  return {
    ...manifest,
    processes,
    config: Object.fromEntries(Object.entries(variables).map(([key, each]) => [key, variable(each)])),
    resources: resourcesOf(addons.map((addon) => (typeof addon === "string" ? { plan: addon } : addon))),
    cron: Object.fromEntries(entries.map((entry, index) => [`cron-${index + 1}`, cronEntry(entry)])),
    ...(postdeploy !== undefined && { postdeploy: typeof postdeploy === "string" ? postdeploy : postdeploy.command }),
  };
}

function variable(each: z.output<typeof env>): ConfigDeclaration {
  if (typeof each === "string") return { type: "string", default: each, required: false, secret: false, live: false };
  const { value, required = true, generator, description } = each;
  return {
    type: "string",
    required: required && value === undefined && generator === undefined,
    secret: generator === "secret",
    live: false,
    ...(value !== undefined && { default: String(value) }),
    ...(description !== undefined && { description }),
    ...(generator && { generate: generator }),
  };
}

function resourcesOf(addons: readonly { readonly plan: string; readonly as?: string | undefined }[]): Record<string, ResourceDeclaration> {
  const resources: Record<string, ResourceDeclaration> = {};
  for (const { plan, as } of addons) {
    const [, type, prefix] = addonTypes.find(([pattern]) => pattern.test(plan)) ?? [];
    if (!type || !prefix) continue;
    const name = (as ?? (type in resources ? plan.replace(/:.*/, "") : type)).toLowerCase();
    resources[name] = { type, as: `${as?.toUpperCase() ?? prefix}_URL`, required: true };
  }
  return resources;
}

function cronEntry({ command, schedule, concurrency_policy = "allow" }: z.output<typeof cron>): CronEntry {
  return { command, schedule, timeZone: "UTC", overlap: concurrency_policy, timeoutMs: 24 * 3_600_000 };
}
