/** Where objects of a kind lie: in the API's words, a resource. */
export interface Kind {
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string;
  /** Not in a namespace. Default false. */
  readonly cluster?: boolean;
}

const of = (apiVersion: string, kind: string, plural: string): Kind => ({ apiVersion, kind, plural });

export type KindName =
  | "namespace"
  | "serviceAccount"
  | "configMap"
  | "secret"
  | "service"
  | "endpointSlice"
  | "pod"
  | "event"
  | "deployment"
  | "replicaSet"
  | "job"
  | "cronJob"
  | "autoscaler"
  | "scaledObject"
  | "disruptionBudget"
  | "networkPolicy"
  | "ingress"
  | "externalSecret"
  | "peerAuthentication"
  | "requestAuthentication"
  | "authorizationPolicy"
  | "podMonitor"
  | "route"
  | "lease"
  | "priorityClass"
  | "node";

/** Every kind that is made or looked at. */
export const kinds: Readonly<Record<KindName, Kind>> = {
  namespace: { ...of("v1", "Namespace", "namespaces"), cluster: true },
  serviceAccount: of("v1", "ServiceAccount", "serviceaccounts"),
  configMap: of("v1", "ConfigMap", "configmaps"),
  secret: of("v1", "Secret", "secrets"),
  service: of("v1", "Service", "services"),
  endpointSlice: of("discovery.k8s.io/v1", "EndpointSlice", "endpointslices"),
  pod: of("v1", "Pod", "pods"),
  event: of("v1", "Event", "events"),
  deployment: of("apps/v1", "Deployment", "deployments"),
  replicaSet: of("apps/v1", "ReplicaSet", "replicasets"),
  job: of("batch/v1", "Job", "jobs"),
  cronJob: of("batch/v1", "CronJob", "cronjobs"),
  autoscaler: of("autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers"),
  scaledObject: of("keda.sh/v1alpha1", "ScaledObject", "scaledobjects"),
  disruptionBudget: of("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets"),
  networkPolicy: of("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies"),
  ingress: of("networking.k8s.io/v1", "Ingress", "ingresses"),
  externalSecret: of("external-secrets.io/v1", "ExternalSecret", "externalsecrets"),
  peerAuthentication: of("security.istio.io/v1", "PeerAuthentication", "peerauthentications"),
  requestAuthentication: of("security.istio.io/v1", "RequestAuthentication", "requestauthentications"),
  authorizationPolicy: of("security.istio.io/v1", "AuthorizationPolicy", "authorizationpolicies"),
  podMonitor: of("monitoring.coreos.com/v1", "PodMonitor", "podmonitors"),
  route: of("gateway.networking.k8s.io/v1", "HTTPRoute", "httproutes"),
  lease: of("coordination.k8s.io/v1", "Lease", "leases"),
  node: { ...of("v1", "Node", "nodes"), cluster: true },
  priorityClass: { ...of("scheduling.k8s.io/v1", "PriorityClass", "priorityclasses"), cluster: true },
};

const byName = new Map<string, Kind>(Object.values(kinds).map((kind) => [`${kind.apiVersion}/${kind.kind}`, kind]));

/** @throws Error - of a kind that is never made */
export function kindOf({ apiVersion, kind }: { readonly apiVersion: string; readonly kind: string }): Kind {
  const found = byName.get(`${apiVersion}/${kind}`);
  if (!found) throw new Error(`no object of ${apiVersion}, kind ${kind} is ever made`);
  return found;
}

/** `/apis/apps/v1/namespaces/shop/deployments/shop-web` */
export function pathOf({ apiVersion, plural, cluster }: Kind, namespace: string, name?: string): string {
  const group = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const place = cluster ? "" : `/namespaces/${namespace}`;
  return `${group}${place}/${plural}${name === undefined ? "" : `/${name}`}`;
}
