import { type ProcessDeclaration, shellCommand } from "@douze/core";
import type { IContainer } from "kubernetes-models/v1/Container";
import type { IPodSpec } from "kubernetes-models/v1/PodSpec";
import type { IPodTemplateSpec } from "kubernetes-models/v1/PodTemplateSpec";
import { environmentOf, type Own } from "./environment.ts";
import type { Exemption } from "./exemption.ts";
import { liveObject } from "./names.ts";
import { appUser, containerPort, liveFolder, tmpFolder } from "./place.ts";
import { resourcesOf } from "./resources.ts";
import { annotationsOf, labelsOf, type Setting } from "./setting.ts";

/** What runs in a pod. */
export interface Workload {
  /** Of the object that makes the pods, and the value of their one selected label. */
  readonly object: string;
  /** Pods that were started before are replaced. Default none; milliseconds since the epoch. */
  readonly freshSince?: number;
  /** `web`, `release`, `cron`, `run` */
  readonly component: string;
  /** Of the account that the pods run under. Default `object`. */
  readonly account?: string;
  /** The manifest's name for it: a process type, a cron entry's, `release`. */
  readonly name: string;
  readonly command: string;
  readonly own: Own;
  readonly declared: Partial<Pick<ProcessDeclaration, "memoryBytes" | "cores" | "limits">>;
  /** From SIGTERM to SIGKILL, in milliseconds. */
  readonly graceMs: number;
  readonly port: boolean;
  /** Milliseconds in which it goes on taking requests before SIGTERM. */
  readonly lingerMs: number;
  readonly restart: "Always" | "Never";
  readonly probes: Pick<IContainer, "startupProbe" | "readinessProbe" | "livenessProbe">;
  readonly spread: boolean;
  /** A person sits at it. Default false. */
  readonly terminal?: boolean;
}

/** Of the pod's one container. */
export const containerName = "app";

/** On pods: what the manifest calls what runs in them, which a label cannot always hold. */
export const processAnnotation = "douze.dev/process";

/** On pods that a restart asked for: since when. */
const freshAnnotation = "douze.dev/fresh-since";

/** Seconds beyond the process's own grace, so that the kubelet's own steps fit in. */
const spareSeconds = 5;

/** A pod that keeps the `restricted` standard: no root, nothing writable but `/tmp`, no right that it does not need. */
export function podTemplate(setting: Setting, workload: Workload): IPodTemplateSpec {
  const { freshSince = 0, name } = workload;
  const annotations = {
    ...annotationsOf(setting),
    [processAnnotation]: name,
    ...(freshSince > 0 && { [freshAnnotation]: String(freshSince) }),
  };
  return {
    metadata: { labels: labelsOf(setting, workload.object, workload.component), annotations },
    spec: podSpec(setting, workload),
  };
}

/** What the inventory asks of pods that judges object to. */
export function podExemptions({ target }: Setting, limits?: { readonly cores?: number }): Exemption[] {
  const unbounded = !target.cpuLimits && limits?.cores === undefined;
  return [
    ...(target.priorityClass === null ? [exempt("polaris", "priorityClassNotSet", "the inventory names no PriorityClass")] : []),
    ...(target.pullPolicy === "IfNotPresent"
      ? [
          exempt("kube-score", "container-image-pull-policy", "images are loaded by hand"),
          exempt("polaris", "pullPolicyNotAlways", "images are loaded by hand"),
        ]
      : []),
    ...(unbounded
      ? [
          exempt("kube-score", "container-resources", "the inventory leaves CPU unbounded"),
          exempt("polaris", "cpuLimitsMissing", "the inventory leaves CPU unbounded"),
        ]
      : []),
  ];
}

function exempt(judge: Exemption["judge"], check: string, reason: string): Exemption {
  return { judge, check, reason };
}

function podSpec(setting: Setting, workload: Workload): IPodSpec {
  const { target, live, release } = setting;
  const linger = Math.ceil(workload.lingerMs / 1000);
  return {
    ...(workload.spread && spread(workload.object)),
    automountServiceAccountToken: false,
    containers: [container(setting, workload, linger)],
    dnsConfig: { options: [{ name: "ndots", value: "2" }] },
    // Else every Service of the namespace is a handful of variables, and config is no longer what was declared.
    enableServiceLinks: false,
    ...(target.pullSecret !== undefined && { imagePullSecrets: [{ name: target.pullSecret }] }),
    ...(target.priorityClass !== null && { priorityClassName: target.priorityClass }),
    restartPolicy: workload.restart,
    securityContext: {
      fsGroup: appUser,
      fsGroupChangePolicy: "OnRootMismatch",
      runAsGroup: appUser,
      runAsNonRoot: true,
      runAsUser: appUser,
      seccompProfile: { type: "RuntimeDefault" },
    },
    // Else the program is process 1, which a signal that it does not handle does not end: on one machine SIGTERM does.
    shareProcessNamespace: true,
    serviceAccountName: workload.account ?? workload.object,
    terminationGracePeriodSeconds: linger + Math.ceil(workload.graceMs / 1000) + (linger > 0 ? spareSeconds : 0),
    volumes: [
      { name: "tmp", emptyDir: { sizeLimit: "128Mi" } },
      ...(live ? [{ name: "live", configMap: { name: liveObject(release.app), defaultMode: 0o444 } }] : []),
    ],
  };
}

function container(setting: Setting, workload: Workload, linger: number): IContainer {
  const { target, image, frozen, live } = setting;
  return {
    name: containerName,
    ...(workload.terminal && { stdin: true, stdinOnce: true, tty: true }),
    image,
    imagePullPolicy: target.pullPolicy,
    // What is written before a terminal is connected would not be seen: it waits for a line.
    command: ["/bin/sh", "-c", workload.terminal ? `read -r _; ${shellCommand(workload.command)}` : shellCommand(workload.command)],
    workingDir: setting.workingDir,
    env: environmentOf(setting, workload.own),
    envFrom: [
      ...(live ? [{ configMapRef: { name: liveObject(setting.release.app) } }] : []),
      { configMapRef: { name: frozen.config } },
      { secretRef: { name: frozen.secret } },
      ...(frozen.external === undefined ? [] : [{ secretRef: { name: frozen.external } }]),
    ],
    // The kubelet's own sleep: an image needs no shell for it.
    ...(linger > 0 && { lifecycle: { preStop: { sleep: { seconds: linger } } } }),
    ...workload.probes,
    ...(workload.port && { ports: [{ name: "http", containerPort, protocol: "TCP" as const }] }),
    resources: resourcesOf(workload.declared, target.cpuLimits),
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
      privileged: false,
      readOnlyRootFilesystem: true,
      runAsGroup: appUser,
      runAsNonRoot: true,
      runAsUser: appUser,
    },
    // Why it ended can be read without its log.
    terminationMessagePolicy: "FallbackToLogsOnError",
    volumeMounts: [{ name: "tmp", mountPath: tmpFolder }, ...(live ? [{ name: "live", mountPath: liveFolder, readOnly: true }] : [])],
  };
}

/** Over zones and machines, as far as it goes: a full machine is no reason not to run. */
function spread(object: string): Pick<IPodSpec, "affinity" | "topologySpreadConstraints"> {
  const labelSelector = { matchLabels: { "app.kubernetes.io/instance": object } };
  const constraint = (topologyKey: string) => ({
    labelSelector,
    // Each release is spread by itself: the pods of the one before say nothing about it.
    matchLabelKeys: ["pod-template-hash"],
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable: "ScheduleAnyway" as const,
  });
  return {
    affinity: {
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          { podAffinityTerm: { labelSelector, topologyKey: "kubernetes.io/hostname" }, weight: 100 },
        ],
      },
    },
    topologySpreadConstraints: [constraint("topology.kubernetes.io/zone"), constraint("kubernetes.io/hostname")],
  };
}
