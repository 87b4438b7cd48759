import { type AppName, type ExternalValue, externalValue, type KubernetesTarget } from "@douze/core";
import type { IExternalSecret } from "@kubernetes-models/external-secrets/external-secrets.io/v1/ExternalSecret";
import { externalObject } from "./names.ts";
import { canonical, type KubernetesObject } from "./object.ts";
import { labelsOf, type Setting } from "./setting.ts";

/** Which of these values the cluster fetches by itself. */
export function externalValues(
  { externalSecrets }: Pick<KubernetesTarget, "externalSecrets">,
  values: readonly (readonly [string, string])[],
): Record<string, ExternalValue> {
  if (!externalSecrets) return {};
  return Object.fromEntries(
    values.flatMap(([key, text]) => {
      const value = externalValue(text);
      return value ? [[key, value]] : [];
    }),
  );
}

/** What the Secret of fetched values is called, where there are any: by where each comes from, and in which version. */
export function externalName(
  app: AppName,
  { externalSecrets }: Pick<KubernetesTarget, "externalSecrets">,
  values: Readonly<Record<string, ExternalValue>>,
): { external?: string } {
  return Object.keys(values).length === 0 ? {} : { external: externalObject(app, canonical([externalSecrets, values])) };
}

/** Fetched once, and never again: another version is another object, and another release. */
export function externalSecret(setting: Setting): KubernetesObject[] {
  const { target, frozen, external, namespace } = setting;
  if (!target.externalSecrets || frozen.external === undefined) return [];
  const { store, kind } = target.externalSecrets;
  return [
    {
      apiVersion: "external-secrets.io/v1",
      kind: "ExternalSecret",
      metadata: { name: frozen.external, namespace, labels: labelsOf(setting, frozen.external, "config") },
      spec: {
        data: Object.entries(external)
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([secretKey, { key, property, version }]) => ({
            secretKey,
            remoteRef: { key, version, ...(property !== undefined && { property }) },
          })),
        refreshPolicy: "CreatedOnce",
        secretStoreRef: { kind, name: store },
        target: { creationPolicy: "Owner", immutable: true, name: frozen.external },
      },
    } satisfies IExternalSecret,
  ];
}
