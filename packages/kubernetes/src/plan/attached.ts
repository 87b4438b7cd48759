import type { ResourceType } from "@douze/core";
import type { IEndpointSlice } from "kubernetes-models/discovery.k8s.io/v1/EndpointSlice";
import type { IService } from "kubernetes-models/v1/Service";
import { portOf } from "./network.ts";

/** A Service that a resource's URL names. */
export interface AttachedService {
  readonly name: string;
  readonly namespace: string;
  readonly port?: number;
  /** Whether the name can mean nothing else. */
  readonly sure: boolean;
}

/** What is found out about a resource by looking at the cluster's objects. */
export type Finding = { readonly there: boolean; readonly detail: string };

const label = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?";
const pattern = new RegExp(`^(?<name>${label})(\\.(?<space>${label})(?<svc>\\.svc(\\.cluster\\.local)?\\.?)?)?$`);

/** The Service that a URL names, read as a pod of that namespace would look it up; nothing where it names a place elsewhere. */
export function attachedService(url: string, type: ResourceType, namespace: string): AttachedService | undefined {
  if (!URL.canParse(url)) return undefined;
  const { hostname, protocol } = new URL(url);
  const { name, space, svc } = pattern.exec(hostname.toLowerCase())?.groups ?? {};
  // The cluster fetches it, and nobody else knows what it says.
  if (protocol === "external:" || name === undefined || name === "localhost" || /^\d+$/.test(space ?? "")) return undefined;
  const [port] = portOf(url, type);
  return { name, namespace: space ?? namespace, ...(port !== undefined && { port }), sure: space === undefined || svc !== undefined };
}

/**
 * Whether a Service can answer.
 *
 * @param slices - its endpoints; absent: whoever asks may not see them
 * @returns nothing where its objects do not tell
 */
export function findingOf(
  { name, namespace, port, sure }: AttachedService,
  service: IService | undefined,
  slices: readonly IEndpointSlice[] | undefined,
): Finding | undefined {
  const called = `Service ${name} in ${namespace}`;
  if (!service) return sure ? { there: false, detail: `there is no ${called}` } : undefined;
  const { type, clusterIP, ports = [] } = service.spec ?? {};
  if (type === "ExternalName") return undefined;
  // Without an address of its own its name stands for the pods', and they may listen on any port.
  if (clusterIP !== "None" && port !== undefined && !ports.some((each) => each.port === port)) {
    return { there: false, detail: `the ${called} has no port ${port}: it has ${ports.map((each) => each.port).join(", ") || "none"}` };
  }
  if (!slices) return undefined;
  const ready = slices.flatMap(({ endpoints }) => endpoints ?? []).filter(({ conditions }) => conditions?.ready !== false).length;
  return ready === 0
    ? { there: false, detail: `the ${called} has nothing behind it that is ready` }
    : { there: true, detail: `${called}: ${ready} ready; whether it lets this app in is found out by the release task and the processes` };
}
