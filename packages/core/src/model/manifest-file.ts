import { appJson } from "./app-json.ts";
import type { Autoscale } from "./autoscale.ts";
import { type CheckDeclaration, checkedRequest } from "./check-declaration.ts";
import { type AppName, appName, type ProcessType } from "./ids.ts";
import { flawed, flaws } from "./issues.ts";
import type {
  BuildDeclaration,
  ConfigDeclaration,
  ConfigType,
  LimitsDeclaration,
  Manifest,
  ProcessDeclaration,
  ResourceDeclaration,
} from "./manifest.ts";
import { contradictions } from "./manifest-contradictions.ts";
import {
  knownKeys,
  manifestShape,
  type WrittenCheck,
  type WrittenConfig,
  type WrittenManifest,
  type WrittenRelease,
} from "./manifest-schema.ts";
import type { WrittenAutoscale, WrittenProcess } from "./process-schema.ts";
import { procfile } from "./procfile.ts";
import { variableFor } from "./resource-variable.ts";
import { typeFlaw } from "./value.ts";
import { type Path, type YamlText, yamlText } from "./yaml-text.ts";

/** The files a manifest may come from, by name. */
export interface ManifestFiles {
  readonly "douze.yaml"?: string;
  readonly Procfile?: string;
  readonly "app.json"?: string;
}

const file = "douze.yaml";
const minute = 60_000;
const hour = 60 * minute;

/**
 * What an app is: from `douze.yaml`, or from a `Procfile` with `app.json`.
 *
 * A `douze.yaml` without processes takes those of the Procfile, and its release task where it has none of its own; `app.json` is
 * read beside a Procfile alone.
 *
 * @param fallbackName - for a file that names none
 * @returns nothing when there is neither `douze.yaml` nor `Procfile`
 * @throws Problem manifest-invalid, procfile-invalid, app-json-invalid - with every place
 */
export function manifestFromFiles(files: ManifestFiles, fallbackName: string): Manifest | undefined {
  const { [file]: own, Procfile: lines, "app.json": json } = files;
  if (own !== undefined) return fromYaml(own, lines, fallbackName);
  if (lines === undefined) return undefined;
  return appJson(procfile(lines, "Procfile", appName(fallbackName)), json).manifest;
}

/**
 * What of the files has no effect here, in words, for a person who wonders: add-ons of kinds that Douze does not know, process
 * types in `formation` that the Procfile does not have.
 *
 * @throws Problem procfile-invalid, app-json-invalid - with every place
 */
export function manifestNotes({ [file]: own, Procfile: lines, "app.json": json }: ManifestFiles, fallbackName: string): readonly string[] {
  if (own !== undefined || lines === undefined) return [];
  return appJson(procfile(lines, "Procfile", appName(fallbackName)), json).notes;
}

function fromYaml(text: string, lines: string | undefined, fallbackName: string): Manifest {
  const yaml = yamlText(text, file, "manifest-invalid");
  const written = writtenManifest(yaml);
  const name = appName(written.app ?? fallbackName);
  const borrowed = Object.keys(written.processes ?? {}).length === 0 && lines !== undefined ? procfile(lines, "Procfile", name) : undefined;
  return { ...manifestOf(written, name, yaml), ...borrowedParts(borrowed, written) };
}

/** @throws Problem manifest-invalid - what the schema finds, and what contradicts itself in the parts that it finds sound */
function writtenManifest(yaml: YamlText): WrittenManifest {
  const result = manifestShape.safeParse(yaml.value, { reportInput: true });
  const found = result.success ? [] : flaws(result.error, yaml, knownKeys);
  const sound = result.success ? result : manifestShape.safeParse(without(yaml.value, result.error.issues));
  const written = (sound.success ? sound.data : {}) as WrittenManifest;
  const wrong = [...found, ...contradictions(manifestOf(written, "a" as AppName, yaml), written, yaml)];
  if (wrong.length > 0) throw flawed("manifest-invalid", file, wrong);
  return written;
}

/** A value without the entries that have an issue. */
function without(value: unknown, issues: readonly { readonly path: readonly PropertyKey[]; readonly keys?: readonly string[] }[]): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return {};
  const sections = new Set(
    issues.flatMap(({ path, keys = [] }) => (path.length === 0 ? [...keys] : path.length === 1 ? [String(path[0])] : [])),
  );
  const entries = new Set(issues.map(({ path }) => JSON.stringify(path.slice(0, 2))));
  return Object.fromEntries(
    Object.entries(value)
      .filter(([section]) => !sections.has(section))
      .map(([section, each]: [string, unknown]) => [
        section,
        typeof each === "object" && each !== null
          ? Object.fromEntries(Object.entries(each).filter(([name]) => !entries.has(JSON.stringify([section, name]))))
          : each,
      ]),
  );
}

function borrowedParts(borrowed: Manifest | undefined, { release }: WrittenManifest): Partial<Pick<Manifest, "processes" | "release">> {
  if (!borrowed) return {};
  return { processes: borrowed.processes, ...(release === undefined && borrowed.release && { release: borrowed.release }) };
}

function manifestOf(written: WrittenManifest, app: AppName, yaml: YamlText): Manifest {
  const { release: task } = written;
  return {
    app,
    source: file,
    build: buildOf(written),
    processes: processesOf(written),
    ...(task !== undefined && {
      release: { timeoutMs: hour, on: "release" as const, ...(typeof task === "string" ? { command: task } : renamed(task)) },
    }),
    ...(written.console !== undefined && { console: written.console }),
    cron: Object.fromEntries(
      Object.entries(written.cron ?? {}).map(([entry, { command, schedule, timezone = "UTC", overlap = "forbid", timeout = hour }]) => [
        entry,
        { command, schedule, timeZone: timezone, overlap, timeoutMs: timeout },
      ]),
    ),
    resources: resourcesOf(written),
    ...(written.check && { check: checkOf(written.check) }),
    config: Object.fromEntries(Object.entries(written.config ?? {}).map(([key, each]) => [key, declaration(key, each, yaml)])),
  };
}

function checkOf({ http = [], roundtrip, jobs, startup, consistency, "allow-write": allowWrite = [] }: WrittenCheck): CheckDeclaration {
  return {
    http: http.map((each) => (typeof each === "string" ? { path: each, slow: false } : { slow: false, ...each })),
    allowWrite,
    ...(roundtrip && { roundtrip: { create: checkedRequest(roundtrip.create), read: checkedRequest(roundtrip.read) } }),
    ...(jobs && { jobs: { enqueue: checkedRequest(jobs.enqueue), done: checkedRequest(jobs.done) } }),
    ...(startup !== undefined && { startupMs: startup }),
    ...(consistency !== undefined && { consistencyMs: consistency }),
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
  const {
    command,
    scale = 1,
    health,
    grace = 30_000,
    boot = 60_000,
    settle = 1_000,
    memory,
    cpu,
    autoscale,
    limits,
    routed = type === "web",
    socket,
    busy,
  } = process;
  return {
    command,
    scale,
    graceMs: grace,
    bootMs: boot,
    settleMs: settle,
    routed,
    ...(socket && { socket }),
    ...(busy !== undefined && { busyMs: busy }),
    ...(memory !== undefined && { memoryBytes: memory }),
    ...(cpu !== undefined && { cores: cpu }),
    ...(limits && { limits: limitsOf(limits) }),
    ...(autoscale && { autoscale: autoscaleOf(autoscale) }),
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

function limitsOf({ cpu, ...rest }: NonNullable<WrittenProcess["limits"]>): LimitsDeclaration {
  return { ...rest, ...(cpu !== undefined && { cores: cpu }) };
}

function autoscaleOf({ min, max, cpu, metric, up = 0, down = 5 * minute }: WrittenAutoscale): Autoscale {
  return { min, max, upMs: up, downMs: down, ...(cpu !== undefined && { cpuPercent: cpu }), ...(metric && { metric }) };
}

function resourcesOf(written: WrittenManifest): Record<string, ResourceDeclaration> {
  const taken = new Set<string>();
  return Object.fromEntries(
    Object.entries(written.resources ?? {}).map(([name, each]) => {
      const { type, as, required = true } = typeof each === "string" ? { type: each, as: undefined } : each;
      const variable = as ?? variableFor(type, name, taken);
      taken.add(variable);
      return [name, { type, as: variable, required }];
    }),
  );
}

function declaration(key: string, each: string | number | boolean | WrittenConfig, yaml: YamlText): ConfigDeclaration {
  const path = ["config", key];
  if (typeof each !== "object") {
    const value = asWritten(each, path, yaml);
    return { type: inferred(each, value), required: false, secret: false, live: false, default: value };
  }
  const { type, values, required, secret, live = false, description, generate } = each;
  const value = each.default === undefined ? undefined : asWritten(each.default, [...path, "default"], yaml);
  return {
    type: type ?? (values ? "enum" : "string"),
    required: required ?? (value === undefined && generate === undefined),
    secret: secret ?? generate !== undefined,
    live,
    ...(value !== undefined && { default: value }),
    ...(values && { values: values.map((one, index) => asWritten(one, [...path, "values", index], yaml)) }),
    ...(description !== undefined && { description }),
    ...(generate && { generate }),
  };
}

/** A number keeps the digits it was written with: `1.10` is no `1.1`. */
function asWritten(value: string | number | boolean, path: Path, yaml: YamlText): string {
  return typeof value === "string" ? value : (yaml.source(path) ?? String(value));
}

function inferred(value: string | number | boolean, text: string): ConfigType {
  if (typeof value === "boolean") return "boolean";
  if (typeof value === "string") return "string";
  // YAML has more numbers than a program that reads a variable expects: `0x1F` stays a text.
  return (["integer", "number"] as const).find((type) => typeFlaw({ type }, text) === undefined) ?? "string";
}
