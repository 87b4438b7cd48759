import { expect, test } from "vitest";
import { type Cluster, namespace, objectsOf, render } from "../src/index.ts";
import { clusterMissing, TestCluster } from "./support/cluster.ts";
import { examples } from "./support/examples.ts";
import { written } from "./support/release.ts";

const missing = clusterMissing();
if (missing !== undefined) console.log(`skipped: ${missing}`);

test.skipIf(missing !== undefined)(
  "a cluster takes every object as it is rendered, with nothing to remark, and a misspelt field it does not",
  async () => {
    await using testCluster = await TestCluster.start();
    await testCluster.define();
    using cluster: Cluster = testCluster.connect();
    const kinds = new Set<string>();
    for (const [name, from] of Object.entries(examples)) {
      const input = written(from);
      const own = `try-${name}`;
      const target = { ...input.target, namespace: own };
      const rendered = render({ ...input, target });
      await cluster.apply(namespace({ namespace: own, release: rendered.setting.release, target }));
      for (const object of [...objectsOf(rendered), ...rendered.oneOffs]) {
        await cluster.apply(object);
        kinds.add(object.kind);
      }
    }
    expect(testCluster.warnings).toEqual([]);
    expect([...kinds].sort()).toEqual([
      "AuthorizationPolicy",
      "ConfigMap",
      "CronJob",
      "Deployment",
      "ExternalSecret",
      "HTTPRoute",
      "HorizontalPodAutoscaler",
      "Ingress",
      "Job",
      "Namespace",
      "NetworkPolicy",
      "PeerAuthentication",
      "PodDisruptionBudget",
      "PodMonitor",
      "RequestAuthentication",
      "ScaledObject",
      "Secret",
      "Service",
      "ServiceAccount",
    ]);
    for (const wrong of ["Deployment", "HTTPRoute", "ScaledObject", "ExternalSecret", "PodMonitor"]) {
      const object = Object.values(examples)
        .flatMap((from) => objectsOf(render({ ...written(from), target: { ...written(from).target, namespace: "try-hola" } })))
        .find(({ kind }) => kind === wrong);
      if (!object) throw new Error(`there is no ${wrong}`);
      await expect(cluster.apply({ ...object, spec: { ...(object["spec"] as object), replcias: 2 } })).rejects.toThrow(/replcias/);
    }
  },
);
