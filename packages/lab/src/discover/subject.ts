import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Facts, folderAppName, manifestText, readNames } from "@douze/build";
import { type Manifest, manifestFromFiles, type ResourceDeclaration } from "@douze/core";
import type { Chance } from "../chance.ts";
import type { ServiceNeed, Subject, SubjectProcess, Variable } from "../model/subject.ts";
import { inProduction, valueFor } from "./value.ts";

/** Where the app is, and what was said of it on the command line. */
export interface SubjectRequest {
  readonly directory: string;
  /** What starts it, in place of what is found. */
  readonly start?: string;
  readonly chance: Chance;
}

/**
 * What an app is, from its manifest, its Procfile, or what its files tell. Nothing is run.
 *
 * @throws Problem manifest-invalid, procfile-invalid, app-json-invalid
 */
export async function readSubject({ directory, start, chance }: SubjectRequest): Promise<Subject> {
  const names = new Set(await readdir(directory));
  const texts = Object.fromEntries(
    await Promise.all(
      readNames.filter((name) => names.has(name)).map(async (name) => [name, await readFile(join(directory, name), "utf8")] as const),
    ),
  );
  return subjectOf({ names, texts }, { directory, app: folderAppName(directory), chance, ...(start !== undefined && { start }) });
}

/** The same from facts. Pure. */
export function subjectOf(
  facts: Facts,
  { directory, app, start, chance }: { readonly directory: string; readonly app: string; readonly start?: string; readonly chance: Chance },
): Subject {
  const declared = manifestFromFiles(facts.texts, app);
  // What would be written by `douze init`: what the files tell, in the manifest's own words.
  const told = manifestFromFiles({ "douze.yaml": manifestText(facts, app) }, app) as Manifest;
  const manifest = declared ?? told;
  const from = declared ? declared.source : "what the files tell";
  const release = manifest.release ?? told.release;
  return {
    app: manifest.app,
    directory,
    manifest,
    processes:
      start === undefined ? processesOf(declared, told) : [{ type: "web", command: start, declared: start, from: "--start", routed: true }],
    variables: variablesOf(declared, told, from, chance),
    services: servicesOf(declared, told),
    hints: manifest.check ?? { http: [], allowWrite: [] },
    ...(release && { migrate: { command: release.command, from: manifest.release ? from : "what the files tell" } }),
  };
}

function processesOf(declared: Manifest | undefined, told: Manifest): SubjectProcess[] {
  const given = Object.entries(declared?.processes ?? {});
  const [list, from] =
    given.length > 0 ? [given, declared?.source ?? "douze.yaml"] : [Object.entries(told.processes), "what the files tell"];
  return list
    .filter(([, { command }]) => command !== "./serve")
    .map(([type, { command, routed }]) => ({ type, command, declared: command, from, routed }));
}

function servicesOf(declared: Manifest | undefined, told: Manifest): ServiceNeed[] {
  const given = Object.entries(declared?.resources ?? {});
  const [list, from]: [readonly (readonly [string, ResourceDeclaration])[], string] =
    given.length > 0 || declared?.source === "douze.yaml"
      ? [given, declared?.source ?? ""]
      : [Object.entries(told.resources), "a client library"];
  return list.map(([name, { type, as, required }]) => ({ name, type, variable: as, required, from }));
}

function variablesOf(declared: Manifest | undefined, told: Manifest, from: string, chance: Chance): Variable[] {
  const resources = new Set([...Object.values(declared?.resources ?? {}), ...Object.values(told.resources)].map(({ as }) => as));
  const own = declared?.config ?? {};
  const example = Object.entries(told.config).map(([name, declaration]) => [name, inProduction(name, declaration)] as const);
  const all = { ...Object.fromEntries(example), ...own };
  return Object.entries(all)
    .filter(([name]) => !resources.has(name))
    .map(([name, declaration]) => ({
      name,
      secret: declaration.secret || declaration.generate !== undefined,
      required: declaration.required || declaration.generate !== undefined,
      value: valueFor(name, declaration, chance.of(name)),
      from: Object.hasOwn(own, name) ? from : ".env.example",
    }));
}
