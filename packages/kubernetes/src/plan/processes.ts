import type { ProcessDeclaration, ProcessType } from "@douze/core";
import type { IDeployment } from "kubernetes-models/apps/v1/Deployment";
import type { IPodDisruptionBudget } from "kubernetes-models/policy/v1/PodDisruptionBudget";
import type { IService } from "kubernetes-models/v1/Service";
import { type Exemption, exemptionAnnotations } from "./exemption.ts";
import { processObject } from "./names.ts";
import type { KubernetesObject } from "./object.ts";
import { podExemptions, podTemplate, processAnnotation } from "./pod.ts";
import { probeExemptions, probesOf, settleSeconds } from "./probes.ts";
import { isScaled } from "./scaler.ts";
import { annotationsOf, instanceLabel, metaOf, type Setting } from "./setting.ts";

/** Releases that can be gone back to: so many sets of pods and of frozen objects are kept. */
export const keptReleases = 5;

/** Beyond what a start may take, in seconds, before a rollout counts as stuck. */
const rolloutSlack = 180;
const shortestRollout = 300;

/** A process type: as many pods as its formation says, replaced a few at a time by those of a new release. */
export function deployment(setting: Setting, type: ProcessType, declared: ProcessDeclaration): KubernetesObject {
  const { release } = setting;
  const object = processObject(release.app, type);
  const count = release.formation[type] ?? 0;
  const scaled = isScaled(setting, type);
  const ready = settleSeconds(declared, setting.target.minReadyMs);
  const exemptions = [
    ...podExemptions(setting, declared.limits),
    ...probeExemptions(declared),
    ...countExemptions(scaled ? undefined : count, declared.routed),
  ];
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: metaOf(setting, object, type, { ...annotationsOf(setting), [processAnnotation]: type, ...exemptionAnnotations(exemptions) }),
    spec: {
      minReadySeconds: ready,
      progressDeadlineSeconds: Math.max(shortestRollout, Math.ceil(declared.bootMs / 1000) + ready + rolloutSlack),
      ...(!scaled && { replicas: count }),
      revisionHistoryLimit: keptReleases,
      selector: { matchLabels: { [instanceLabel]: object } },
      strategy: { rollingUpdate: { maxSurge: "25%", maxUnavailable: 0 }, type: "RollingUpdate" },
      template: podTemplate(setting, {
        object,
        component: type,
        name: type,
        freshSince: setting.freshSince[type] ?? 0,
        command: declared.command,
        own: { type, ...(declared.memoryBytes !== undefined && { memoryBytes: declared.memoryBytes }) },
        declared,
        graceMs: Math.max(declared.graceMs, declared.busyMs ?? 0),
        port: hasPort(setting, type, declared),
        lingerMs: declared.routed ? setting.target.lingerMs : 0,
        restart: "Always",
        probes: probesOf(declared),
        spread: true,
      }),
    },
  } satisfies IDeployment;
}

/** Where the app's own processes, and the entrance, reach a type. */
export function service(setting: Setting, type: ProcessType): KubernetesObject {
  const object = processObject(setting.release.app, type);
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: metaOf(setting, object, type),
    spec: {
      ports: [{ appProtocol: "http", name: "http", port: 80, protocol: "TCP", targetPort: "http" }],
      // Nothing has the second label: whoever comes is told that nobody is there.
      selector: { [instanceLabel]: object, ...(setting.maintenance && { "douze.dev/maintenance": "on" }) },
      type: "ClusterIP",
    },
  } satisfies IService;
}

/** A machine is emptied one process of a type at a time, and never waits for one that is broken. */
export function disruptionBudget(setting: Setting, type: ProcessType): KubernetesObject {
  const object = processObject(setting.release.app, type);
  return {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: metaOf(setting, object, type),
    spec: { maxUnavailable: 1, selector: { matchLabels: { [instanceLabel]: object } }, unhealthyPodEvictionPolicy: "AlwaysAllow" },
  } satisfies IPodDisruptionBudget;
}

/** Whether others reach it: it is routed, it has health paths, or it is asked for a number. */
export function hasPort(setting: Setting, type: ProcessType, { routed, health }: ProcessDeclaration): boolean {
  return routed || health !== undefined || isAsked(setting, type);
}

/** Whether another type scales on a number that this one tells. */
export function isAsked({ release }: Setting, type: ProcessType): boolean {
  return Object.values(release.manifest.processes).some(({ autoscale }) => autoscale?.metric?.process === type);
}

/** @param count - absent where an autoscaler has it */
function countExemptions(count: number | undefined, routed: boolean): Exemption[] {
  if (count === undefined)
    return [{ judge: "polaris", check: "deploymentMissingReplicas", reason: "an autoscaler has the number of replicas" }];
  if (count >= 2) return [];
  const reason = "the formation says fewer than two";
  return [
    { judge: "polaris", check: "deploymentMissingReplicas", reason },
    ...(routed ? [{ judge: "kube-score", check: "deployment-replicas", reason } as const] : []),
  ];
}
