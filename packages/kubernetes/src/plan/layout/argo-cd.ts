import type { KubernetesObject } from "../object.ts";
import type { Rendered } from "../render.ts";
import { yamlOf } from "../yaml.ts";
import { annotated, type Files, filesIn, keptIn, names, opensBySops } from "./files.ts";
import type { LayoutIn } from "./layout.ts";

const folder = "manifests/";

/**
 * Objects with the wave of Argo CD's in which each is brought, and the Application. The release task is a plain Job of a wave: a hook may
 * be left out or wait for ever. What is encrypted is opened by KSOPS, for Argo CD itself cannot.
 */
export function argoCd(input: LayoutIn): Files {
  const { rendered, kept } = input;
  const objects = filesIn(folder, inWaves(rendered), input);
  const all = new Map([...keptIn(folder, kept), ...objects]);
  const secrets = names(all).filter((name) => opensBySops(all.get(`${folder}${name}`) ?? ""));
  const open = names(all).filter((name) => !secrets.includes(name));
  const kustomization = {
    apiVersion: "kustomize.config.k8s.io/v1beta1",
    kind: "Kustomization",
    resources: open,
    ...(secrets.length > 0 && { generators: ["secrets.yaml"] }),
  };
  return new Map([
    ...all,
    [`${folder}kustomization.yaml`, yamlOf([kustomization])],
    ...(secrets.length > 0 ? [[`${folder}secrets.yaml`, yamlOf([generator(secrets)])] as const] : []),
    ["application.yaml", yamlOf([application(input)])],
  ]);
}

function inWaves({ ground, task, workloads, surroundings }: Rendered): KubernetesObject[] {
  const waves = [
    [-3, ground],
    [-1, task ? [task] : []],
    [0, workloads],
    [1, surroundings],
  ] as const;
  return waves.flatMap(([wave, objects]) => objects.map((each) => annotated(each, { "argocd.argoproj.io/sync-wave": String(wave) })));
}

/** @see https://github.com/viaduct-ai/kustomize-sops */
function generator(files: readonly string[]): object {
  return {
    apiVersion: "viaduct.ai/v1",
    kind: "ksops",
    metadata: { name: "secrets", annotations: { "config.kubernetes.io/function": "exec:\n  path: ksops\n" } },
    files,
  };
}

function application({ rendered, gitops, path }: LayoutIn): object {
  const { release, namespace } = rendered.setting;
  const scaled = rendered.workloads.filter(
    ({ kind, spec }) => kind === "Deployment" && (spec as { replicas?: number }).replicas === undefined,
  );
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Application",
    metadata: { name: `${release.app}-${release.environment}`, namespace: gitops.namespace ?? "argocd" },
    spec: {
      destination: { namespace, server: "https://kubernetes.default.svc" },
      // An autoscaler has the number.
      ...(scaled.length > 0 && {
        ignoreDifferences: scaled.map(({ metadata }) => ({
          group: "apps",
          jsonPointers: ["/spec/replicas"],
          kind: "Deployment",
          name: metadata.name,
        })),
      }),
      project: gitops.project,
      source: { path: `${path}/manifests`, repoURL: gitops.repository, targetRevision: gitops.revision },
      syncPolicy: {
        automated: { prune: true, selfHeal: true },
        syncOptions: ["ServerSideApply=true", "PruneLast=true", "RespectIgnoreDifferences=true"],
      },
    },
  };
}
