import { stringify } from "yaml";
import type { KubernetesObject } from "./object.ts";

/**
 * Objects as one YAML text, a document each. Keys are sorted, so that equal objects are equal to the byte; texts that YAML 1.1 takes for
 * something else (`yes`, `1_000`, `12:30:45`) are quoted, since that is what clusters and their tools read.
 */
export function yamlOf(objects: readonly object[]): string {
  return objects.map((each) => stringify(each, options)).join("---\n");
}

/** `01-serviceaccount-shop-web.yaml`: sorted as they are applied, and found by what they are. */
export function fileOf({ kind, metadata }: KubernetesObject, index: number): string {
  return `${String(index + 1).padStart(2, "0")}-${kind.toLowerCase()}-${metadata.name}.yaml`;
}

const options = { version: "1.1", sortMapEntries: true, aliasDuplicateObjects: false, lineWidth: 0 } as const;
