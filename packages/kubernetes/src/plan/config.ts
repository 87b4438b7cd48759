import type { AppName, Release } from "@douze/core";
import type { IConfigMap } from "kubernetes-models/v1/ConfigMap";
import type { ISecret } from "kubernetes-models/v1/Secret";
import { configObject, liveObject, secretObject } from "./names.ts";
import { canonical, type KubernetesObject } from "./object.ts";
import { labelsOf, type Setting } from "./setting.ts";

/** A release's config and attachments, apart: what anybody may read, and what is secret. */
export interface FrozenValues {
  readonly open: Readonly<Record<string, string>>;
  readonly secret: Readonly<Record<string, string>>;
}

/** Names that judges, and people, take for secrets: such a value lies among them whatever it is. */
const sensitiveName =
  /password|token|bearer|secret|^AWS_SECRET_ACCESS_KEY$|^GOOGLE_APPLICATION_CREDENTIALS$|^AZURE_.+KEY$|^OCI_CLI_KEY_CONTENT$/i;
const privateKey = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;

/** @param values - of the release's config and attachments, by variable */
export function frozenValues({ config, attachments }: Release, values: Readonly<Record<string, string>>): FrozenValues {
  const urls = new Set(Object.values(attachments).map(({ as }) => as));
  const hidden = ([key, value]: readonly [string, string]): boolean =>
    config[key]?.secret === true || urls.has(key) || sensitiveName.test(key) || privateKey.test(value);
  const entries = Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1));
  return { open: Object.fromEntries(entries.filter((each) => !hidden(each))), secret: Object.fromEntries(entries.filter(hidden)) };
}

/** What the frozen objects of these values are called. */
export function frozenNames(app: AppName, { open, secret }: FrozenValues, key: Uint8Array): Setting["frozen"] {
  return { config: configObject(app, canonical(open)), secret: secretObject(app, canonical(secret), key) };
}

/** Never changed after they were made; whoever has them keeps what it was started with. */
export function frozenObjects(setting: Setting, { open, secret }: FrozenValues): KubernetesObject[] {
  const meta = (name: string) => ({ name, namespace: setting.namespace, labels: labelsOf(setting, name, "config") });
  return [
    { apiVersion: "v1", kind: "ConfigMap", metadata: meta(setting.frozen.config), immutable: true, ...dataOf(open) } satisfies IConfigMap,
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: meta(setting.frozen.secret),
      immutable: true,
      type: "Opaque",
      ...dataOf(Object.fromEntries(Object.entries(secret).map(([key, value]) => [key, Buffer.from(value).toString("base64")]))),
    } satisfies ISecret,
  ];
}

/** An empty table is none to the cluster, which would take it for a change of what cannot be changed. */
function dataOf(data: Readonly<Record<string, string>>): { data?: Record<string, string> } {
  return Object.keys(data).length > 0 ? { data: { ...data } } : {};
}

/** The values of the live keys, a file each; changed where it lies. */
export function liveConfig(setting: Setting, values: Readonly<Record<string, string>>): KubernetesObject {
  const name = liveObject(setting.release.app);
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, namespace: setting.namespace, labels: labelsOf(setting, name, "config") },
    data: { ...values },
  } satisfies IConfigMap;
}
