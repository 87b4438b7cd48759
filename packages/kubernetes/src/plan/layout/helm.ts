import type { AppName, ConfigDeclaration, ConfigType, Manifest } from "@douze/core";
import type { IDeployment } from "kubernetes-models/apps/v1/Deployment";
import { liveObject, taskObject } from "../names.ts";
import type { KubernetesObject } from "../object.ts";
import { processAnnotation } from "../pod.ts";
import type { Rendered } from "../render.ts";
import { fileOf, yamlOf } from "../yaml.ts";
import { annotated, type Files, filesIn, isFrozen, keptIn } from "./files.ts";
import { Marks, replaced } from "./helm-template.ts";
import type { LayoutIn } from "./layout.ts";

/**
 * A chart that gives the same objects, whose values can be changed: the image, config, hosts, numbers and resources. Secrets are no part
 * of it: they lie beside it, encrypted, and the chart names the one that it reads. The namespace is `helm install --create-namespace`'s.
 */
export function helm(input: LayoutIn): Files {
  const { rendered, kept } = input;
  const { setting, ground } = rendered;
  const values = valuesOf(rendered);
  const isSecret = (each: KubernetesObject): boolean => each.kind === "Secret";
  return new Map([
    ["chart/Chart.yaml", yamlOf([chart(rendered)])],
    ["chart/values.yaml", yamlOf([values])],
    ["chart/values.schema.json", `${JSON.stringify(schema(setting.release.manifest, values), undefined, 2)}\n`],
    ["chart/templates/_config.tpl", configName(setting.release.app)],
    ...templates(rendered, values),
    ...keptIn("secrets/", new Map([...kept].filter(([name]) => name.includes("-secret-")))),
    ...filesIn("secrets/", ground.filter(isSecret), input),
  ]);
}

interface Values {
  readonly image: string;
  readonly config: Readonly<Record<string, string>>;
  readonly live?: Readonly<Record<string, string>>;
  readonly secret: string;
  readonly hosts?: readonly string[];
  readonly processes: Readonly<Record<string, ProcessValues>>;
}

interface ProcessValues {
  /** Absent where an autoscaler has it. */
  readonly replicas?: number;
  readonly resources: unknown;
}

function valuesOf({ ground, workloads, surroundings, setting }: Rendered): Values {
  const { release, frozen } = setting;
  const dataOf = (name: string): Record<string, string> =>
    (ground.find(({ kind, metadata }) => kind === "ConfigMap" && metadata.name === name)?.["data"] ?? {}) as Record<string, string>;
  const deployments = workloads.filter(({ kind }) => kind === "Deployment");
  const hosts = (surroundings.find(({ kind }) => kind === "HTTPRoute")?.["spec"] as { hostnames?: string[] } | undefined)?.hostnames;
  return {
    image: setting.image,
    config: dataOf(frozen.config),
    ...(setting.live && { live: dataOf(liveObject(release.app)) }),
    secret: frozen.secret,
    ...(hosts && { hosts }),
    processes: Object.fromEntries(
      deployments.map(({ metadata, spec }) => {
        const { replicas, template } = spec as NonNullable<IDeployment["spec"]>;
        const resources = template.spec?.containers[0]?.resources ?? {};
        return [typeOf(metadata), { ...(replicas !== undefined && { replicas }), resources }];
      }),
    ),
  };
}

function typeOf({ annotations, name }: KubernetesObject["metadata"]): string {
  return annotations?.[processAnnotation] ?? name;
}

function templates(rendered: Rendered, values: Values): Map<string, string> {
  const { ground, task, workloads, surroundings, setting } = rendered;
  const { app } = setting.release;
  const { external } = setting.frozen;
  const marks = new Marks();
  const config = marks.text('include "douze.config" .');
  const texts = [
    [setting.image, marks.value(".Values.image")],
    [setting.frozen.secret, marks.value(".Values.secret")],
    [setting.frozen.config, config],
  ] as const;
  const filled = (each: KubernetesObject): KubernetesObject => replaced(withValues(each, marks, values, app), texts);
  const ofTask = ({ metadata, kind }: KubernetesObject): boolean =>
    task !== undefined && metadata.name === taskObject(app) && (kind === "ServiceAccount" || kind === "NetworkPolicy");
  const own = [...ground, ...workloads, ...surroundings].filter(
    (each) => each.kind !== "Namespace" && each.kind !== "Secret" && !ofTask(each),
  );
  const files = own.map((each): [string, KubernetesObject] => [fileOf(each), filled(isFrozen(each) ? kept(each) : each)]);
  if (task) {
    // Hooks come before anything else of the release, so they have config of their own.
    const copies: readonly (readonly [string, string])[] = [
      [config, `${config}-release`],
      [liveObject(app), `${liveObject(app)}-release`],
      ...(external === undefined ? [] : [[external, `${external}-release`] as const]),
    ];
    const configs = ground
      .filter(({ kind }) => kind === "ConfigMap" || kind === "ExternalSecret")
      .map((each) => replaced(filled(each), copies));
    const hooks = [...ground.filter(ofTask), ...configs].map((each) => hook(each, -10));
    files.push(...hooks.map((each, index): [string, KubernetesObject] => [`hook-${index}-${each.kind.toLowerCase()}.yaml`, each]), [
      "hook-release.yaml",
      hook(replaced(filled(task), copies), -5),
    ]);
  }
  // The name of a template's file does not change with the config.
  return new Map(
    files.map(([name, object]) => [`chart/templates/${name.replace(setting.frozen.config, "config")}`, marks.template(object)]),
  );
}

/** Helm removes what a chart no longer has before the pods that name it are gone. */
function kept(object: KubernetesObject): KubernetesObject {
  return annotated(object, { "helm.sh/resource-policy": "keep" });
}

function hook(object: KubernetesObject, weight: number): KubernetesObject {
  return annotated(object, {
    "helm.sh/hook": "pre-install,pre-upgrade",
    "helm.sh/hook-delete-policy": "before-hook-creation",
    "helm.sh/hook-weight": String(weight),
  });
}

/** What the values say, in place of what they were made from. */
function withValues(object: KubernetesObject, marks: Marks, values: Values, app: AppName): KubernetesObject {
  const { kind, metadata, spec } = object;
  if (kind === "ConfigMap" && metadata.name === liveObject(app)) return { ...object, data: marks.value(".Values.live") };
  if (kind === "ConfigMap") return Object.keys(values.config).length > 0 ? { ...object, data: marks.value(".Values.config") } : object;
  if (kind === "HTTPRoute") return { ...object, spec: { ...(spec as object), hostnames: marks.value(".Values.hosts") } };
  if (kind !== "Deployment") return object;
  const own = `(index .Values.processes ${JSON.stringify(typeOf(metadata))})`;
  const { template, replicas, ...rest } = spec as NonNullable<IDeployment["spec"]>;
  const containers = template.spec?.containers.map((each) => ({ ...each, resources: marks.value(`${own}.resources`) }));
  return {
    ...object,
    spec: {
      ...rest,
      ...(replicas !== undefined && { replicas: marks.value(`${own}.replicas`) }),
      template: { ...template, spec: { ...template.spec, containers } },
    },
  };
}

function chart({ setting: { release } }: Rendered): object {
  return {
    apiVersion: "v2",
    name: release.app,
    description: `${release.app} in ${release.environment}: ${release.description}`,
    type: "application",
    version: `0.0.${release.version}`,
    ...(release.source.commit !== undefined && { appVersion: release.source.commit }),
  };
}

/** The same name as elsewhere, for the values as they are: another config is another object, and replaces the pods. */
function configName(app: string): string {
  return `{{- define "douze.config" -}}\n{{ printf "${app}-config-%s" (toRawJson .Values.config | sha256sum | trunc 8) }}\n{{- end -}}\n`;
}

/** @see https://json-schema.org/draft-07/schema */
function schema({ config }: Manifest, values: Values): object {
  const keys = Object.entries(config).filter(([, { secret, live }]) => !secret && !live);
  const text = { type: "string" };
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    type: "object",
    required: ["image", "config", "secret", "processes"],
    properties: {
      image: { ...text, pattern: "@sha256:[0-9a-f]{64}$" },
      secret: text,
      hosts: { type: "array", items: text },
      live: { type: "object", additionalProperties: text },
      config: {
        type: "object",
        required: keys.filter(([key, { required }]) => required && key in values.config).map(([key]) => key),
        properties: Object.fromEntries(keys.map(([key, declared]) => [key, valueSchema(declared)])),
        additionalProperties: text,
      },
      processes: {
        type: "object",
        additionalProperties: {
          type: "object",
          properties: { replicas: { type: "integer", minimum: 0 }, resources: { type: "object" } },
          additionalProperties: false,
        },
      },
    },
  };
}

/** Config is text, also where it is a number: the expressions are those of the manifest's types. */
function valueSchema({ type, values, description }: ConfigDeclaration): object {
  const pattern = patterns[type];
  return {
    type: "string",
    ...(values && { enum: values }),
    ...(pattern !== undefined && { pattern }),
    ...(description !== undefined && { description }),
  };
}

const patterns: Readonly<Partial<Record<ConfigType, string>>> = {
  integer: "^[+-]?[0-9]+$",
  number: "^[+-]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([eE][+-]?[0-9]+)?$",
  boolean: "^([Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]|1|0|[Yy][Ee][Ss]|[Nn][Oo])$",
  url: "^[A-Za-z][A-Za-z0-9+.-]*://[^ ]+$",
};
