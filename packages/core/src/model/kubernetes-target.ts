import * as z from "zod";
import { type Gitops, gitopsOf, gitopsShape, type WrittenGitops } from "./gitops.ts";
import { duration } from "./quantity.ts";
import { flag } from "./scalar.ts";

/** A namespace of a cluster, which runs an environment in place of this machine. */
export interface KubernetesTarget {
  readonly kind: "kubernetes";
  /** Host names that are routed to this app. Empty: it is reached within the cluster alone. */
  readonly hosts: readonly string[];
  /** Where its images are pushed to, without a tag: `registry.example.org/team/shop`. */
  readonly image: string;
  /** Of the kubeconfig. Default its current context. */
  readonly context?: string;
  /** Default `<app>-<environment>`. */
  readonly namespace?: string;
  /** Whether the namespace is an object of this environment too; it is never removed. Default false. */
  readonly manageNamespace: boolean;
  /** How requests for `hosts` come in. Absent: they do not. */
  readonly entrance?: Entrance;
  /** Before each start. `Always` asks the registry each time; `IfNotPresent` is for images that were loaded by hand. */
  readonly pullPolicy: "Always" | "IfNotPresent";
  /** Secret of the namespace with the registry's credentials. */
  readonly pullSecret?: string;
  /** PriorityClass of every pod; `null` names none. Default `douze-default`, which `douze cluster init` makes. */
  readonly priorityClass: string | null;
  /** How long a process that is to end goes on taking requests while the cluster's routes are told, in milliseconds. Default 10_000. */
  readonly lingerMs: number;
  /** How long a process must have stayed ready to count, in milliseconds. Default 10_000. */
  readonly minReadyMs: number;
  /** Ports outside the namespace that processes may reach beside those of their resources. Default 80 and 443. */
  readonly egress: readonly number[];
  /** Namespaces whose pods may reach the health ports: where the monitoring runs. */
  readonly monitoring?: string;
  /** Whether KEDA is in the cluster: what autoscales on a number of the app's needs it. Default false. */
  readonly keda: boolean;
  /** Annotations of the processes' service accounts, by which a cloud knows who they are. */
  readonly identity: Readonly<Record<string, string>>;
  /** Whether a bound on CPU is set where the manifest sets none. Default true: at least a core, else four times what is counted on. */
  readonly cpuLimits: boolean;
  /** Who answers for the app. */
  readonly owner?: { readonly team?: string; readonly email?: string };
  /** Where the cluster fetches values from that are written as `external://…`. Absent: such a text is none of these. */
  readonly externalSecrets?: { readonly store: string; readonly kind: "SecretStore" | "ClusterSecretStore" };
  /** A service mesh, which lets in who may come. */
  readonly mesh?: Mesh;
  /** Where Prometheus asks each process that has a port; its operator is in the cluster. */
  readonly prometheus?: { readonly path: string; readonly intervalMs: number };
  /** Releases go to a repository in place of the cluster. */
  readonly gitops?: Gitops;
}

export type Entrance =
  /** A Gateway that the platform owns; TLS is its listener's. */
  | { readonly by: "gateway"; readonly name: string; readonly namespace: string; readonly section?: string; readonly from?: string }
  /** `from`, here and above: the namespace whose pods bring the requests. Absent: any. */
  | { readonly by: "ingress"; readonly className: string; readonly tlsSecret: string; readonly from?: string };

/** Of Istio. Only the app's own processes, the gateway and those that are named may ask. */
export interface Mesh {
  /** `cluster.local/ns/gateways/sa/public`: who brings the requests from outside. */
  readonly gateway?: string;
  /** Others who may ask what is routed. */
  readonly callers: readonly string[];
  /** Whose tokens a request from outside must carry. */
  readonly jwt?: { readonly issuer: string; readonly jwksUri?: string; readonly audiences: readonly string[] };
}

const label = (what: string): z.ZodString =>
  z
    .string({ error: what })
    .regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, { error: `${what}: lower-case letters, digits, dashes and dots` });
const port = z.int({ error: "a port" }).min(1, { error: "a port from 1" }).max(65_535, { error: "a port up to 65535" });
const gateway = z.strictObject(
  {
    name: label("the name of a Gateway"),
    namespace: label("the Gateway's namespace"),
    from: label("a namespace").optional().meta({ description: "Where the pods run that bring its requests. Default any" }),
    section: label("a listener's name").optional().meta({ description: "The listener that routes attach to. Default any" }),
  },
  { error: "keys `name:` and `namespace:`" },
);
const ingress = z.strictObject(
  {
    class: label("an IngressClass"),
    tls: label("the name of a Secret").meta({ description: "Secret with the certificate for `hosts:`" }),
    from: label("a namespace").optional().meta({ description: "Where the ingress controller's pods run. Default any" }),
  },
  { error: "keys `class:` and `tls:`" },
);
const owner = z.strictObject(
  {
    team: z
      .string({ error: "a name" })
      .regex(/^[A-Za-z]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/, { error: "a name of letters, digits, `-`, `_` and `.`" })
      .optional(),
    email: z.string({ error: "an address" }).optional(),
  },
  { error: "keys `team:` and `email:`" },
);

const externalSecrets = z.strictObject(
  {
    store: label("the name of a SecretStore"),
    kind: z
      .enum(["SecretStore", "ClusterSecretStore"], { error: "`SecretStore` or `ClusterSecretStore`" })
      .optional()
      .meta({ description: "Default SecretStore" }),
  },
  { error: "keys `store:` and `kind:`" },
);
const principal = z
  .string({ error: "a principal" })
  .regex(/^[^\s/]+\/ns\/[^\s/]+\/sa\/[^\s/]+$/, { error: "a principal, such as cluster.local/ns/gateways/sa/public" });
const url = z.string({ error: "a URL" }).regex(/^https?:\/\/\S+$/, { error: "a URL, such as https://id.example.org" });
const mesh = z.strictObject(
  {
    kind: z.literal("istio", { error: "`istio`" }),
    gateway: principal.optional().meta({ description: "Who brings the requests from outside" }),
    callers: z.array(principal, { error: "a list of principals" }).optional().meta({ description: "Others who may ask what is routed" }),
    jwt: z
      .strictObject(
        {
          issuer: url,
          jwksUri: url.optional().meta({ description: "Where the issuer's keys are. Default found by the issuer" }),
          audiences: z.array(z.string({ error: "a text" }), { error: "a list of texts" }).optional(),
        },
        { error: "keys such as `issuer:`" },
      )
      .optional()
      .meta({ description: "Whose tokens a request from outside must carry" }),
  },
  { error: "keys such as `kind: istio`" },
);
const prometheus = z.strictObject(
  {
    path: z
      .string({ error: "a path" })
      .regex(/^\//, { error: "a path that begins with `/`" })
      .optional()
      .meta({ description: "Default /metrics" }),
    interval: duration("Between two looks. Default 30s", 3_600_000).optional(),
  },
  { error: "keys `path:` and `interval:`" },
);

/** `target:` of an inventory with `kind: kubernetes`, as it is written. */
export const kubernetesTargetShape: z.ZodObject = z
  .strictObject(
    {
      kind: z.literal("kubernetes"),
      hosts: z
        .array(
          z.string({ error: "a host name" }).regex(/^(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, {
            error: "a host name in lower case, such as shop.example.org or *.example.org",
          }),
          { error: "a list of host names" },
        )
        .optional()
        .meta({ description: "Routed to this app; needs `gateway:` or `ingress:`. Default none: reached within the cluster alone" }),
      image: z
        .string({ error: "where its images are pushed to, such as registry.example.org/team/shop" })
        .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)+$/, {
          error: "a repository with its registry and no tag, such as registry.example.org/team/shop",
        })
        .meta({ description: "Where its images are pushed to, without a tag" }),
      context: z
        .string({ error: "a context of the kubeconfig" })
        .optional()
        .meta({ description: "Of the kubeconfig. Default its current context" }),
      namespace: label("a namespace")
        .max(63, { error: "a namespace of at most 63 characters" })
        .optional()
        .meta({ description: "Default <app>-<environment>" }),
      manageNamespace: flag
        .optional()
        .meta({ description: "Whether the namespace is made and labelled too. It is never removed. Default false" }),
      gateway: gateway.optional().meta({ description: "A Gateway of the platform's, for an HTTPRoute" }),
      ingress: ingress.optional().meta({ description: "In place of a Gateway" }),
      pullPolicy: z
        .enum(["Always", "IfNotPresent"], { error: "`Always` or `IfNotPresent`" })
        .optional()
        .meta({ description: "IfNotPresent for images that were loaded by hand. Default Always" }),
      pullSecret: label("the name of a Secret").optional().meta({ description: "With the registry's credentials" }),
      priorityClass: z
        .union([label("a PriorityClass"), z.literal(false)], { error: "the name of a PriorityClass, or `false` for none" })
        .optional()
        .meta({ description: "Of every pod; false for none. Default douze-default" }),
      linger: duration("How long a process that is to end goes on taking requests while routes are told. Default 10s", 600_000).optional(),
      minReady: duration("How long a process must have stayed ready to count. Default 10s", 600_000).optional(),
      egress: z
        .array(port, { error: "a list of ports" })
        .optional()
        .meta({ description: "Ports that processes may reach beside those of their resources. Default 80 and 443" }),
      monitoring: label("a namespace").optional().meta({ description: "Namespace whose pods may reach the processes' ports" }),
      keda: flag.optional().meta({ description: "Whether KEDA is in the cluster, which `autoscale.metric` needs. Default false" }),
      identity: z
        .record(z.string(), z.string({ error: "a text" }), { error: "annotations" })
        .optional()
        .meta({ description: "Annotations of the service accounts, such as eks.amazonaws.com/role-arn" }),
      cpuLimits: flag.optional().meta({ description: "Whether CPU is bounded where the manifest says nothing. Default true" }),
      owner: owner.optional().meta({ description: "Who answers for the app" }),
      externalSecrets: externalSecrets
        .optional()
        .meta({ description: "External Secrets is in the cluster, and fetches values that are written as external://key?version=3" }),
      mesh: mesh.optional().meta({ description: "Istio is in the cluster: who may ask, and with which token" }),
      prometheus: prometheus.optional().meta({ description: "Prometheus Operator is in the cluster: where processes tell their metrics" }),
      gitops: gitopsShape.optional(),
    },
    { error: "keys such as `image:`" },
  )
  .meta({ description: "A namespace of a Kubernetes cluster" });

export interface WrittenKubernetesTarget {
  readonly kind: "kubernetes";
  readonly hosts?: readonly string[];
  readonly image: string;
  readonly context?: string;
  readonly namespace?: string;
  readonly manageNamespace?: boolean;
  readonly gateway?: { readonly name: string; readonly namespace: string; readonly section?: string; readonly from?: string };
  readonly ingress?: { readonly class: string; readonly tls: string; readonly from?: string };
  readonly pullPolicy?: "Always" | "IfNotPresent";
  readonly pullSecret?: string;
  readonly priorityClass?: string | false;
  readonly linger?: number;
  readonly minReady?: number;
  readonly egress?: readonly number[];
  readonly monitoring?: string;
  readonly keda?: boolean;
  readonly identity?: Readonly<Record<string, string>>;
  readonly cpuLimits?: boolean;
  readonly owner?: { readonly team?: string; readonly email?: string };
  readonly externalSecrets?: { readonly store: string; readonly kind?: "SecretStore" | "ClusterSecretStore" };
  readonly mesh?: { readonly kind: "istio"; readonly gateway?: string; readonly callers?: readonly string[]; readonly jwt?: WrittenJwt };
  readonly prometheus?: { readonly path?: string; readonly interval?: number };
  readonly gitops?: WrittenGitops;
}

interface WrittenJwt {
  readonly issuer: string;
  readonly jwksUri?: string;
  readonly audiences?: readonly string[];
}

/** What is declared; or, as a text, what is wrong with it. */
export function kubernetesTargetOf(written: WrittenKubernetesTarget): KubernetesTarget | string {
  const { hosts = [], priorityClass = "douze-default", context, namespace, pullSecret, monitoring } = written;
  const entrance = entranceOf(written, hosts);
  if (typeof entrance === "string") return entrance;
  if (written.prometheus && monitoring === undefined)
    return "`prometheus:` needs `monitoring:`, the namespace from which processes are asked";
  const gitops = written.gitops && gitopsOf(written.gitops);
  if (typeof gitops === "string") return gitops;
  return {
    kind: "kubernetes",
    hosts,
    image: written.image,
    manageNamespace: written.manageNamespace ?? false,
    pullPolicy: written.pullPolicy ?? "Always",
    priorityClass: priorityClass === false ? null : priorityClass,
    lingerMs: written.linger ?? 10_000,
    minReadyMs: written.minReady ?? 10_000,
    egress: written.egress ?? [80, 443],
    keda: written.keda ?? false,
    identity: written.identity ?? {},
    cpuLimits: written.cpuLimits ?? true,
    ...(context !== undefined && { context }),
    ...(namespace !== undefined && { namespace }),
    ...(entrance && { entrance }),
    ...(pullSecret !== undefined && { pullSecret }),
    ...(monitoring !== undefined && { monitoring }),
    ...(written.owner && { owner: written.owner }),
    ...neighboursOf(written),
    ...(gitops && { gitops }),
  };
}

/** What else is in the cluster. */
function neighboursOf({ externalSecrets: store, mesh: own, prometheus: asked }: WrittenKubernetesTarget): Partial<KubernetesTarget> {
  return {
    ...(store && { externalSecrets: { store: store.store, kind: store.kind ?? "SecretStore" } }),
    ...(own && {
      mesh: {
        callers: own.callers ?? [],
        ...(own.gateway !== undefined && { gateway: own.gateway }),
        ...(own.jwt && { jwt: { ...own.jwt, audiences: own.jwt.audiences ?? [] } }),
      },
    }),
    ...(asked && { prometheus: { path: asked.path ?? "/metrics", intervalMs: asked.interval ?? 30_000 } }),
  };
}

function entranceOf({ gateway, ingress: old }: WrittenKubernetesTarget, hosts: readonly string[]): Entrance | string | undefined {
  if (gateway && old) return "expected one of `gateway:` and `ingress:`";
  if (hosts.length > 0 && !gateway && !old) return "`hosts:` needs `gateway:` or `ingress:`, by which requests come into the cluster";
  if (hosts.length === 0 && (gateway || old)) return "`gateway:` and `ingress:` need `hosts:`, which are routed to this app";
  if (gateway) return { by: "gateway", ...gateway };
  return old && { by: "ingress", className: old.class, tlsSecret: old.tls, ...(old.from !== undefined && { from: old.from }) };
}
