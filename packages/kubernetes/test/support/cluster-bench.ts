import { dirname } from "node:path";
import {
  type Build,
  type Digest,
  type EnvironmentName,
  type Instant,
  inventory,
  type KubernetesTarget,
  type Manifest,
  manifestFromFiles,
  type Release,
  type ReleaseVersion,
} from "@douze/core";
import { contractEnv, type Runnable } from "@douze/engine";
import { type Bench, type Fixture, type FixtureProcess, secretValue, type Visit } from "@douze/engine/exam";
import { type Cluster, Kubernetes, namespace } from "../../src/index.ts";
import { noState, type TargetState } from "../../src/plan/state.ts";
import type { TestCluster } from "./cluster.ts";
import { visitThroughGateway } from "./gateway.ts";

const commands: Record<Fixture, string> = {
  serve: "node serve.mjs",
  idle: "./idle.sh",
  stubborn: "./stubborn.sh",
  fail: "./fail.sh",
  misconfigured: "./misconfigured.sh",
  task: "./task.sh",
  environment: "./environment.sh",
  telltale: "./telltale.sh",
};

const host = "shop.example.org";
const at = Date.UTC(2026, 0, 2) as Instant;
const since = { from: "inventory", since: 1 as ReleaseVersion, by: "ana@laptop", at } as const;

/** The fixtures, as an image that the cluster's nodes can pull. */
export interface FixtureImage {
  readonly reference: string;
  readonly build: Build;
}

/** A driver on a namespace of its own. */
export class ClusterBench implements Bench, AsyncDisposable {
  readonly driver: Kubernetes;
  readonly namespace: string;
  readonly #cluster: Cluster;
  readonly #releases: Map<number, Runnable>;
  readonly #build: Build;

  private constructor(driver: Kubernetes, cluster: Cluster, own: string, releases: Map<number, Runnable>, build: Build) {
    this.driver = driver;
    this.namespace = own;
    this.#cluster = cluster;
    this.#releases = releases;
    this.#build = build;
  }

  static async open(testCluster: TestCluster, own: string, { reference, build }: FixtureImage): Promise<ClusterBench> {
    const cluster = testCluster.connect();
    const { app } = build.manifest;
    const target = targetOf(own, reference.slice(0, reference.indexOf("@")));
    const releases = new Map<number, Runnable>();
    let state: TargetState = noState;
    await cluster.apply(namespace({ namespace: own, release: { app }, target }));
    const driver = await Kubernetes.open({
      ...{ cluster, app, namespace: own, target },
      runnable: async (version) => {
        const known = releases.get(version);
        if (!known) throw new TypeError(`the test declares no v${version}`);
        return known;
      },
      image: async () => ({ image: reference, language: "node" }),
      nameKey: () => Buffer.from("a key of this environment's own"),
      state: {
        read: () => state,
        write: async (next) => {
          state = next;
        },
      },
      clock: () => Date.now() as Instant,
      held: () => undefined,
      force: false,
      onNote: () => undefined,
    });
    return new ClusterBench(driver, cluster, own, releases, build);
  }

  release(
    version: number,
    processes: Readonly<Record<string, FixtureProcess>>,
    live: Readonly<Record<string, string>> = {},
  ): ReleaseVersion {
    const declared = Object.entries(processes).map(([type, { fixture, ...rest }]) => [
      type,
      { scale: 1, graceMs: 10_000, bootMs: 20_000, settleMs: 20, routed: false, ...rest, command: commands[fixture] },
    ]);
    const manifest: Manifest = { ...this.#build.manifest, processes: Object.fromEntries(declared) as Manifest["processes"] };
    const values = Object.entries(live).map(([key, value]) => [key, { value, secret: false, live: true, ...since }] as const);
    const release: Release = {
      version: version as ReleaseVersion,
      app: manifest.app,
      environment: "production" as EnvironmentName,
      build: this.#build.digest,
      source: this.#build.source,
      manifest,
      config: { ...Object.fromEntries(values), SECRET: { value: secretValue, secret: true, live: false, ...since } },
      overrides: {},
      attachments: {},
      detached: [],
      // Nothing runs before a step asks for it.
      formation: Object.fromEntries(Object.keys(processes).map((type) => [type, 0])) as Release["formation"],
      scaled: {},
      createdAt: at,
      by: "ana@laptop",
      reason: { kind: "deploy" },
      description: "deploy",
    };
    this.#releases.set(version, { release, tree: "/app", env: contractEnv(release, this.#build, "/app"), live });
    return release.version;
  }

  command(fixture: Fixture): string {
    return commands[fixture];
  }

  async visit(path: string, signal: AbortSignal): Promise<Visit> {
    return await visitThroughGateway(this.#cluster, this.namespace, host, path, signal);
  }

  /** Its pods go with its namespace, whenever that is: the next case has one of its own. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.driver[Symbol.asyncDispose]();
    await this.#cluster.remove({ apiVersion: "v1", kind: "Namespace", plural: "namespaces", cluster: true }, "", this.namespace);
    this.#cluster[Symbol.dispose]();
  }
}

/** What a build of the fixtures says of itself. */
export function fixtureBuild(): Build {
  const manifest = manifestFromFiles({ "douze.yaml": "app: shop\nprocesses: { web: node serve.mjs }\n" }, "shop");
  if (!manifest) throw new Error("no manifest");
  const tree = `sha256:${"ef".repeat(32)}` as Digest;
  return {
    digest: `sha256:${"cd".repeat(32)}` as Digest,
    source: { dirty: false, tree },
    language: "node",
    path: [],
    runtimes: [dirname(process.execPath)],
    env: {},
    manifest,
    createdAt: at,
  };
}

function targetOf(own: string, image: string): KubernetesTarget {
  const text = `target:
  kind: kubernetes
  image: ${image}
  namespace: ${own}
  pullPolicy: IfNotPresent
  minReady: 1s
  linger: 2s
  hosts: [${host}]
  gateway: { name: public, namespace: gateways }
`;
  const { target } = inventory(text, "inventory/production.yaml", "production" as EnvironmentName, {});
  if (target?.kind !== "kubernetes") throw new Error("not a cluster");
  return target;
}
