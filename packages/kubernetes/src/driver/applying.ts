import type { IDeployment } from "kubernetes-models/apps/v1/Deployment";
import type { IReplicaSet } from "kubernetes-models/apps/v1/ReplicaSet";
import type { Cluster } from "../api/cluster.ts";
import { type Kind, kinds } from "../api/kinds.ts";
import { canonical, type KubernetesObject, objectName } from "../plan/object.ts";
import type { Rendered } from "../plan/render.ts";
import { waitForFetched } from "./attached.ts";

/** What belongs to an app and is removed when nothing names it any more. Namespaces and the ledger never are. */
const pruned = [
  kinds.route,
  kinds.ingress,
  kinds.cronJob,
  kinds.autoscaler,
  kinds.scaledObject,
  kinds.disruptionBudget,
  kinds.deployment,
  kinds.service,
  kinds.podMonitor,
  kinds.peerAuthentication,
  kinds.requestAuthentication,
  kinds.authorizationPolicy,
  kinds.networkPolicy,
  kinds.externalSecret,
  kinds.configMap,
  kinds.secret,
  kinds.serviceAccount,
] as const;

/** Brings objects into a cluster; what was brought there as it is, by this process, is not brought again. */
export class Applying {
  readonly #cluster: Cluster;
  readonly #force: boolean;
  readonly #applied = new Map<string, string>();
  readonly #fetched = new Set<string>();

  /** @param force - takes over fields that others have set */
  constructor(cluster: Cluster, force: boolean) {
    this.#cluster = cluster;
    this.#force = force;
  }

  /** @throws Problem cluster-conflict, cluster-refused, cluster-forbidden, cluster-unreachable */
  async apply(objects: readonly KubernetesObject[]): Promise<void> {
    for (const object of objects) await this.#one(object);
  }

  /**
   * Brings what pods need to be there before any of them is made.
   *
   * @throws Problem secret-not-fetched, cluster-conflict, cluster-refused, cluster-forbidden, cluster-unreachable
   */
  async prepare({ ground, setting: { namespace, frozen } }: Rendered, signal: AbortSignal): Promise<void> {
    await this.apply(ground);
    if (frozen.external === undefined || this.#fetched.has(frozen.external)) return;
    await waitForFetched(this.#cluster, namespace, frozen.external, signal);
    this.#fetched.add(frozen.external);
  }

  /** A Job is made once: it cannot be changed, and one of its name has been there before. */
  async create(object: KubernetesObject): Promise<void> {
    await this.#cluster.createNew(object);
  }

  /** Removes an object, which may be applied again later. */
  async remove(kind: Kind, namespace: string, name: string): Promise<void> {
    await this.#cluster.remove(kind, namespace, name);
    this.#applied.delete(`${kind.kind} ${name}`);
    // What was fetched goes with what asked for it.
    this.#fetched.delete(name);
  }

  /**
   * Removes what is an app's and neither wanted nor in use: frozen objects stay while a set of pods, old or new, names them.
   *
   * @returns names of what was removed
   */
  async prune(namespace: string, app: string, wanted: readonly KubernetesObject[]): Promise<readonly string[]> {
    const kept = new Set(wanted.map(objectName));
    for (const name of await this.#inUse(namespace, app)) kept.add(name);
    const removed: string[] = [];
    for (const kind of pruned) {
      const selector = `app.kubernetes.io/part-of=${app},app.kubernetes.io/managed-by=douze,!douze.dev/ledger`;
      for (const object of (await this.#cluster.list(kind, namespace, selector)).items) {
        const component = object.metadata.labels?.["app.kubernetes.io/component"];
        if (kept.has(objectName(object)) || component === "environment") continue;
        await this.remove(kind, namespace, object.metadata.name);
        removed.push(objectName(object));
      }
    }
    return removed;
  }

  async #one(object: KubernetesObject): Promise<void> {
    const name = objectName(object);
    const text = canonical(object);
    if (this.#applied.get(name) === text) return;
    const scaled = object.kind === "Deployment" && (object as unknown as IDeployment).spec?.replicas === undefined;
    if (scaled) await this.#handOver(object);
    else await this.#cluster.apply(object, { force: this.#force });
    this.#applied.set(name, text);
  }

  /**
   * A number that is no longer written falls back to one unless somebody has it: it is held by a name of its own until an autoscaler sets
   * it, and a Deployment that is made anew begins with it.
   */
  async #handOver(object: KubernetesObject): Promise<void> {
    const { name, namespace = "" } = object.metadata;
    const there = await this.#cluster.get<IDeployment>(kinds.deployment, namespace, name);
    const replicas = there?.spec?.replicas;
    if (replicas !== undefined) await this.#cluster.apply(held(object, replicas), { manager: handOverManager, force: true });
    await this.#cluster.apply(object, { force: this.#force });
  }

  /** Names of the frozen objects that sets of pods still name. */
  async #inUse(namespace: string, app: string): Promise<readonly string[]> {
    const selector = `app.kubernetes.io/part-of=${app}`;
    const sets = await this.#cluster.list<IReplicaSet>(kinds.replicaSet, namespace, selector);
    const pods = await this.#cluster.list<{
      metadata: { name: string };
      spec?: NonNullable<NonNullable<IReplicaSet["spec"]>["template"]>["spec"];
    }>(kinds.pod, namespace, selector);
    const specs = [...sets.items.map(({ spec }) => spec?.template?.spec), ...pods.items.map(({ spec }) => spec)];
    return specs.flatMap((spec) =>
      (spec?.containers ?? []).flatMap(({ envFrom = [] }) =>
        envFrom.flatMap(({ configMapRef, secretRef }) => [
          ...(configMapRef?.name === undefined ? [] : [`ConfigMap ${configMapRef.name}`]),
          ...(secretRef?.name === undefined ? [] : [`Secret ${secretRef.name}`, `ExternalSecret ${secretRef.name}`]),
        ]),
      ),
    );
  }
}

const handOverManager = "douze-handover";

function held({ apiVersion, kind, metadata: { name, namespace } }: KubernetesObject, replicas: number): KubernetesObject {
  return { apiVersion, kind, metadata: { name, ...(namespace !== undefined && { namespace }) }, spec: { replicas } };
}
