import {
  type AppName,
  type EnvironmentName,
  type ExternalValue,
  type Instant,
  type KubernetesTarget,
  type Language,
  type ProcessType,
  type Release,
  versionName,
} from "@douze/core";
import { label } from "./names.ts";
import type { ObjectMeta } from "./object.ts";

/** What everything that is rendered of one release has in common. */
export interface Setting {
  readonly release: Release;
  readonly target: KubernetesTarget;
  readonly namespace: string;
  /** With its digest: `registry.example.org/shop@sha256:…`. */
  readonly image: string;
  /** Where commands begin in it. */
  readonly workingDir: string;
  /** Config and attachments, by variable. */
  readonly config: Readonly<Record<string, string>>;
  /** What the platform sets itself, the same for every process. */
  readonly platform: Readonly<Record<string, string>>;
  /** Names of the frozen objects that processes read. */
  readonly frozen: { readonly config: string; readonly secret: string; readonly external?: string };
  /** Values that the cluster fetches, by variable. */
  readonly external: Readonly<Record<string, ExternalValue>>;
  readonly language: Language;
  /** Whether the app has live keys. */
  readonly live: boolean;
  readonly maintenance: boolean;
  readonly freshSince: Readonly<Record<ProcessType, Instant>>;
}

/** `shop-production`, unless the inventory names another one. */
export function namespaceOf(app: AppName, environment: EnvironmentName, target: KubernetesTarget): string {
  return target.namespace ?? `${app}-${environment}`.slice(0, 63).replace(/-+$/, "");
}

/** The label by which everything that belongs to a process is found; it is the only one in selectors, and it never changes. */
export const instanceLabel = "app.kubernetes.io/instance";

/** @param name - of the object, and of the pods that it is about */
export function labelsOf(
  { release: { app }, target }: { readonly release: Pick<Release, "app">; readonly target: Pick<KubernetesTarget, "owner"> },
  name: string,
  component: string,
): Record<string, string> {
  return {
    [instanceLabel]: name,
    "app.kubernetes.io/name": app,
    "app.kubernetes.io/part-of": app,
    "app.kubernetes.io/component": label(component),
    "app.kubernetes.io/managed-by": "douze",
    ...(target.owner?.team !== undefined && { owner: target.owner.team }),
  };
}

/** Which release something is of, and whose code: on what runs it alone, so that nothing else changes with each release. */
export function annotationsOf({ release }: Pick<Setting, "release">): Record<string, string> {
  return {
    "douze.dev/release": versionName(release.version),
    "douze.dev/build": release.build,
    ...(release.source.commit !== undefined && { "douze.dev/source": release.source.commit }),
  };
}

export function metaOf(setting: Setting, name: string, component: string, annotations: Readonly<Record<string, string>> = {}): ObjectMeta {
  const email = setting.target.owner?.email;
  const all = { ...(email !== undefined && { email }), ...annotations };
  return {
    name,
    namespace: setting.namespace,
    labels: labelsOf(setting, name, component),
    ...(Object.keys(all).length > 0 && { annotations: all }),
  };
}
