import * as z from "zod";
import { checkedRequestPattern } from "./check-declaration.ts";
import { scheduleFlaw, timeZoneFlaw } from "./cron-schedule.ts";
import { type ConfigType, configTypes, languages, type ResourceType, resourceTypes } from "./manifest.ts";
import { autoscale, command, health, limits, metric, processDeclaration, type WrittenProcess } from "./process-schema.ts";
import { duration } from "./quantity.ts";
import { flag, flawless, oneOf, scalar } from "./scalar.ts";
import { variablePattern, variableWords } from "./variable.ts";

/** The shape of `douze.yaml`, as a person writes it. The JSON Schema for editors and the checks both come from here. */

const hour = 3_600_000;
const day = 24 * hour;
const cronEntry = z.strictObject(
  {
    command,
    schedule: flawless(scheduleFlaw, 'five fields, such as "0 3 * * *"').meta({
      description: "Minute, hour, day of the month, month, day of the week; or @daily and its like",
    }),
    timezone: flawless(timeZoneFlaw, "a time zone, such as Europe/Berlin").optional().meta({ description: "IANA name. Default UTC" }),
    overlap: z
      .enum(["forbid", "allow", "replace"], { error: oneOf(["forbid", "allow", "replace"]) })
      .optional()
      .meta({ description: "When the last run has not ended: leave this one out, run both, or end the last one. Default forbid" }),
    timeout: duration("After which the run is stopped. Default 1h", 7 * day).optional(),
  },
  { error: "keys `command:` and `schedule:`" },
);

const resource = z.strictObject(
  {
    type: z.enum(resourceTypes, { error: oneOf(resourceTypes) }),
    as: z
      .string({ error: "the name of a variable, such as DATABASE_URL" })
      .regex(variablePattern, { error: variableWords })
      .optional()
      .meta({ description: "The variable that holds its URL. Default by type: DATABASE_URL, REDIS_URL …" }),
    required: flag.optional().meta({ description: "Whether a release without it is refused. Default true" }),
  },
  { error: "a type, such as `postgres`, or keys such as `type:`" },
);

const configWords = 'a default (`""` for an empty one), or keys such as `default:` and `required:`';
const configDeclaration = z.strictObject(
  {
    type: z
      .enum(configTypes, { error: oneOf(configTypes) })
      .optional()
      .meta({ description: "Default string" }),
    values: z
      .array(scalar, { error: "a list of texts" })
      .min(1, { error: "at least one" })
      .optional()
      .meta({ description: "With `type: enum`" }),
    default: scalar.optional(),
    required: flag.optional().meta({ description: "Default: true when there is no default" }),
    secret: flag.optional().meta({ description: "Never shown, and sealed where it is stored. Default false" }),
    live: flag
      .optional()
      .meta({ description: "Also a file in $DOUZE_LIVE_DIR; a change reaches the app without a release. Default false" }),
    description: z.string({ error: "a text" }).optional(),
    generate: z
      .literal("secret", { error: "`secret`" })
      .optional()
      .meta({ description: "64 hexadecimal digits, made at the first release and kept" }),
  },
  { error: configWords },
);

const release = z.strictObject(
  {
    command,
    timeout: duration("Default 1h", day).optional(),
    on: z
      .enum(["release", "build"], { error: oneOf(["release", "build"]) })
      .optional()
      .meta({ description: "For each release, or only when the build differs from the last good release's. Default release" }),
  },
  { error: "a command, or keys such as `command:`" },
);

const requestWords = "a request, such as `POST /notes text=$marker`";
const request = z.string({ error: requestWords }).regex(checkedRequestPattern, { error: requestWords });
const checkPath = z.string({ error: "a path, such as `/report`" }).regex(/^\//, { error: "a path, such as `/report`" });
const checkSection = z.strictObject(
  {
    http: z
      .array(
        z.union(
          [checkPath, z.strictObject({ path: checkPath, slow: flag.optional().meta({ description: "It takes half a second or more" }) })],
          {
            error: "a path, or keys such as `path:` and `slow:`",
          },
        ),
        { error: "a list of paths" },
      )
      .optional()
      .meta({ description: "GET requests that may be repeated. Default: looked for" }),
    roundtrip: z
      .strictObject({ create: request, read: request }, { error: "keys `create:` and `read:`" })
      .optional()
      .meta({ description: "Writes $marker and reads it again; $location and $id are of the first answer. Default: a form is looked for" }),
    jobs: z
      .strictObject({ enqueue: request, done: request }, { error: "keys `enqueue:` and `done:`" })
      .optional()
      .meta({ description: "Puts a job into the queue, and tells how many were done" }),
    startup: duration("How long the app may take to be ready. Default 10s", hour).optional(),
    consistency: duration("How long a process may not see what another one wrote. Default 2s", hour).optional(),
    "allow-write": z
      .array(z.string({ error: "a path" }), { error: "a list of paths" })
      .optional()
      .meta({ description: "Paths that may be written; * stands for any part" }),
  },
  { error: "keys such as `http:` and `roundtrip:`" },
);

const processKey = z.string().regex(/^[A-Za-z0-9_-]{1,63}$/, { error: "a name of letters, digits, `_` and `-`, at most 63" });
const entryKey = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,39}$/, { error: "a name of lower-case letters, digits, `_` and `-`, at most 40" });
const variableKey = z.string().regex(variablePattern, { error: variableWords });

/** `douze.yaml` as it is written. */
export const manifestShape: z.ZodObject = z
  .strictObject(
    {
      $schema: z.string().optional(),
      app: z
        .string({ error: "a name, such as `shop`" })
        .regex(/^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$/, { error: "lower-case letters, digits and dashes, first a letter, at most 40" })
        .optional()
        .meta({ description: "Name of the app. Default: that of the folder" }),
      build: z
        .union(
          [
            command,
            z.strictObject({
              command: command.optional().meta({ description: "Run after what detection does" }),
              language: z
                .enum(languages, { error: oneOf(languages) })
                .optional()
                .meta({ description: "Where several would be detected; `none` for the command alone" }),
              dockerfile: z
                .string({ error: "a file of the codebase, such as `Dockerfile`" })
                .regex(/^(?!\/)(?!.*(^|\/)\.\.(\/|$)).+$/, { error: "a file of the codebase, such as `Dockerfile`" })
                .optional()
                .meta({ description: "Makes the image for a cluster, with buildah, podman or docker. Default: an image is made without" }),
            }),
          ],
          { error: "a command, or keys such as `command:` and `language:`" },
        )
        .optional(),
      processes: z
        .record(processKey, z.union([command, processDeclaration], { error: "a command, or keys such as `command:`" }), {
          error: "process types, such as `web: node web.js`",
        })
        .optional(),
      release: z
        .union([command, release], { error: "a command, or keys such as `command:`" })
        .optional()
        .meta({ description: "Runs once per release, before cut-over" }),
      console: command.optional().meta({ description: "What `douze console` runs, such as `node app.ts console`" }),
      cron: z.record(entryKey, cronEntry, { error: "entries by name" }).optional(),
      resources: z
        .record(
          entryKey,
          z.union([z.enum(resourceTypes), resource], { error: (issue) => `${oneOf(resourceTypes)(issue)}; or keys such as \`type:\`` }),
          { error: "resources by name, such as `db: postgres`" },
        )
        .optional(),
      config: z
        .record(variableKey, z.union([scalar, configDeclaration], { error: configWords }), {
          error: "keys, such as `PAGE_SIZE: 20`",
        })
        .optional(),
      check: checkSection.optional().meta({ description: "What `douze check` is told; it has no meaning elsewhere" }),
    },
    { error: "keys such as `app:` and `processes:`" },
  )
  .meta({ title: "douze.yaml", description: "What an app is" });

export interface WrittenCron {
  readonly command: string;
  readonly schedule: string;
  readonly timezone?: string;
  readonly overlap?: "forbid" | "allow" | "replace";
  readonly timeout?: number;
}

export interface WrittenResource {
  readonly type: ResourceType;
  readonly as?: string;
  readonly required?: boolean;
}

export interface WrittenConfig {
  readonly type?: ConfigType;
  readonly values?: readonly (string | number | boolean)[];
  readonly default?: string | number | boolean;
  readonly required?: boolean;
  readonly secret?: boolean;
  readonly live?: boolean;
  readonly description?: string;
  readonly generate?: "secret";
}

export interface WrittenRelease {
  readonly command: string;
  readonly timeout?: number;
  readonly on?: "release" | "build";
}

/** What `manifestShape` gives for a sound file. */
export interface WrittenManifest {
  readonly app?: string;
  readonly build?: string | { readonly command?: string; readonly language?: (typeof languages)[number]; readonly dockerfile?: string };
  readonly processes?: Readonly<Record<string, string | WrittenProcess>>;
  readonly release?: string | WrittenRelease;
  readonly console?: string;
  readonly cron?: Readonly<Record<string, WrittenCron>>;
  readonly resources?: Readonly<Record<string, ResourceType | WrittenResource>>;
  readonly config?: Readonly<Record<string, string | number | boolean | WrittenConfig>>;
  readonly check?: WrittenCheck;
}

export interface WrittenCheck {
  readonly http?: readonly (string | { readonly path: string; readonly slow?: boolean })[];
  readonly roundtrip?: { readonly create: string; readonly read: string };
  readonly jobs?: { readonly enqueue: string; readonly done: string };
  readonly startup?: number;
  readonly consistency?: number;
  readonly "allow-write"?: readonly string[];
}

const nested: Readonly<Record<string, z.ZodObject>> = {
  processes: processDeclaration,
  cron: cronEntry,
  resources: resource,
  config: configDeclaration,
};

/** The keys that are known at a path, for advice on one that is not. */
export function knownKeys(path: readonly PropertyKey[]): readonly string[] {
  const [section, , third, fourth] = path;
  if (section === undefined) return Object.keys(manifestShape.shape).filter((key) => key !== "$schema");
  if (section === "build") return ["command", "language", "dockerfile"];
  if (section === "check") return third === undefined ? Object.keys(checkSection.shape) : [];
  if (section === "release") return Object.keys(release.shape);
  if (third === "health") return Object.keys(health.shape);
  if (third === "limits") return Object.keys(limits.shape);
  if (third === "autoscale") return Object.keys(fourth === "metric" ? metric.shape : autoscale.shape);
  return Object.keys(nested[String(section)]?.shape ?? {});
}
