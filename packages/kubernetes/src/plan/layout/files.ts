import type { KubernetesObject } from "../object.ts";
import { fileOf, yamlOf } from "../yaml.ts";
import type { LayoutIn } from "./layout.ts";

/** Texts by path within a folder. */
export type Files = ReadonlyMap<string, string>;

/** How long a Job stays where a tool would make it again as soon as it is gone: as long as the cluster can say. */
export const jobStaysSeconds = 2_147_483_647;

/** @param folder - with a slash at its end, or empty */
export function filesIn(folder: string, objects: readonly KubernetesObject[], { encrypt }: Pick<LayoutIn, "encrypt">): Files {
  return new Map(objects.map((each) => [`${folder}${fileOf(each)}`, isEncrypted(each) ? encrypt(each) : yamlOf([each])]));
}

/** Whether an object has values that nobody else may read. */
export function isEncrypted({ kind, data }: KubernetesObject): boolean {
  return kind === "Secret" && data !== undefined;
}

/** Whether a text is a file of sops. */
export function opensBySops(text: string): boolean {
  return text.includes("\nsops:\n");
}

/** Whether an object never changes under its name. */
export function isFrozen(object: KubernetesObject): boolean {
  return object["immutable"] === true || object.kind === "ExternalSecret";
}

export function keptIn(folder: string, kept: Files): Files {
  return new Map([...kept].map(([name, text]) => [`${folder}${name}`, text]));
}

export function annotated(object: KubernetesObject, annotations: Readonly<Record<string, string>>): KubernetesObject {
  return { ...object, metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, ...annotations } } };
}

/** Names of files without their folder, sorted. */
export function names(files: Files): string[] {
  return [...files.keys()].map((path) => path.slice(path.lastIndexOf("/") + 1)).sort();
}
