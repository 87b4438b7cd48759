import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AppName, Instant } from "@douze/core";
import type { ProcessView } from "@douze/engine";
import { type Cluster, type KubernetesObject, Lock } from "@douze/kubernetes";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasRegistry, Registry } from "../../build/test/support/registry.ts";
import { kinds } from "../../kubernetes/src/api/kinds.ts";
import { clusterMissing, pause, TestCluster } from "../../kubernetes/test/support/cluster.ts";
import { ClusterApp } from "./support/cluster-app.ts";

const missing = clusterMissing() ?? (hasRegistry ? undefined : "there is no registry");
if (missing !== undefined) console.log(`skipped: ${missing}`);

let testCluster: TestCluster;
let registry: Registry;
let cluster: Cluster;
const images = await mkdtemp(join(tmpdir(), "douze-images-"));

const manifest = (words: { web?: string; worker?: string; task?: string; more?: string } = {}): string => `app: shop
processes:
  web: { command: node web.js ${words.web ?? ""}, scale: 2, health: { readiness: /readyz, liveness: /livez } }
  worker: node worker.js ${words.worker ?? ""}
release: node migrate.js ${words.task ?? ""}
config:
  GREETING: { default: Hola, live: true }
  COLOUR: blue
  PASSWORD: { required: false, secret: true }
${words.more ?? ""}`;

let apps = 0;

/** An app of its own in a namespace of its own. */
class Shop extends ClusterApp {
  static async make(text = manifest(), target = ""): Promise<Shop> {
    const shop = new Shop(await ClusterApp.folder("shop"), `shop-${++apps}`, { KUBECONFIG: testCluster.kubeconfig });
    await shop.write(
      "inventory/production.yaml",
      `target:\n  kind: kubernetes\n  image: ${registry.host}/shop\n  namespace: ${shop.namespace}\n  manageNamespace: true\n  minReady: 1s\n${target}`,
    );
    await shop.begin(["web", "worker", "migrate"]);
    await shop.commit(text);
    await shop.share(images);
    return shop;
  }

  async processes(): Promise<readonly string[]> {
    const list = JSON.parse(await this.good("ps", "--json")) as ProcessView[];
    return list.filter(({ phase }) => phase !== "stopping").map(({ name, release, phase }) => `${name} v${release} ${phase}`);
  }

  async get<T = KubernetesObject>(kind: keyof typeof kinds, name: string): Promise<T | undefined> {
    return await cluster.get<T>(kinds[kind], this.namespace, name);
  }

  async names(kind: keyof typeof kinds): Promise<readonly string[]> {
    const { items } = await cluster.list(kinds[kind], this.namespace, "app.kubernetes.io/part-of=shop");
    return items.map(({ metadata }) => metadata.name).sort();
  }
}

interface Deployed {
  readonly metadata: { readonly generation: number };
  readonly spec: {
    readonly replicas?: number;
    readonly template: {
      readonly spec: {
        readonly containers: readonly { readonly image: string; readonly envFrom: readonly { configMapRef?: { name: string } }[] }[];
      };
    };
  };
}

describe.skipIf(missing !== undefined)("an environment in a cluster", () => {
  beforeAll(async () => {
    [testCluster, registry] = await Promise.all([TestCluster.start(), Registry.start()]);
    cluster = testCluster.connect();
    await testCluster.define();
  });

  afterAll(async () => {
    cluster[Symbol.dispose]();
    await Promise.all([testCluster[Symbol.asyncDispose](), registry[Symbol.asyncDispose]()]);
    await rm(images, { recursive: true, force: true });
    // What the server remarks on is a flaw of what was applied.
    expect(testCluster.warnings).toEqual([]);
  });

  test("a release is built, pushed, tried and made current; nothing changes when it is asked for again", async () => {
    await using shop = await Shop.make();
    const { stdout, stderr, code } = await shop.douze("deploy");
    expect(`${stdout}${stderr}`).toMatch(/release task exited with status 0[\s\S]*web\.2 ready[\s\S]*v1 is current/);
    expect(stderr).not.toMatch(/warning/i);
    expect(code).toBe(0);
    expect(await shop.processes()).toEqual(["web.1 v1 ready", "web.2 v1 ready", "worker.1 v1 ready"]);
    const before = await shop.get<Deployed>("deployment", "shop-web");
    expect(before?.spec.template.spec.containers[0]?.image).toMatch(new RegExp(`^${registry.host}/shop@sha256:[0-9a-f]{64}$`));
    // The same build again is a release of its own, as on one machine; its image is there, and is not made again.
    expect((await shop.douze("deploy")).stderr).toContain(" is there");
    expect(await shop.releases()).toEqual(["v1 superseded", "v2 current"]);
    expect(await shop.good("deploy", "--if-changed")).toContain("v2 current");
    expect(await shop.releases()).toEqual(["v1 superseded", "v2 current"]);
    expect(await shop.names("job")).toHaveLength(2);
  });

  test("one that fails is given up, and what served before serves again", async () => {
    await using shop = await Shop.make();
    await shop.good("deploy");
    const good = await shop.get<Deployed>("deployment", "shop-web");
    await shop.commit(manifest({ web: "crashes" }));
    const { code, stderr } = await shop.douze("deploy");
    expect(code).toBe(1);
    expect(stderr).toContain("v2 was given up: v1 keeps serving");
    expect(stderr).toContain("web.1: it exited with status 3");
    expect(stderr).toContain("the last words of it");
    expect(await shop.releases()).toEqual(["v1 current", "v2 failed"]);
    expect((await shop.get<Deployed>("deployment", "shop-web"))?.spec).toEqual(good?.spec);
    expect(await shop.processes()).toEqual(["web.1 v1 ready", "web.2 v1 ready", "worker.1 v1 ready"]);
  });

  test("a task that fails stops a release before anything of it is started", async () => {
    await using shop = await Shop.make(manifest({ task: "fails" }));
    const { code, stderr } = await shop.douze("deploy");
    expect(code).toBe(1);
    expect(stderr).toContain("v1 was given up: nothing was serving before");
    expect(stderr).toContain("it exited with status 1");
    expect(await shop.names("deployment")).toEqual([]);
    expect(await shop.releases()).toEqual(["v1 failed"]);
    await shop.commit(manifest());
    await shop.good("deploy");
    expect(await shop.releases()).toEqual(["v1 failed", "v2 current"]);
  });

  test("a first release that fails leaves nothing running", async () => {
    await using shop = await Shop.make(manifest({ worker: "misconfigured" }));
    const { stderr } = await shop.douze("deploy");
    expect(stderr).toContain("its configuration is wrong");
    expect(await shop.names("deployment")).toEqual([]);
  });

  test("config makes a release, a live key none, and a rollback restores all of it", async () => {
    await using shop = await Shop.make();
    await shop.good("deploy");
    const frozen = async (): Promise<unknown> => {
      const name = (await shop.get<Deployed>("deployment", "shop-web"))?.spec.template.spec.containers[0]?.envFrom.at(-2)?.configMapRef
        ?.name;
      return (await shop.get<{ data: unknown }>("configMap", name ?? ""))?.data;
    };
    expect(await frozen()).toEqual({ COLOUR: "blue" });
    expect(await shop.good("config", "set", "COLOUR=red", "PASSWORD=s3cr3t")).toContain("v2 current");
    expect(await frozen()).toEqual({ COLOUR: "red" });
    expect(await shop.good("config", "set", "GREETING=Adios")).toContain("with no release: GREETING");
    expect((await shop.get<{ data: unknown }>("configMap", "shop-live"))?.data).toEqual({ GREETING: "Adios" });
    expect(await shop.good("config")).toMatch(/COLOUR\s+red/);
    expect(await shop.good("config")).not.toContain("s3cr3t");
    expect(await shop.good("rollback", "v1", "--yes")).toContain("v3 current: rollback to v1");
    expect(await frozen()).toEqual({ COLOUR: "blue" });
    expect((await shop.get<{ data: unknown }>("configMap", "shop-live"))?.data).toEqual({ GREETING: "Hola" });
    expect(await shop.good("diff", "v1", "v2")).toContain("COLOUR");
  });

  test("no secret lies open in the ledger or in an object that is no Secret", async () => {
    await using shop = await Shop.make();
    await shop.good("deploy");
    await shop.good("config", "set", "PASSWORD=s3cr3t-of-ana");
    const told = await Promise.all(
      (["configMap", "deployment", "job", "pod", "service"] as const).map((kind) => cluster.list(kinds[kind], shop.namespace, "")),
    );
    expect(JSON.stringify(told)).not.toMatch(/s3cr3t-of-ana|czNjcjN0LW9mLWFuYQ/);
    const { items } = await cluster.list<{ metadata: { name: string }; data?: Record<string, string> }>(
      kinds.secret,
      shop.namespace,
      "douze.dev/ledger=shop",
    );
    const { gunzipSync } = await import("node:zlib");
    const texts = items.map(({ data }) => gunzipSync(Buffer.from(data?.["entry"] ?? "", "base64")).toString());
    expect(items.map(({ metadata }) => metadata.name)).toContain("douze.shop.v2");
    expect(texts.join("\n")).not.toContain("s3cr3t-of-ana");
    expect(texts.join("\n")).toContain("AGE ENCRYPTED FILE");
  });

  test("counts, restarts and maintenance are the cluster's own", async () => {
    await using shop = await Shop.make();
    await shop.good("deploy");
    await shop.good("scale", "web=3", "worker=0");
    await expect.poll(() => shop.processes(), { timeout: 30_000 }).toEqual(["web.1 v1 ready", "web.2 v1 ready", "web.3 v1 ready"]);
    const pods = await shop.names("pod");
    await shop.good("restart", "web");
    await expect
      .poll(async () => (await shop.names("pod")).filter((name) => pods.includes(name) && name.startsWith("shop-web")), { timeout: 60_000 })
      .toEqual([]);
    await shop.good("maintenance", "on");
    expect(await shop.good("status")).toContain("in maintenance");
    const selector = async () => (await shop.get<{ spec: { selector: Record<string, string> } }>("service", "shop-web"))?.spec.selector;
    expect(Object.keys((await selector()) ?? {})).toHaveLength(2);
    await shop.good("maintenance", "off");
    expect(Object.keys((await selector()) ?? {})).toHaveLength(1);
    expect(await shop.releases()).toEqual(["v1 current"]);
  });

  test("what a release no longer has is removed, and what sets of pods still name is kept", async () => {
    const more = `cron: { tidy: { command: "true", schedule: "@daily" } }\n`;
    await using shop = await Shop.make(manifest({ more }));
    await shop.good("deploy");
    expect(await shop.names("cronJob")).toEqual(["shop-cron-tidy"]);
    const [first] = (await shop.names("configMap")).filter((name) => name.includes("-config-"));
    await shop.commit("app: shop\nprocesses:\n  web: { command: node web.js, scale: 2 }\nconfig: { COLOUR: green }\n");
    const { stderr } = await shop.douze("deploy");
    expect(stderr).toMatch(/removed what v2 no longer has: .*CronJob shop-cron-tidy/);
    expect(await shop.names("cronJob")).toEqual([]);
    expect(await shop.names("deployment")).toEqual(["shop-web"]);
    expect(await shop.names("serviceAccount")).toEqual(["shop-web"]);
    // The former pods' set is there, for a way back; what it names is too.
    expect((await shop.names("configMap")).filter((name) => name.includes("-config-"))).toContain(first);
  });

  test("an autoscaler's number is left alone", async () => {
    const scaled = "app: shop\nprocesses:\n  web: { command: node web.js, scale: 2, autoscale: { min: 2, max: 5, cpu: 70 } }\n";
    await using shop = await Shop.make("app: shop\nprocesses:\n  web: { command: node web.js, scale: 3 }\n");
    await shop.good("deploy");
    await shop.commit(scaled);
    await shop.good("deploy");
    expect(await shop.names("autoscaler")).toEqual(["shop-web"]);
    // Nothing fell back to one meanwhile.
    expect((await shop.get<Deployed>("deployment", "shop-web"))?.spec.replicas).toBe(3);
    await cluster.patch(kinds.deployment, shop.namespace, "shop-web", { spec: { replicas: 4 } });
    await shop.commit(`${scaled}config: { COLOUR: red }\n`);
    await shop.good("deploy");
    expect((await shop.get<Deployed>("deployment", "shop-web"))?.spec.replicas).toBe(4);
  });

  test("what somebody else has changed is not overwritten without being asked", async () => {
    await using shop = await Shop.make();
    await shop.good("deploy");
    const theirs = {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "shop-web", namespace: shop.namespace },
      spec: { minReadySeconds: 7 },
    };
    await cluster.apply(theirs, { manager: "somebody", force: true });
    await shop.commit(manifest({ more: "# another build\n" }));
    const refused = await shop.douze("deploy");
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(".spec.minReadySeconds");
    expect(refused.stderr).toContain('conflict with "somebody"');
    expect(await shop.releases()).toEqual(["v1 current", "v2 failed"]);
    await shop.good("deploy", "--force-conflicts");
    expect(await shop.releases()).toEqual(
      ["v1 current", "v2 failed", "v3 current"].map((each) => each.replace("v1 current", "v1 superseded")),
    );
  });

  test("what was changed by hand is shown, with who did it", async () => {
    await using shop = await Shop.make();
    await shop.good("deploy");
    await shop.good("config", "set", "PASSWORD=s3cr3t-of-ana");
    expect(await shop.good("drift", "--exit-code")).toBe("all is as it was released\n");
    const edit = {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "shop-web", namespace: shop.namespace },
      spec: { minReadySeconds: 7 },
    };
    await cluster.apply(edit, { manager: "kubectl-edit", force: true });
    await cluster.remove(kinds.disruptionBudget, shop.namespace, "shop-worker");
    const { code, stdout } = await shop.douze("drift", "--exit-code", "--json");
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual([
      { object: "Deployment shop-web", field: "spec.minReadySeconds", live: "7", wanted: "1", by: "kubectl-edit" },
      { object: "PodDisruptionBudget shop-worker", field: "" },
    ]);
    expect(await shop.good("drift")).toMatch(/shop-worker\s+-\s+gone/);
  });

  test("one may release at a time; whoever only looks waits for nobody", async () => {
    await using shop = await Shop.make();
    await shop.good("deploy");
    await using _lock = await Lock.take(cluster, shop.namespace, "shop" as AppName, "ben@desk, pid 1", () => Date.now() as Instant);
    const { code, stderr } = await shop.douze("scale", "web=1");
    expect(code).toBe(1);
    expect(stderr).toContain("held by ben@desk, pid 1");
    expect(await shop.processes()).toHaveLength(3);
  });

  test("a lock whose holder is gone runs out", async () => {
    await using shop = await Shop.make();
    await shop.good("deploy");
    const long = (Date.now() - 31_000) as Instant;
    const lease = { holderIdentity: "gone", leaseDurationSeconds: 30, renewTime: new Date(long).toISOString().replace("Z", "000Z") };
    await cluster.patch(kinds.lease, shop.namespace, "douze-shop", { spec: lease });
    await shop.good("scale", "web=1");
  });

  test("a release that was cut off is taken up where it was", async () => {
    await using shop = await Shop.make();
    await shop.good("deploy");
    await shop.commit(manifest({ web: "never-ready" }));
    {
      await using running = shop.start("deploy");
      await expect.poll(async () => (await shop.processes()).some((each) => each.endsWith("v2 starting")), { timeout: 60_000 }).toBe(true);
      running.child.kill("SIGKILL");
      await running.ended;
    }
    expect(await shop.releases()).toEqual(["v1 current", "v2 pending"]);
    // Its lock has not run out, and its holder is known to have ended.
    expect((await shop.get<{ spec: object }>("lease", "douze-shop"))?.spec).toMatchObject({
      holderIdentity: expect.stringContaining("pid") as string,
    });
    await shop.commit(manifest());
    await shop.good("deploy");
    expect(await shop.releases()).toEqual(["v1 superseded", "v2 failed", "v3 current"]);
    expect(await shop.processes()).toEqual(["web.1 v3 ready", "web.2 v3 ready", "worker.1 v3 ready"]);
  });

  test("whoever is killed at any moment leaves what the next one understands", async () => {
    const more = 'cron: { tidy: { command: "true", schedule: "@daily" } }\n';
    await using shop = await Shop.make(manifest({ more }));
    for (const ms of [900, 1_300, 1_700, 2_100, 2_500, 2_900, 3_300]) {
      await shop.commit(manifest({ more: `${more}# after ${ms} ms\n` }));
      await using running = shop.start("deploy");
      await pause(ms);
      running.child.kill("SIGKILL");
      await running.ended;
    }
    await shop.good("deploy");
    const list = await shop.releases();
    expect(list.filter((each) => /pending/.test(each))).toEqual([]);
    const last = list.map((each) => Number(/\d+/.exec(each)?.[0])).reduce((a, b) => Math.max(a, b));
    expect(list).toContain(`v${last} current`);
    expect(await shop.processes()).toEqual([`web.1 v${last} ready`, `web.2 v${last} ready`, `worker.1 v${last} ready`]);
    expect(await shop.names("cronJob")).toEqual(["shop-cron-tidy"]);
    expect(await shop.names("disruptionBudget")).toEqual(["shop-web", "shop-worker"]);
    expect(await shop.good("drift")).toBe("all is as it was released\n");
  });

  test("a resource that names a Service is looked at before a release, and whenever somebody asks", async () => {
    const more = "resources: { db: postgres }\n";
    await using shop = await Shop.make(manifest({ more }), "attachments: { db: postgres://shop:pa55@db/shop }\n");
    const refused = await shop.douze("deploy");
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/`db` at db:?\d* cannot be reached[\s\S]*there is no Service db in[\s\S]*code: resource-unreachable/);
    expect(await shop.releases()).toEqual([]);
    const metadata = { name: "db", namespace: shop.namespace };
    const ports = [{ name: "sql", port: 5432, protocol: "TCP" }];
    await cluster.createNew({ apiVersion: "v1", kind: "Service", metadata, spec: { ports } });
    await cluster.createNew({
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { ...metadata, labels: { "kubernetes.io/service-name": "db" } },
      addressType: "IPv4",
      endpoints: [{ addresses: ["10.1.2.3"], conditions: { ready: true } }],
      ports,
    });
    await shop.good("deploy");
    expect(JSON.parse(await shop.good("resources", "--json"))).toMatchObject([
      { resource: "db", reachable: true, detail: expect.stringContaining("1 ready") as string },
    ]);
    await cluster.remove(kinds.service, shop.namespace, "db");
    const gone = await shop.douze("resources");
    expect(gone.stdout).toContain(`there is no Service db in ${shop.namespace}`);
    expect(gone.stdout).not.toContain("pa55");
  });

  test("nothing of a release is started before External Secrets has fetched what it wants", async () => {
    const declared = "app: shop\nprocesses: { web: { command: node web.js, scale: 2 } }\nconfig: { SIGNATURE: { secret: true } }\n";
    const value = "external://shop/production?property=signature&version=3";
    await using shop = await Shop.make(declared, `  externalSecrets: { store: vault }\nconfig: { SIGNATURE: "${value}" }\n`);
    const refused = await shop.douze("deploy");
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(
      /External Secrets has not fetched the Secret shop-external-\S+ within[\s\S]*may not run in this cluster/,
    );
    expect(await shop.names("pod")).toEqual([]);
    await using running = shop.start("deploy");
    const [name = ""] = await shop.names("externalSecret");
    const data = { SIGNATURE: Buffer.from("opensesame").toString("base64") };
    await cluster.createNew({ apiVersion: "v1", kind: "Secret", metadata: { name, namespace: shop.namespace }, data });
    expect((await running.ended).code).toBe(0);
    expect(await shop.releases()).toEqual(["v1 failed", "v2 current"]);
  });

  test("a command is run in a pod of the release, and its exit status is the command's", async () => {
    await using shop = await Shop.make();
    await shop.good("deploy");
    expect((await shop.douze("run", "--", "true")).code).toBe(0);
    const failed = await shop.douze("run", "--", "fails");
    expect(failed.code).toBe(1);
    expect(failed.stdout).toContain("it failed");
  });

  test("a person's mistakes are told without a stack trace", async () => {
    await using shop = await Shop.make(manifest(), "  context: nosuch\n");
    const { code, stderr } = await shop.douze("ps");
    expect(code).toBe(1);
    expect(stderr).toMatch(/there is no context `nosuch`[\s\S]*the kubeconfig has: test[\s\S]*code: cluster-unknown/);
    await shop.write("inventory/production.yaml", `target:\n  kind: kubernetes\n  image: ${registry.host}/shop\n  namespace: not-there\n`);
    expect((await shop.douze("deploy")).stderr).toMatch(/namespaces? "not-there" not found[\s\S]*manageNamespace/);
    expect((await shop.douze("up")).stderr).toContain("code: target-elsewhere");
    await shop.write("inventory/production.yaml", `target:\n  kind: kubernetes\n  image: ${registry.host}/shop\n  namespace: default\n`);
    expect((await shop.douze("stop")).stderr).toContain("douze scale web=0");
  });

  test("a thousand pods are released and seen", async () => {
    await using shop = await Shop.make(
      "app: shop\nprocesses:\n  web: { command: node web.js, scale: 500 }\n  worker: { command: node worker.js, scale: 500 }\n",
    );
    await shop.good("deploy");
    expect(await shop.processes()).toHaveLength(1000);
  });

  test("the class that pods name is made once for all", async () => {
    await using shop = await Shop.make(manifest(), "  priorityClass: shops\n");
    expect((await shop.douze("deploy")).stderr).toMatch(/no PriorityClass with name shops was found/);
    expect(await shop.good("cluster", "init")).toContain("PriorityClass shops is there");
    await shop.good("deploy");
  });
});
