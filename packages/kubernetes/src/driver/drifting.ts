import { type Cluster, ClusterRefusal } from "../api/cluster.ts";
import { kindOf } from "../api/kinds.ts";
import { type Drift, driftOf, ownersIn } from "../plan/drift.ts";
import { type KubernetesObject, objectName } from "../plan/object.ts";

/** Asks the cluster what each object would become if it were applied again, and changes nothing. */
export async function drifting(cluster: Cluster, objects: readonly KubernetesObject[]): Promise<readonly Drift[]> {
  const found: Drift[] = [];
  for (const object of objects) {
    const { name, namespace = "" } = object.metadata;
    const live = await cluster.get(kindOf(object), namespace, name);
    const wanted = live ? await cluster.apply(object, { force: true, dryRun: true }) : object;
    const first = driftOf(objectName(object), live, wanted, new Map());
    found.push(...(live && first.length > 0 ? driftOf(objectName(object), live, wanted, await owners(cluster, object)) : first));
  }
  return found;
}

async function owners(cluster: Cluster, object: KubernetesObject): Promise<ReadonlyMap<string, string>> {
  try {
    await cluster.apply(object, { dryRun: true });
    return new Map();
  } catch (error) {
    if (error instanceof ClusterRefusal && error.refusal.status === 409) return ownersIn(error.refusal.causes);
    throw error;
  }
}
