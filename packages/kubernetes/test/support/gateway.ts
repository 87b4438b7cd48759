import type { Visit } from "@douze/engine/exam";
import type { Cluster } from "../../src/index.ts";

const routes = { apiVersion: "gateway.networking.k8s.io/v1", kind: "HTTPRoute", plural: "httproutes" };
const slices = { apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice", plural: "endpointslices" };

interface Route {
  readonly spec: {
    readonly hostnames: readonly string[];
    readonly rules: readonly { readonly backendRefs: readonly { readonly name: string; readonly weight: number }[] }[];
  };
}

interface Slice {
  readonly endpoints?: readonly { readonly addresses: readonly string[]; readonly conditions: { readonly ready?: boolean } }[] | null;
  readonly ports?: readonly { readonly port: number }[] | null;
}

/**
 * Asks for a host name as a Gateway does: by its HTTPRoute, at one of the endpoints of a Service that are ready; where none is, the answer is
 * its own. One that refuses the connection is passed over for another, as proxies do.
 *
 * @see https://gateway-api.sigs.k8s.io/reference/spec/#httprouterule - 503 where no endpoint is ready
 */
export async function visitThroughGateway(
  cluster: Cluster,
  namespace: string,
  host: string,
  path: string,
  signal: AbortSignal,
): Promise<Visit> {
  const { items } = await cluster.list<Route>(routes, namespace, "");
  const backends = items
    .filter(({ spec }) => spec.hostnames.includes(host))
    .flatMap(({ spec }) => spec.rules.flatMap(({ backendRefs }) => backendRefs))
    .filter(({ weight }) => weight > 0);
  if (backends.length === 0) return { status: 404, body: "", retryAfter: undefined };
  const found = await Promise.all(backends.map(({ name }) => cluster.list<Slice>(slices, namespace, `kubernetes.io/service-name=${name}`)));
  const places = found.flatMap((list) =>
    list.items.flatMap(({ endpoints, ports }) =>
      (endpoints ?? [])
        .filter(({ conditions }) => conditions.ready !== false)
        .map(({ addresses }) => `http://${addresses[0]}:${ports?.[0]?.port}`),
    ),
  );
  for (const place of shuffled(places)) {
    const answer = await fetch(`${place}${path}`, { signal, headers: { host, connection: "close" } }).catch((error: unknown) => {
      if (signal.aborted) throw error;
      return undefined;
    });
    if (answer) return { status: answer.status, body: await answer.text(), retryAfter: answer.headers.get("retry-after") ?? undefined };
  }
  return { status: 503, body: "", retryAfter: undefined };
}

function shuffled<T>(all: readonly T[]): readonly T[] {
  return all
    .map((each) => ({ each, order: Math.random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ each }) => each);
}
