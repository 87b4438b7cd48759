import { Problem, type ReleaseVersion } from "@douze/core";
import { expect, test } from "vitest";
import { kinds } from "../src/api/kinds.ts";
import { checkAttached, waitForFetched } from "../src/driver/attached.ts";
import { Masking } from "../src/driver/masking.ts";
import { type Cluster, namespace, objectsOf, render } from "../src/index.ts";
import { clusterMissing, TestCluster } from "./support/cluster.ts";
import { examples } from "./support/examples.ts";
import { written } from "./support/release.ts";

const missing = clusterMissing();
if (missing !== undefined) console.log(`skipped: ${missing}`);

const own = "attached";
const meta = (name: string) => ({ name, namespace: own });

test.skipIf(missing !== undefined)("what a release is given is looked at from the cluster's own objects", async ({ signal }) => {
  await using testCluster = await TestCluster.start();
  await testCluster.define();
  using cluster: Cluster = testCluster.connect();
  const input = written(examples["neighbours"] ?? { manifest: "" });
  const rendered = render({ ...input, target: { ...input.target, namespace: own } });
  await cluster.apply(namespace({ namespace: own, release: input.release, target: input.target }));

  // A resource whose URL names a Service.
  const ask = async (url: string) => await checkAttached({ cluster, namespace: own }, { url, type: "postgres" }, signal, 3_000);
  expect(await ask("postgres://u:p@db/shop")).toEqual({ reachable: false, detail: `there is no Service db in ${own}` });
  expect((await ask("postgres://u:p@db.example.org/shop")).reachable).toBe(true);
  const ports = [{ name: "sql", port: 5432, protocol: "TCP" }];
  await cluster.apply({ apiVersion: "v1", kind: "Service", metadata: meta("db"), spec: { ports } });
  expect(await ask("postgres://u:p@db:5433/shop")).toMatchObject({ detail: `the Service db in ${own} has no port 5433: it has 5432` });
  expect(await ask(`postgres://u:p@db.${own}.svc/shop`)).toMatchObject({
    detail: `the Service db in ${own} has nothing behind it that is ready`,
  });
  const patient = checkAttached({ cluster, namespace: own }, { url: "postgres://u:p@db/shop", type: "postgres" }, signal, 60_000);
  await cluster.createNew({
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { ...meta("db-1"), labels: { "kubernetes.io/service-name": "db" } },
    addressType: "IPv4",
    endpoints: [{ addresses: ["10.1.2.3"], conditions: { ready: true } }],
    ports,
  });
  expect(await patient).toMatchObject({ reachable: true, detail: expect.stringContaining("1 ready") as string });

  // Whoever may not look is told so, and not that nothing is there.
  using stranger = testCluster.connect("nobody");
  const look = await checkAttached(
    { cluster: stranger, namespace: own },
    { url: "postgres://u:p@nosuch/shop", type: "postgres" },
    signal,
    0,
  );
  expect(look).toMatchObject({ reachable: true, detail: expect.stringContaining("not looked at") as string });

  // What External Secrets should fetch.
  const external = objectsOf(rendered).find(({ kind }) => kind === "ExternalSecret");
  const name = external?.metadata.name ?? "";
  if (!external) throw new Error("the example has none");
  await cluster.apply(external);
  const refusal = async (): Promise<unknown> => await waitForFetched(cluster, own, name, signal, 600).catch((error: unknown) => error);
  expect(await refusal()).toMatchObject({ code: "secret-not-fetched", why: expect.stringContaining("may not run") as string });
  const said = { conditions: [{ type: "Ready", status: "False", reason: "SecretSyncedError", message: "no key shop/database" }] };
  await cluster.patch(kinds.externalSecret, own, `${name}/status`, { status: said });
  expect(await refusal()).toMatchObject({ code: "secret-not-fetched", why: "no key shop/database" });
  const fetched = waitForFetched(cluster, own, name, signal, 60_000);
  await cluster.createNew({
    apiVersion: "v1",
    kind: "Secret",
    metadata: meta(name),
    data: { SIGNATURE: Buffer.from("opensesame").toString("base64") },
  });
  await fetched;

  // What a pod's lines are masked by, where the ledger no longer has its release: what it was given.
  const frozen = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: meta("frozen"),
    data: { PASSWORD: Buffer.from("hunter22").toString("base64") },
  };
  await cluster.createNew(frozen);
  const runnable = async (version: ReleaseVersion): Promise<never> => {
    throw new Problem({ code: "release-unknown", what: `there is no v${version}`, why: "it was forgotten", fix: "none" });
  };
  const masking = new Masking({ cluster, namespace: own, runnable });
  const pod = (...secrets: string[]) => ({
    apiVersion: "v1" as const,
    kind: "Pod" as const,
    metadata: { name: "a", annotations: { "douze.dev/release": "v3" } },
    spec: { containers: [{ name: "app", envFrom: secrets.map((each) => ({ secretRef: { name: each } })) }] },
  });
  expect((await masking.of(pod("frozen", name))).text("hunter22 opensesame")).toBe("•••• ••••");
  await expect(masking.of(pod("nosuch"))).rejects.toMatchObject({ code: "cluster-refused" });
});
