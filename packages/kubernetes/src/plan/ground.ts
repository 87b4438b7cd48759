import type { IPriorityClass } from "kubernetes-models/scheduling.k8s.io/v1/PriorityClass";
import type { INamespace } from "kubernetes-models/v1/Namespace";
import type { IServiceAccount } from "kubernetes-models/v1/ServiceAccount";
import type { KubernetesObject } from "./object.ts";
import { labelsOf, metaOf, type Setting } from "./setting.ts";

/** Of the standard that pods are held to; raised by a change of its own. */
const standardVersion = "v1.33";

/** As much as a namespace needs to know. */
export type NamespaceOf = {
  readonly namespace: string;
  readonly release: Pick<Setting["release"], "app">;
  readonly target: Pick<Setting["target"], "owner">;
};

/** What holds the environment. Whatever is removed, it is not. */
export function namespace(setting: NamespaceOf): KubernetesObject {
  const standard = Object.fromEntries(
    ["enforce", "audit", "warn"].flatMap((mode) => [
      [`pod-security.kubernetes.io/${mode}`, "restricted"],
      [`pod-security.kubernetes.io/${mode}-version`, standardVersion],
    ]),
  );
  const name = setting.namespace;
  return {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name, labels: { ...labelsOf(setting, name, "namespace"), ...standard } },
  } satisfies INamespace;
}

/** Who a process is, to the cluster and to a cloud. It may ask the cluster for nothing. */
export function account(setting: Setting, name: string, component: string): KubernetesObject {
  return {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: metaOf(setting, name, component, setting.target.identity),
    automountServiceAccountToken: false,
  } satisfies IServiceAccount;
}

/** How urgent the pods of apps are, beside the cluster's own: they give way to those, and to no batch work. */
export function priorityClass(name: string): KubernetesObject {
  return {
    apiVersion: "scheduling.k8s.io/v1",
    kind: "PriorityClass",
    metadata: { name, labels: { "app.kubernetes.io/managed-by": "douze" } },
    description: "Processes of apps that Douze releases",
    globalDefault: false,
    preemptionPolicy: "PreemptLowerPriority",
    value: 500,
  } satisfies IPriorityClass;
}
