import { Problem, type ResourceType } from "@douze/core";
import type { Reachability } from "@douze/engine";
import type { IEndpointSlice } from "kubernetes-models/discovery.k8s.io/v1/EndpointSlice";
import type { IService } from "kubernetes-models/v1/Service";
import { type Cluster, ClusterRefusal } from "../api/cluster.ts";
import { kinds } from "../api/kinds.ts";
import { type Watched, watch } from "../api/watch.ts";
import { attachedService, type Finding, findingOf } from "../plan/attached.ts";

/** How long values may take to be fetched, in milliseconds. */
const fetchMs = 20_000;

const unseen: Reachability = {
  reachable: true,
  detail: "reached from the cluster; not looked at from here: the release task and the processes find out",
};

/**
 * Looks whether a resource can answer, as far as the cluster's own objects tell: a URL that names a Service needs one, with that port and
 * something ready behind it. No connection is made: this machine is elsewhere, and an app's image has nothing to make one with.
 *
 * @param timeoutMs - how long what is not there may take to come
 */
export async function checkAttached(
  { cluster, namespace }: { readonly cluster: Cluster; readonly namespace: string },
  { url, type }: { readonly url: string; readonly type: ResourceType },
  signal: AbortSignal,
  timeoutMs: number,
): Promise<Reachability> {
  const named = attachedService(url, type, namespace);
  if (!named) return unseen;
  let found: Finding | undefined;
  const settled = new AbortController();
  const over = AbortSignal.any([signal, settled.signal, AbortSignal.timeout(timeoutMs)]);
  const judge = (): void => {
    if (services.seen === undefined || slices.seen === undefined) return;
    found = findingOf(named, services.picture.get(named.name), slices.seen === "refused" ? undefined : [...slices.picture.values()]);
    if (!found || found.there) settled.abort();
  };
  const services = new Seen<IService>(judge);
  const slices = new Seen<IEndpointSlice>(judge);
  const byName = { fieldSelector: `metadata.name=${named.name}` };
  const byService = { labelSelector: `kubernetes.io/service-name=${named.name}` };
  try {
    await Promise.all([
      watch(cluster, kinds.service, named.namespace, byName, services, over).catch((error: unknown) => services.refuse(error)),
      watch(cluster, kinds.endpointSlice, named.namespace, byService, slices, over).catch((error: unknown) => slices.refuse(error)),
    ]);
  } finally {
    settled.abort();
  }
  // In another namespace, and not for whoever asks to see.
  if (services.seen === "refused" || !found) return unseen;
  return { reachable: found.there, detail: found.detail };
}

/**
 * Waits until External Secrets has fetched what a release wants.
 *
 * @throws Problem secret-not-fetched - it has not, with what its operator says of it
 */
export async function waitForFetched(
  cluster: Cluster,
  namespace: string,
  name: string,
  signal: AbortSignal,
  patienceMs: number = fetchMs,
): Promise<void> {
  const settled = new AbortController();
  const over = AbortSignal.any([signal, settled.signal, AbortSignal.timeout(patienceMs)]);
  const picture = new Map<string, Watched>();
  const changed = (): void => {
    if (picture.has(name)) settled.abort();
  };
  await watch(cluster, kinds.secret, namespace, { fieldSelector: `metadata.name=${name}` }, { picture, changed }, over);
  if (settled.signal.aborted) return;
  signal.throwIfAborted();
  throw notFetched(name, patienceMs, await cluster.get<ExternalSecret>(kinds.externalSecret, namespace, name));
}

interface ExternalSecret {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[] };
}

function notFetched(name: string, patienceMs: number, external: ExternalSecret | undefined): Problem {
  const said = external?.status?.conditions?.find(({ type, status }) => type === "Ready" && status !== "True")?.message;
  return new Problem({
    code: "secret-not-fetched",
    what: `External Secrets has not fetched the Secret ${name} within ${patienceMs / 1000} s`,
    why: said ?? "its operator has not said why: it may not run in this cluster, or not look after this namespace",
    fix: `mend the \`external://\` values or \`externalSecrets:\` of the inventory; \`kubectl describe externalsecret ${name}\` shows more`,
  });
}

/** What is known of the objects of one kind. */
class Seen<T> {
  readonly picture = new Map<string, T & Watched>();
  /** Absent: not yet. */
  seen: "listed" | "refused" | undefined;
  readonly changed: () => void;
  readonly #judge: () => void;

  constructor(judge: () => void) {
    this.#judge = judge;
    this.changed = () => {
      this.seen = "listed";
      judge();
    };
  }

  /** Whoever asks may not see them: nothing is known, and that is known. */
  refuse(error: unknown): void {
    if (!(error instanceof ClusterRefusal && error.refusal.status === 403)) throw error;
    this.seen = "refused";
    this.#judge();
  }
}
