import type { Entrance, ResourceType } from "@douze/core";
import type { INetworkPolicy } from "kubernetes-models/networking.k8s.io/v1/NetworkPolicy";
import type { IIoK8sApiNetworkingV1NetworkPolicyEgressRule } from "kubernetes-models/networking.k8s.io/v1/NetworkPolicyEgressRule";
import type { IIoK8sApiNetworkingV1NetworkPolicyPeer } from "kubernetes-models/networking.k8s.io/v1/NetworkPolicyPeer";
import { denyObject } from "./names.ts";
import type { KubernetesObject } from "./object.ts";
import { containerPort } from "./place.ts";
import { instanceLabel, labelsOf, metaOf, type Setting } from "./setting.ts";

/** Where a cloud tells a machine who it is: no business of an app's. */
const metadataServer = "169.254.169.254/32";
const dnsPort = 53;
/** @see https://istio.io/latest/docs/ops/deployment/application-requirements/ */
const meshControl = 15_012;
const meshTunnel = 15_008;

/** Where an attachment's URL names no port. */
const portsByScheme: Readonly<Record<string, number>> = {
  "postgres:": 5432,
  "postgresql:": 5432,
  "redis:": 6379,
  "rediss:": 6379,
  "mysql:": 3306,
  "mongodb:": 27_017,
  "amqp:": 5672,
  "amqps:": 5671,
  "smtp:": 25,
  "smtps:": 465,
  "http:": 80,
  "https:": 443,
};

/** Nothing goes in or out of a pod that nobody spoke of; in a namespace that others may share, of the app's own pods alone. */
export function defaultDeny(setting: Setting): KubernetesObject {
  const name = denyObject(setting.release.app);
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name, namespace: setting.namespace, labels: labelsOf(setting, name, "network") },
    spec: {
      podSelector: setting.target.manageNamespace ? {} : { matchLabels: { "app.kubernetes.io/part-of": setting.release.app } },
      policyTypes: ["Ingress", "Egress"],
    },
  } satisfies INetworkPolicy;
}

/**
 * What the pods of one kind may reach, and be reached by.
 *
 * @param name - of the policy
 * @param pods - the value of their label; or all of a component, where each has a name of its own
 * @param routed - whether requests from outside come to them
 */
export function networkPolicy(
  setting: Setting,
  name: string,
  pods: string | undefined,
  component: string,
  routed: boolean,
): KubernetesObject {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: metaOf(setting, name, component),
    spec: {
      podSelector: { matchLabels: pods === undefined ? { "app.kubernetes.io/component": component } : { [instanceLabel]: pods } },
      policyTypes: ["Ingress", "Egress"],
      ingress: [{ from: callers(setting, routed), ports: ports(setting) }],
      egress: egress(setting),
    },
  } satisfies INetworkPolicy;
}

/** Where pods are reached: by the program's own port, or by the mesh's tunnel to it. */
function ports({ target }: Pick<Setting, "target">): { port: number; protocol: "TCP" }[] {
  const all = [containerPort, ...(target.mesh ? [meshTunnel] : [])];
  return all.map((port) => ({ port, protocol: "TCP" }));
}

function callers({ release: { app }, target }: Setting, routed: boolean): IIoK8sApiNetworkingV1NetworkPolicyPeer[] {
  return [
    { podSelector: { matchLabels: { "app.kubernetes.io/part-of": app } } },
    ...(routed && target.entrance ? [entrancePods(target.entrance)] : []),
    ...(target.monitoring === undefined ? [] : [inNamespace(target.monitoring)]),
    ...(target.keda ? [inNamespace("keda")] : []),
  ];
}

function entrancePods({ from }: Entrance): IIoK8sApiNetworkingV1NetworkPolicyPeer {
  return from === undefined ? { namespaceSelector: {} } : inNamespace(from);
}

function inNamespace(name: string): IIoK8sApiNetworkingV1NetworkPolicyPeer {
  return { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": name } } };
}

function egress({ release, target }: Setting): IIoK8sApiNetworkingV1NetworkPolicyEgressRule[] {
  const outside = new Set([...target.egress, ...Object.values(release.attachments).flatMap(({ url, type }) => portOf(url, type))]);
  return [
    // To wherever names are looked up: in the cluster's own pods, or in a cache on the machine.
    { ports: (["UDP", "TCP"] as const).map((protocol) => ({ port: dnsPort, protocol })) },
    {
      to: [{ podSelector: { matchLabels: { "app.kubernetes.io/part-of": release.app } } }],
      ports: ports({ target }),
    },
    // Where a mesh's own part of a pod is told who everybody is.
    ...(target.mesh ? [{ to: [inNamespace("istio-system")], ports: [{ port: meshControl, protocol: "TCP" as const }] }] : []),
    {
      to: [{ ipBlock: { cidr: "0.0.0.0/0", except: [metadataServer] } }, { ipBlock: { cidr: "::/0" } }],
      ports: [...outside].sort((a, b) => a - b).map((port) => ({ port, protocol: "TCP" as const })),
    },
  ].filter(({ ports: named }) => named.length > 0);
}

/** The port that a URL names, or that its scheme stands for. */
export function portOf(text: string, type: ResourceType): number[] {
  const url = URL.parse(text);
  // Of one that the cluster fetches, only its kind is known.
  const port = url?.port ? Number(url.port) : portsByScheme[url?.protocol === "external:" ? `${type}:` : (url?.protocol ?? "")];
  return port === undefined ? [] : [port];
}
