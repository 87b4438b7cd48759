import { stringify } from "yaml";
import type { KubernetesObject } from "./object.ts";

/**
 * Objects as one YAML text, a document each. Keys are sorted, so that equal objects are equal to the byte; texts that YAML 1.1 takes for
 * something else (`yes`, `1_000`, `12:30:45`) are quoted, since that is what clusters and their tools read.
 */
export function yamlOf(objects: readonly object[]): string {
  return objects.map((each) => stringify(each, options)).join("---\n");
}

/**
 * `10-serviceaccount-shop-web.yaml`: found by what it is, and sorted as objects need one another. A new object changes the name of no
 * other one's file.
 */
export function fileOf({ kind, metadata }: KubernetesObject): string {
  return `${order[kind] ?? 90}-${kind.toLowerCase()}-${metadata.name}.yaml`;
}

/** What comes first, by kind; the rest comes last. */
const order: Readonly<Record<string, string>> = {
  Namespace: "00",
  ServiceAccount: "10",
  NetworkPolicy: "20",
  ConfigMap: "30",
  Secret: "30",
  ExternalSecret: "30",
  PeerAuthentication: "30",
  RequestAuthentication: "30",
  AuthorizationPolicy: "30",
  Job: "40",
  Service: "50",
  Deployment: "60",
  PodDisruptionBudget: "70",
  HorizontalPodAutoscaler: "70",
  ScaledObject: "70",
  PodMonitor: "70",
  CronJob: "80",
};

const options = { version: "1.1", sortMapEntries: true, aliasDuplicateObjects: false, lineWidth: 0 } as const;
