import type { Entrance, ProcessType } from "@douze/core";
import type { IHTTPRoute } from "@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1/HTTPRoute";
import type { IIngress } from "kubernetes-models/networking.k8s.io/v1/Ingress";
import { processObject } from "./names.ts";
import type { KubernetesObject } from "./object.ts";
import { metaOf, type Setting } from "./setting.ts";

/** How requests from outside reach the types that are routed, shared out by how many of each run. */
export function route(setting: Setting, entrance: Entrance, types: readonly ProcessType[]): KubernetesObject {
  const { release, target } = setting;
  const backends = types.map((type) => ({ name: processObject(release.app, type), weight: Math.max(1, release.formation[type] ?? 0) }));
  if (entrance.by === "ingress") return ingress(setting, entrance, backends[0]?.name ?? "");
  const { name, namespace, section } = entrance;
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: metaOf(setting, release.app, "route"),
    spec: {
      hostnames: [...target.hosts],
      parentRefs: [
        { group: "gateway.networking.k8s.io", kind: "Gateway", name, namespace, ...(section !== undefined && { sectionName: section }) },
      ],
      rules: [
        {
          backendRefs: backends.map((each) => ({ group: "", kind: "Service", ...each, port: 80 })),
          matches: [{ path: { type: "PathPrefix", value: "/" } }],
        },
      ],
    },
  } satisfies IHTTPRoute;
}

function ingress(setting: Setting, { className, tlsSecret }: Extract<Entrance, { by: "ingress" }>, service: string): KubernetesObject {
  const { release, target } = setting;
  const hosts = [...target.hosts];
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: metaOf(setting, release.app, "route"),
    spec: {
      ingressClassName: className,
      rules: hosts.map((host) => ({
        host,
        http: { paths: [{ backend: { service: { name: service, port: { name: "http" } } }, path: "/", pathType: "Prefix" as const }] },
      })),
      tls: [{ hosts, secretName: tlsSecret }],
    },
  } satisfies IIngress;
}
