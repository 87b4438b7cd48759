import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Cluster } from "../../src/index.ts";

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly "x-kubernetes-preserve-unknown-fields"?: boolean;
  readonly "x-kubernetes-group-version-kind"?: readonly { readonly group: string; readonly version: string; readonly kind: string }[];
}

interface Description {
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> };
}

/** How kubeconform finds what `writeSchemas` has written. */
export const schemaFiles = "{{.Group}}_{{.ResourceAPIVersion}}_{{.ResourceKind}}.json";

/**
 * Writes what a server says of its kinds as the schemas that kubeconform reads, a file each: those that are published for a version know
 * nothing of the kinds that others have defined. As there, a strict one takes no field that it does not name.
 */
export async function writeSchemas(cluster: Cluster, folder: string, signal: AbortSignal): Promise<void> {
  await mkdir(folder, { recursive: true });
  const { paths } = await ask<{ readonly paths: Readonly<Record<string, { readonly serverRelativeURL: string }>> }>("/openapi/v3");
  for (const { serverRelativeURL } of Object.values(paths)) {
    const { components } = await ask<Description>(serverRelativeURL);
    const schemas = Object.fromEntries(Object.entries(components?.schemas ?? {}).map(([name, schema]) => [name, strict(schema)]));
    for (const [name, { "x-kubernetes-group-version-kind": named = [] }] of Object.entries(schemas)) {
      // What is in many groups, such as the options of a removal, is no object.
      const [own, ...others] = named;
      if (!own || others.length > 0) continue;
      const { group, version, kind } = own;
      const file = `${group || version}_${version}_${kind.toLowerCase()}.json`;
      await writeFile(join(folder, file), JSON.stringify({ $ref: `#/components/schemas/${name}`, components: { schemas } }));
    }
  }

  async function ask<T>(path: string): Promise<T> {
    const lines: string[] = [];
    for await (const line of cluster.lines(path, {}, signal)) lines.push(line);
    return JSON.parse(lines.join("\n")) as T;
  }
}

/** Below `oneOf` and its like nothing is closed: what stands there says more of fields that are named beside it. */
function strict(schema: Schema): Schema {
  const { properties, items, additionalProperties } = schema;
  const open = schema["x-kubernetes-preserve-unknown-fields"] === true || additionalProperties !== undefined;
  return {
    ...schema,
    ...(properties && { properties: Object.fromEntries(Object.entries(properties).map(([name, each]) => [name, strict(each)])) }),
    ...(items && { items: strict(items) }),
    ...(typeof additionalProperties === "object" && { additionalProperties: strict(additionalProperties) }),
    ...(properties && !open && { additionalProperties: false }),
  };
}
