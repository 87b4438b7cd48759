import * as z from "zod";
import { addonResources } from "./addons.ts";
import { scheduleFlaw } from "./cron-schedule.ts";
import { type Flaw, flawed, flaws } from "./issues.ts";
import { jsonText } from "./json-text.ts";
import type { ConfigDeclaration, CronEntry, HealthDeclaration, Manifest, ProcessDeclaration } from "./manifest.ts";
import { nearest } from "./nearest.ts";
import { count, flag, flawless, oneOf, scalar } from "./scalar.ts";
import { isReserved, looksSecret, variableFlaw } from "./variable.ts";
import type { YamlText } from "./yaml-text.ts";

const text = z.string({ error: "a text" });
const anything = z.unknown().optional();
const variable = z.union(
  [
    text,
    z.looseObject({
      description: text.optional(),
      value: scalar.optional(),
      required: flag.optional(),
      generator: z.literal("secret", { error: '"secret"' }).optional(),
    }),
  ],
  { error: "a text, or keys such as `value` and `required`" },
);
const formation = z.looseObject({ quantity: count.optional() }, { error: "keys such as `quantity`" });
const policies = ["allow", "forbid", "replace"] as const;
const cron = z.looseObject(
  {
    command: text.min(1, { error: "a command" }),
    schedule: flawless(scheduleFlaw, 'five fields, such as "0 3 * * *"'),
    concurrency_policy: z.enum(policies, { error: oneOf(policies) }).optional(),
  },
  { error: "keys `command` and `schedule`" },
);
const number = z.number({ error: "a number" });
const healthcheck = z.looseObject(
  {
    type: text.optional(),
    path: text.optional(),
    timeout: number.min(0.001, { error: "a number of seconds" }).max(3600, { error: "at most 3600" }).optional(),
    attempts: number.int({ error: "a whole number" }).min(1, { error: "at least 1" }).max(100, { error: "at most 100" }).optional(),
  },
  { error: "keys such as `type` and `path`" },
);

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
    scripts: z
      .looseObject(
        { postdeploy: z.union([text, z.looseObject({ command: text })], { error: "a command" }).optional() },
        { error: "scripts by name" },
      )
      .optional(),
    env: z.record(z.string(), variable, { error: "variables by name" }).optional(),
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
      .record(z.string(), z.array(healthcheck, { error: "a list of checks" }), { error: "lists of checks by process type" })
      .optional(),
  },
  { error: "an object, in braces" },
);
type Written = z.output<typeof shape>;

const file = "app.json";

/**
 * Completes what a Procfile says with an `app.json`.
 *
 * @returns with notes on what has no effect here
 * @throws Problem app-json-invalid - not JSON, an unknown key, or a wrong type; with every place
 */
export function appJson(manifest: Manifest, json: string | undefined): { readonly manifest: Manifest; readonly notes: readonly string[] } {
  if (json === undefined) return { manifest, notes: [] };
  const yaml = jsonText(json, file, "app-json-invalid");
  const written = writtenIn(yaml);
  const { scripts, env = {}, addons = [], cron: entries = [] } = written;
  const { resources, unknown } = addonResources(addons.map((addon) => (typeof addon === "string" ? { plan: addon } : addon)));
  const provided = new Set(Object.values(resources).map(({ as }) => as));
  const postdeploy = typeof scripts?.postdeploy === "string" ? scripts.postdeploy : scripts?.postdeploy?.command;
  return {
    manifest: {
      ...manifest,
      processes: Object.fromEntries(
        Object.entries(manifest.processes).map(([type, each]): [string, ProcessDeclaration] => [type, completed(type, each, written)]),
      ),
      // What the platform or a resource sets is no config, although many files list `DATABASE_URL` beside the add-on.
      config: Object.fromEntries(
        Object.entries(env)
          .filter(([key]) => !isReserved(key) && !provided.has(key))
          .map(([key, each]) => [key, declaration(key, each)]),
      ),
      resources,
      cron: Object.fromEntries(entries.map((entry, index) => [`cron-${index + 1}`, cronEntry(entry)])),
      ...(postdeploy !== undefined && { postdeploy }),
    },
    notes: [
      ...unknown.map(
        (plan) => `${file}: the add-on \`${plan}\` is no resource that Douze knows: set its variables with \`douze config set\``,
      ),
      ...strangers(written, manifest),
    ],
  };
}

function writtenIn(yaml: YamlText): Written {
  const result = shape.safeParse(yaml.value, { reportInput: true });
  const known = (path: readonly PropertyKey[]): readonly string[] => (path.length === 0 ? Object.keys(shape.shape) : []);
  if (!result.success) throw flawed("app-json-invalid", file, flaws(result.error, yaml, known));
  const wrong = Object.keys(result.data.env ?? {}).flatMap((key): Flaw[] => {
    const flaw = isReserved(key) ? undefined : variableFlaw(key);
    return flaw ? [{ place: yaml.keyPlace(["env", key]), text: `\`env.${key}\`: expected ${flaw}` }] : [];
  });
  if (wrong.length > 0) throw flawed("app-json-invalid", file, wrong);
  return result.data;
}

/** Heroku takes no offence at types that the Procfile does not have, so neither does Douze; but most are slips of the pen. */
function strangers({ formation: quantities = {}, healthchecks = {} }: Written, { processes }: Manifest): string[] {
  const types = Object.keys(processes);
  return Object.entries({ formation: quantities, healthchecks }).flatMap(([section, byType]) =>
    Object.keys(byType)
      .filter((type) => !types.includes(type))
      .map((type) => {
        const meant = nearest(type, types);
        return `${file}: \`${section}.${type}\` is no process type of the Procfile${meant ? `: did you mean \`${meant}\`?` : ""}`;
      }),
  );
}

function completed(
  type: string,
  process: ProcessDeclaration,
  { formation: quantities = {}, healthchecks = {} }: Written,
): ProcessDeclaration {
  const health = healthOf((Object.hasOwn(healthchecks, type) && healthchecks[type]) || []);
  const quantity = Object.hasOwn(quantities, type) ? quantities[type]?.quantity : undefined;
  return { ...process, scale: quantity ?? process.scale, ...(health && { health }) };
}

/** Dokku's checks of an HTTP path. Where one of the two is not declared, the other's path stands for it. */
function healthOf(checks: readonly z.output<typeof healthcheck>[]): HealthDeclaration | undefined {
  const of = (...types: readonly string[]): z.output<typeof healthcheck> | undefined =>
    types.map((type) => checks.find((check) => check.path?.startsWith("/") && (check.type ?? "startup") === type)).find((found) => found);
  const readiness = of("readiness", "startup", "liveness");
  const liveness = of("liveness", "readiness", "startup");
  if (readiness?.path === undefined || liveness?.path === undefined) return undefined;
  const { timeout = 5, attempts = 3 } = readiness;
  return {
    readiness: readiness.path,
    liveness: liveness.path,
    intervalMs: 5_000,
    timeoutMs: Math.round(timeout * 1_000),
    failures: attempts,
  };
}

/** Heroku has no word for a secret: what is named like one is taken for one. */
function declaration(key: string, each: z.output<typeof variable>): ConfigDeclaration {
  const { value, required = true, generator, description } = typeof each === "string" ? { value: each } : each;
  const given = value === undefined ? undefined : String(value);
  return {
    type: "string",
    required: required && given === undefined && generator === undefined,
    secret: generator === "secret" || looksSecret(key, given),
    live: false,
    ...(given !== undefined && { default: given }),
    ...(description !== undefined && { description }),
    ...(generator && { generate: generator }),
  };
}

function cronEntry({ command, schedule, concurrency_policy = "allow" }: z.output<typeof cron>): CronEntry {
  return { command, schedule, timeZone: "UTC", overlap: concurrency_policy, timeoutMs: 24 * 3_600_000 };
}
