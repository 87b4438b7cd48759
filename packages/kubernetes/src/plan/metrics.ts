import type { ProcessType } from "@douze/core";
import type { IPodMonitor } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PodMonitor";
import { processObject } from "./names.ts";
import type { KubernetesObject } from "./object.ts";
import { instanceLabel, metaOf, type Setting } from "./setting.ts";

/** Where Prometheus asks the processes of a type. */
export function podMonitor(setting: Setting, type: ProcessType): KubernetesObject[] {
  const { prometheus } = setting.target;
  if (!prometheus) return [];
  const object = processObject(setting.release.app, type);
  return [
    {
      apiVersion: "monitoring.coreos.com/v1",
      kind: "PodMonitor",
      metadata: metaOf(setting, object, type),
      spec: {
        podMetricsEndpoints: [{ interval: `${Math.ceil(prometheus.intervalMs / 1000)}s`, path: prometheus.path, port: "http" }],
        selector: { matchLabels: { [instanceLabel]: object } },
      },
    } satisfies IPodMonitor,
  ];
}
