import { type ChildProcess, spawn } from "node:child_process";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, open, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { Cluster, type KubernetesObject } from "../../src/index.ts";

/** Where `tools/cluster/build.mjs` puts what it builds. */
export const binaries = process.env["DOUZE_CLUSTER_BIN"] ?? join(homedir(), ".cache/douze/cluster");

const needed = ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok"];

/** Why there can be no cluster here; nothing where there can. */
export function clusterMissing(): string | undefined {
  const missing = needed.filter((name) => !existsSync(join(binaries, name)));
  return missing.length === 0 ? undefined : `not built: ${missing.join(", ")} (node tools/cluster/build.mjs)`;
}

/**
 * A real API server with its controllers and scheduler, on loopback, and nodes that only say that they run what they are given. What
 * happens to a pod is said by its command: `stages.yaml` beside this file.
 */
export class TestCluster implements AsyncDisposable {
  readonly server: string;
  readonly token: string;
  readonly folder: string;
  /** A kubeconfig as a person has it. */
  readonly kubeconfig: string;
  readonly #processes: readonly ChildProcess[];
  /** What the server remarked. */
  readonly warnings: string[] = [];

  private constructor(server: string, token: string, folder: string, processes: readonly ChildProcess[]) {
    this.server = server;
    this.token = token;
    this.folder = folder;
    this.kubeconfig = join(folder, "kubeconfig");
    this.#processes = processes;
  }

  /** @param simulated - nodes that only say that they run what they are given. Default true; else there are none yet */
  static async start(simulated = true): Promise<TestCluster> {
    const folder = await mkdtemp(join(tmpdir(), "douze-cluster-"));
    const [client, peer, port, controllers, scheduler, kwokPort] = await freePorts(6);
    const token = randomBytes(16).toString("hex");
    const keys = generateKeyPairSync("rsa", {
      modulusLength: 2048,
      privateKeyEncoding: { type: "pkcs8", format: "pem" },
      publicKeyEncoding: { type: "spki", format: "pem" },
    });
    await writeFile(join(folder, "accounts.key"), keys.privateKey);
    await writeFile(join(folder, "accounts.pub"), keys.publicKey);
    await writeFile(join(folder, "tokens.csv"), `${token},admin,admin,system:masters\n`);
    const server = `https://127.0.0.1:${port}`;
    const cluster = { server, "insecure-skip-tls-verify": true };
    const kubeconfig = {
      apiVersion: "v1",
      kind: "Config",
      "current-context": "test",
      clusters: [{ name: "test", cluster }],
      users: [{ name: "admin", user: { token } }],
      contexts: [{ name: "test", context: { cluster: "test", user: "admin" } }],
    };
    await writeFile(join(folder, "kubeconfig"), JSON.stringify(kubeconfig));
    const start = await starter(folder);
    const processes = [
      await start("etcd", [
        `--data-dir=${folder}/etcd`,
        `--listen-client-urls=http://127.0.0.1:${client}`,
        `--advertise-client-urls=http://127.0.0.1:${client}`,
        `--listen-peer-urls=http://127.0.0.1:${peer}`,
        "--unsafe-no-fsync",
        "--log-level=error",
      ]),
      await start("kube-apiserver", [
        `--etcd-servers=http://127.0.0.1:${client}`,
        `--cert-dir=${folder}/certificates`,
        "--bind-address=127.0.0.1",
        `--secure-port=${port}`,
        "--service-account-issuer=https://kubernetes.default.svc",
        `--service-account-key-file=${folder}/accounts.pub`,
        `--service-account-signing-key-file=${folder}/accounts.key`,
        "--service-cluster-ip-range=10.96.0.0/16",
        `--token-auth-file=${folder}/tokens.csv`,
        "--authorization-mode=Node,RBAC",
        "--endpoint-reconciler-type=none",
        "--kubelet-preferred-address-types=InternalIP",
        // Nodes are there from the start, and nobody looks after them.
        "--disable-admission-plugins=TaintNodesByCondition",
      ]),
    ];
    const own = new TestCluster(server, token, folder, processes);
    const ready = await own.#answers();
    if (!ready) throw new Error(`the API server did not start; see ${folder}`);
    const common = [`--kubeconfig=${folder}/kubeconfig`, "--leader-elect=false", "--bind-address=127.0.0.1"];
    processes.push(
      await start("kube-controller-manager", [
        ...common,
        `--secure-port=${controllers}`,
        `--service-account-private-key-file=${folder}/accounts.key`,
        "--use-service-account-credentials",
        "--concurrent-deployment-syncs=10",
        "--controllers=*,-node-lifecycle-controller,-taint-eviction-controller",
      ]),
      await start("kube-scheduler", [...common, `--secure-port=${scheduler}`]),
    );
    if (simulated) {
      processes.push(
        await start("kwok", [
          `--kubeconfig=${folder}/kubeconfig`,
          "--manage-all-nodes",
          `--config=${join(import.meta.dirname, "stages.yaml")}`,
          `--server-address=127.0.0.1:${kwokPort}`,
        ]),
      );
    }
    await own.#furnish(simulated);
    return own;
  }

  /** @param as - somebody else than its administrator, who has no rights there */
  connect(as?: string): Cluster {
    return new Cluster(
      {
        server: this.server,
        attach: () => Promise.reject(new Error("no test attaches so")),
        authorize: async (options) => {
          options.headers = {
            ...(options.headers as Record<string, string>),
            authorization: `Bearer ${this.token}`,
            ...(as !== undefined && { "impersonate-user": as }),
          };
          options.rejectUnauthorized = false;
        },
      },
      (text) => this.warnings.push(text),
    );
  }

  /** Makes kinds known that are not the cluster's own: HTTPRoute and ScaledObject. */
  async define(): Promise<void> {
    const definition = {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      plural: "customresourcedefinitions",
      cluster: true,
    };
    using cluster = this.connect();
    const names: string[] = [];
    for (const file of await readdir(join(binaries, "definitions"))) {
      for (const document of parseAllDocuments(await readFile(join(binaries, "definitions", file), "utf8"))) {
        const object = document.toJSON() as KubernetesObject;
        await cluster.createNew(object, definition);
        names.push(object.metadata.name);
      }
    }
    for (const name of names) {
      for (let look = 0; look < 100; look++) {
        const there = await cluster.get<{ status?: { conditions?: { type: string; status: string }[] } }>(definition, "", name);
        if (there?.status?.conditions?.some(({ type, status }) => type === "Established" && status === "True")) break;
        await pause(100);
      }
    }
    // Of the definitions themselves, which are others'.
    this.warnings.length = 0;
  }

  async #answers(): Promise<boolean> {
    using cluster = this.connect();
    for (let look = 0; look < 600; look++) {
      const lines = await collect(cluster.lines("/readyz", {}, new AbortController().signal)).catch(() => []);
      if (lines[0] === "ok") return true;
      await pause(100);
    }
    return false;
  }

  /** Nodes in two zones, and the classes that pods are given. */
  async #furnish(simulated: boolean): Promise<void> {
    using cluster = this.connect();
    for (const index of simulated ? [1, 2, 3] : []) await cluster.createNew(nodeObject(index));
    await cluster.createNew({
      apiVersion: "scheduling.k8s.io/v1",
      kind: "PriorityClass",
      metadata: { name: "douze-default" },
      value: 500,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#processes.toReversed()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const { promise, resolve } = Promise.withResolvers<void>();
      child.once("exit", () => resolve());
      child.kill("SIGKILL");
      await promise;
    }
    if (process.env["KEEP_CLUSTER"] === undefined) await rm(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

function nodeObject(index: number) {
  const name = `node-${index}`;
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name,
      annotations: { "kwok.x-k8s.io/node": "fake" },
      labels: { "kubernetes.io/hostname": name, "topology.kubernetes.io/zone": `zone-${index % 2}`, type: "kwok" },
    },
    status: {
      conditions: [{ type: "Ready", status: "True", reason: "Simulated" }],
      allocatable: { cpu: "64", memory: "256Gi", pods: "1100", "ephemeral-storage": "1Ti" },
      capacity: { cpu: "64", memory: "256Gi", pods: "1100", "ephemeral-storage": "1Ti" },
    },
  };
}

async function starter(folder: string): Promise<(name: string, args: readonly string[]) => Promise<ChildProcess>> {
  return async (name, args) => {
    const log = await open(join(folder, `${name}.log`), "w");
    const child = spawn(join(binaries, name), args, { stdio: ["ignore", log.fd, log.fd], cwd: folder });
    await log.close();
    return child;
  };
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  const ports = await Promise.all(
    servers.map(async (server) => {
      if (!server.listening) await new Promise((resolve) => server.once("listening", resolve));
      return (server.address() as { readonly port: number }).port;
    }),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

async function collect(lines: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const line of lines) all.push(line);
  return all;
}

export async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
