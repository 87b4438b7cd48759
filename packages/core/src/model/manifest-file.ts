import { appJson } from "./app-json.ts";
import { type AppName, appName, type ProcessType } from "./ids.ts";
import { type Flaw, flawed, flaws } from "./issues.ts";
import type {
  BuildDeclaration,
  ConfigDeclaration,
  ConfigType,
  Manifest,
  ProcessDeclaration,
  ResourceDeclaration,
  ResourceType,
} from "./manifest.ts";
import {
  knownKeys,
  manifestShape,
  type WrittenConfig,
  type WrittenManifest,
  type WrittenProcess,
  type WrittenRelease,
} from "./manifest-schema.ts";
import { procfile } from "./procfile.ts";
import { typeFlaw } from "./value.ts";
import { type YamlText, yamlText } from "./yaml-text.ts";

/** The files a manifest may come from, by name. */
export interface ManifestFiles {
  readonly "douze.yaml"?: string;
  readonly Procfile?: string;
  readonly "app.json"?: string;
}

const hour = 3_600_000;

/**
 * What an app is: from `douze.yaml`, or from a `Procfile` with `app.json`.
 *
 * A `douze.yaml` without processes takes those of the Procfile.
 *
 * @param fallbackName - for a file that names none
 * @returns nothing when there is neither file
 * @throws Problem manifest-invalid, procfile-invalid, app-json-invalid - with every place
 */
export function manifestFromFiles(files: ManifestFiles, fallbackName: string): Manifest | undefined {
  const { "douze.yaml": own, Procfile: lines, "app.json": json } = files;
  if (own !== undefined) return fromYaml(own, lines, fallbackName);
  if (lines === undefined) return undefined;
  return appJson(procfile(lines, "Procfile", appName(fallbackName)), json);
}

function fromYaml(text: string, lines: string | undefined, fallbackName: string): Manifest {
  const file = "douze.yaml";
  const yaml = yamlText(text, file, "manifest-invalid");
  const result = manifestShape.safeParse(yaml.value, { reportInput: true });
  if (!result.success) throw flawed("manifest-invalid", file, flaws(result.error, yaml, knownKeys));
  const written = result.data as WrittenManifest;
  const name: AppName = appName(written.app ?? fallbackName);
  const borrowed = Object.keys(written.processes ?? {}).length === 0 && lines !== undefined ? procfile(lines, "Procfile", name) : undefined;
  const resources = resourcesOf(written);
  const config = configOf(written, yaml);
  const wrong = [...meaning(written, config, resources, yaml)];
  if (wrong.length > 0) throw flawed("manifest-invalid", file, wrong);
  const task = written.release;
  const release =
    task === undefined
      ? borrowed?.release
      : { timeoutMs: hour, on: "release" as const, ...(typeof task === "string" ? { command: task } : renamed(task)) };
  return {
    app: name,
    source: "douze.yaml",
    build: buildOf(written),
    processes: borrowed?.processes ?? processesOf(written),
    ...(release && { release }),
    cron: Object.fromEntries(
      Object.entries(written.cron ?? {}).map(([entry, { command, schedule, timezone = "UTC", overlap = "forbid", timeout = hour }]) => [
        entry,
        { command, schedule, timeZone: timezone, overlap, timeoutMs: timeout },
      ]),
    ),
    resources,
    config,
  };
}

function renamed(task: WrittenRelease): { command: string; timeoutMs?: number; on?: "release" | "build" } {
  return { command: task.command, ...(task.timeout !== undefined && { timeoutMs: task.timeout }), ...(task.on && { on: task.on }) };
}

function buildOf({ build }: WrittenManifest): BuildDeclaration {
  if (build === undefined) return {};
  return typeof build === "string" ? { command: build } : build;
}

function processesOf(written: WrittenManifest): Record<ProcessType, ProcessDeclaration> {
  return Object.fromEntries(
    Object.entries(written.processes ?? {}).map(([type, each]) => {
      const process: WrittenProcess = typeof each === "string" ? { command: each } : each;
      return [type, processOf(type, process)];
    }),
  );
}

function processOf(type: string, process: WrittenProcess): ProcessDeclaration {
  const { command, scale = 1, health, grace = 30_000, boot = 60_000, settle = 1_000, memory, routed = type === "web" } = process;
  return {
    command,
    scale,
    graceMs: grace,
    bootMs: boot,
    settleMs: settle,
    routed,
    ...(memory !== undefined && { memoryBytes: memory }),
    ...(health && {
      health: {
        readiness: health.readiness ?? "/readyz",
        liveness: health.liveness ?? "/livez",
        intervalMs: health.interval ?? 5_000,
        timeoutMs: health.timeout ?? 2_000,
        failures: health.failures ?? 3,
      },
    }),
  };
}

const variables: Partial<Record<ResourceType, string>> = {
  postgres: "DATABASE_URL",
  redis: "REDIS_URL",
  mysql: "DATABASE_URL",
  mongodb: "MONGODB_URL",
  amqp: "AMQP_URL",
  smtp: "SMTP_URL",
  s3: "S3_URL",
  otlp: "OTEL_EXPORTER_OTLP_ENDPOINT",
};

/** The variable of a resource: its type's own, or, for a second one of a type, one with its name in front. */
export function variableFor(type: ResourceType, resource: string, taken: ReadonlySet<string>): string {
  const own = variables[type];
  if (own !== undefined && !taken.has(own)) return own;
  const upper = resource.toUpperCase().replace(/[^A-Z0-9]/g, "_");
  return own === undefined ? `${upper}_URL` : `${upper}_${own}`;
}

function resourcesOf(written: WrittenManifest): Record<string, ResourceDeclaration> {
  const taken = new Set<string>();
  return Object.fromEntries(
    Object.entries(written.resources ?? {}).map(([name, each]) => {
      const { type, as, required = true } = typeof each === "string" ? { type: each as ResourceType, as: undefined } : each;
      const variable = as ?? variableFor(type, name, taken);
      taken.add(variable);
      return [name, { type, as: variable, required }];
    }),
  );
}

function configOf(written: WrittenManifest, yaml: YamlText): Record<string, ConfigDeclaration> {
  return Object.fromEntries(
    Object.entries(written.config ?? {}).map(([key, each]) => {
      const declared: WrittenConfig = typeof each === "object" ? each : { default: each, type: inferred(each) };
      const at = typeof each === "object" ? ["config", key, "default"] : ["config", key];
      const value =
        declared.default === undefined
          ? undefined
          : typeof declared.default === "string"
            ? declared.default
            : (yaml.source(at) ?? String(declared.default));
      const type: ConfigType = declared.type ?? (declared.values ? "enum" : "string");
      return [
        key,
        {
          type,
          required: declared.required ?? (value === undefined && declared.generate === undefined),
          secret: declared.secret ?? declared.generate !== undefined,
          live: declared.live ?? false,
          ...(value !== undefined && { default: value }),
          ...(declared.values && { values: declared.values }),
          ...(declared.description !== undefined && { description: declared.description }),
          ...(declared.generate && { generate: declared.generate }),
        },
      ];
    }),
  );
}

function inferred(value: string | number | boolean): ConfigType {
  if (typeof value === "string") return "string";
  if (typeof value === "boolean") return "boolean";
  return Number.isInteger(value) ? "integer" : "number";
}

/** Names that the platform gives itself. */
export function isReserved(name: string): boolean {
  return /^(PORT|HOST|PATH|HOME|TMPDIR|DYNO|SOURCE_VERSION|DOUZE_.*)$/.test(name);
}

/** What a schema cannot say. */
function* meaning(written: WrittenManifest, config: Manifest["config"], resources: Manifest["resources"], yaml: YamlText): Iterable<Flaw> {
  for (const [key, declared] of Object.entries(config)) {
    const place = yaml.keyPlace(["config", key]);
    if (isReserved(key)) yield { place, text: `\`config.${key}\`: the platform sets ${key} itself: choose another name` };
    if (declared.live && declared.secret)
      yield { place, text: `\`config.${key}\` is live and secret: live keys lie in files, so leave one of the two out` };
    if (declared.type === "enum" && !declared.values) yield { place, text: `\`config.${key}\`: \`type: enum\` needs \`values:\`` };
    const flaw = declared.default === undefined ? undefined : typeFlaw(declared, declared.default);
    if (flaw) yield { place, text: `\`config.${key}\`: its default should be ${flaw}` };
  }
  for (const [name, { as }] of Object.entries(resources)) {
    const place = yaml.keyPlace(["resources", name]);
    if (as in config)
      yield { place, text: `\`resources.${name}\` and \`config.${as}\` both set ${as}: rename one, for instance with \`as:\`` };
    if (isReserved(as)) yield { place, text: `\`resources.${name}\`: the platform sets ${as} itself: choose another name` };
    const other = Object.entries(resources).find(([each, declared]) => each < name && declared.as === as);
    if (other) yield { place, text: `\`resources.${name}\` and \`resources.${other[0]}\` both set ${as}: give one of them \`as:\`` };
  }
  for (const type of Object.keys(written.processes ?? {})) {
    if (type === "release")
      yield {
        place: yaml.keyPlace(["processes", type]),
        text: "`processes.release`: the release task stands beside `processes:`, as `release:`",
      };
  }
}
