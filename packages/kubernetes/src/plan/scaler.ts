import type { Autoscale, ProcessType } from "@douze/core";
import type { IScaledObject } from "@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject";
import type { IHorizontalPodAutoscaler } from "kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler";
import type { IIoK8sApiAutoscalingV2HorizontalPodAutoscalerBehavior } from "kubernetes-models/autoscaling/v2/HorizontalPodAutoscalerBehavior";
import { type Exemption, exemptionAnnotations } from "./exemption.ts";
import { processObject } from "./names.ts";
import type { KubernetesObject } from "./object.ts";
import { cpu } from "./resources.ts";
import { metaOf, type Setting } from "./setting.ts";

/** Whether the number of a type is an autoscaler's: none stays none, until a person sets it going again. */
export function isScaled({ release }: Setting, type: ProcessType): boolean {
  return release.manifest.processes[type]?.autoscale !== undefined && (release.formation[type] ?? 0) > 0;
}

/** The cluster's own autoscaler for CPU alone; KEDA, which drives it, for a number of the app's. */
export function scaler(setting: Setting, type: ProcessType, declared: Autoscale): KubernetesObject {
  return declared.metric ? scaledObject(setting, type, declared) : horizontal(setting, type, declared);
}

function horizontal(setting: Setting, type: ProcessType, declared: Autoscale): KubernetesObject {
  const object = processObject(setting.release.app, type);
  const { min, max } = declared;
  return {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: metaOf(setting, object, type, exemptionAnnotations(boundExemptions(declared))),
    spec: {
      behavior: behavior(declared),
      maxReplicas: max,
      metrics: [
        { resource: { name: "cpu", target: { averageValue: wantedCpu(setting, type, declared), type: "AverageValue" } }, type: "Resource" },
      ],
      minReplicas: min,
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: object },
    },
  } satisfies IHorizontalPodAutoscaler;
}

function scaledObject(setting: Setting, type: ProcessType, declared: Autoscale): KubernetesObject {
  const { release, namespace } = setting;
  const object = processObject(release.app, type);
  const { min, max, metric, cpuPercent } = declared;
  if (!metric) throw new Error(`${type} scales on no metric`);
  const asked = processObject(release.app, metric.process);
  const text =
    metric.name === undefined ? { format: "json", valueLocation: "@this" } : { format: "prometheus", valueLocation: metric.name };
  return {
    apiVersion: "keda.sh/v1alpha1",
    kind: "ScaledObject",
    metadata: metaOf(setting, object, type),
    spec: {
      advanced: { horizontalPodAutoscalerConfig: { behavior: behavior(declared) }, restoreToOriginalReplicaCount: false },
      cooldownPeriod: Math.ceil(declared.downMs / 1000),
      // Where nothing answers, there is no reason to end what runs.
      fallback: { behavior: "currentReplicas", failureThreshold: 3, replicas: min },
      maxReplicaCount: max,
      minReplicaCount: min,
      pollingInterval: 15,
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: object },
      triggers: [
        {
          type: "metrics-api",
          metricType: "AverageValue",
          metadata: { ...text, targetValue: String(metric.target), url: `http://${asked}.${namespace}.svc${metric.path}` },
        },
        ...(cpuPercent === undefined
          ? []
          : [{ type: "cpu", metricType: "AverageValue" as const, metadata: { value: wantedCpu(setting, type, declared) } }]),
      ],
    },
  } satisfies IScaledObject;
}

/** As a number of cores: the manifest's `cpu:` is what it is a share of, whatever the pod asks for. */
function wantedCpu({ release }: Setting, type: ProcessType, { cpuPercent = 0 }: Autoscale): string {
  return cpu(((release.manifest.processes[type]?.cores ?? 1) * cpuPercent) / 100);
}

/** The same pace and windows as on one machine. */
function behavior({ upMs, downMs }: Autoscale): IIoK8sApiAutoscalingV2HorizontalPodAutoscalerBehavior {
  return {
    scaleDown: {
      policies: [{ periodSeconds: 60, type: "Percent", value: 50 }],
      selectPolicy: "Max",
      stabilizationWindowSeconds: Math.ceil(downMs / 1000),
    },
    scaleUp: {
      policies: [
        { periodSeconds: 15, type: "Percent", value: 100 },
        { periodSeconds: 15, type: "Pods", value: 4 },
      ],
      selectPolicy: "Max",
      stabilizationWindowSeconds: Math.ceil(upMs / 1000),
    },
  };
}

function boundExemptions({ min, max }: Autoscale): Exemption[] {
  return [
    ...(min < 2
      ? ([
          { judge: "polaris", check: "hpaMinAvailability", reason: "the manifest says that one is enough" },
          { judge: "kube-score", check: "horizontalpodautoscaler-replicas", reason: "the manifest says that one is enough" },
        ] as const)
      : []),
    ...(max <= min ? [{ judge: "polaris", check: "hpaMaxAvailability", reason: "the manifest sets both bounds alike" } as const] : []),
  ];
}
