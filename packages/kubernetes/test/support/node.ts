import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, open, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Blobs } from "../../../build/src/image/blobs.ts";
import { architectureOf, mediaTypes } from "../../../build/src/image/descriptor.ts";
import { writeLayer } from "../../../build/src/image/layer.ts";
import { writeLayout } from "../../../build/src/image/layout.ts";
import { kinds } from "../../src/api/kinds.ts";
import { binaries, pause, type TestCluster } from "./cluster.ts";

const plugins = "/usr/lib/cni";
/** Where pods are, on a bridge that is made for them. */
const bridge = "douze-pods";
export const bridgeAddress = "10.222.0.1";
const subnet = "10.222.0.0/24";
const pauseImage = "douze.test/pause:1";

/** Why there can be no real node here; nothing where there can. */
export function nodeMissing(): string | undefined {
  if (process.getuid?.() !== 0) return "a real node needs root";
  const programs = [
    "/usr/bin/containerd",
    "/usr/sbin/runc",
    join(plugins, "bridge"),
    ...["kubelet", "kube-proxy", "pause"].map((name) => join(binaries, name)),
  ];
  const missing = programs.filter((path) => !existsSync(path));
  return missing.length === 0 ? undefined : `not there: ${missing.join(", ")}`;
}

/** One machine of a cluster that really runs what it is given: containerd, kubelet and kube-proxy, with pods on a bridge. */
export class RealNode implements AsyncDisposable {
  readonly #folder: string;
  readonly #socket: string;
  readonly #processes: ChildProcess[] = [];

  private constructor(folder: string) {
    this.#folder = folder;
    this.#socket = join(folder, "containerd.sock");
  }

  /** @throws Error - it did not come up: such as for want of rights in this machine */
  static async start(cluster: TestCluster): Promise<RealNode> {
    const node = new RealNode(join(cluster.folder, "node"));
    try {
      await node.#start(cluster);
      return node;
    } catch (error) {
      await node[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #start(cluster: TestCluster): Promise<void> {
    const folder = this.#folder;
    await mkdir(join(folder, "cni"), { recursive: true });
    // What a run that was killed left behind.
    attempt(() => run("ip", "link", "del", bridge));
    run("ip", "link", "add", bridge, "type", "bridge");
    run("ip", "addr", "add", `${bridgeAddress}/24`, "dev", bridge);
    run("ip", "link", "set", bridge, "up");
    run("sysctl", "-qw", "net.ipv4.ip_forward=1");
    await writeFile(join(folder, "cni/10.conflist"), JSON.stringify(network(folder)));
    await writeFile(join(folder, "containerd.toml"), containerdConfig(folder, this.#socket));
    await writeFile(join(folder, "kubelet.yaml"), JSON.stringify(kubeletConfig(this.#socket)));
    await writeFile(join(folder, "proxy.yaml"), JSON.stringify(proxyConfig(cluster.kubeconfig)));
    await this.#spawn("/usr/bin/containerd", ["-c", join(folder, "containerd.toml")]);
    for (let look = 0; !existsSync(this.#socket) && look < 100; look++) await pause(100);
    await this.#loadPause();
    await this.#spawn(join(binaries, "kubelet"), [
      `--kubeconfig=${cluster.kubeconfig}`,
      `--config=${join(folder, "kubelet.yaml")}`,
      `--root-dir=${join(folder, "kubelet")}`,
      `--cert-dir=${join(folder, "kubelet-certificates")}`,
      "--hostname-override=real",
      `--node-ip=${bridgeAddress}`,
    ]);
    await this.#spawn(join(binaries, "kube-proxy"), [`--config=${join(folder, "proxy.yaml")}`]);
    using api = cluster.connect();
    for (let look = 0; look < 300; look++) {
      const node = await api.get<{ status: { conditions?: { type: string; status: string }[] } }>(kinds.node, "", "real");
      const ready = node?.status.conditions?.some(({ type, status }) => type === "Ready" && status === "True");
      // Without its rules, what is sent to a Service would leave this machine.
      if (ready && attempt(() => run("nft", "list", "table", "ip", "kube-proxy")).includes("chain services")) return;
      await pause(200);
    }
    throw new Error(`the node did not become ready: ${(await readFile(join(folder, "kubelet.log"), "utf8")).slice(-2000)}`);
  }

  async #loadPause(): Promise<void> {
    const store = join(this.#folder, "pause");
    const blobs = new Blobs(store);
    const layer = await writeLayer(blobs, [{ path: "pause", file: join(binaries, "pause"), mode: 0o555 }]);
    const settings = { Entrypoint: ["/pause"], User: "65535:65535" };
    const rootfs = { type: "layers", diff_ids: [layer.diffId] };
    const config = await blobs.put(
      mediaTypes.config,
      JSON.stringify({ architecture: architectureOf(process.arch), os: "linux", config: settings, rootfs }),
    );
    const body = { schemaVersion: 2, mediaType: mediaTypes.manifest, config, layers: [layer.descriptor] };
    const manifest = await blobs.put(mediaTypes.manifest, JSON.stringify(body));
    const layout = join(this.#folder, "pause-layout");
    await writeLayout({ parts: [config, layer.descriptor, manifest], sbom: [], manifest }, store, layout, pauseImage);
    run("tar", "-C", layout, "-cf", join(this.#folder, "pause.tar"), ".");
    this.#ctr("images", "import", join(this.#folder, "pause.tar"));
  }

  #ctr(...words: readonly string[]): string {
    return run("ctr", "-a", this.#socket, "-n", "k8s.io", ...words);
  }

  async #spawn(program: string, words: readonly string[]): Promise<void> {
    const log = await open(join(this.#folder, `${program.split("/").at(-1)}.log`), "w");
    this.#processes.push(spawn(program, words, { stdio: ["ignore", log.fd, log.fd] }));
    await log.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const [containerd, ...others] = this.#processes;
    for (const child of others) await ended(child);
    if (containerd) {
      for (const task of attempt(() => this.#ctr("tasks", "ls", "-q")).split("\n"))
        if (task !== "") attempt(() => this.#ctr("tasks", "kill", "-s", "KILL", task));
      await pause(1_000);
      for (const each of attempt(() => this.#ctr("containers", "ls", "-q")).split("\n")) {
        if (each === "") continue;
        attempt(() => this.#ctr("tasks", "rm", "-f", each));
      }
      await ended(containerd);
    }
    attempt(() => run("pkill", "-KILL", "-f", `containerd-shim.*${this.#socket}`));
    const mounts = (await readFile("/proc/mounts", "utf8")).split("\n").map((line) => line.split(" ")[1] ?? "");
    for (const mount of mounts.filter((path) => path.startsWith(this.#folder)).reverse()) attempt(() => run("umount", "-l", mount));
    attempt(() => run("ip", "link", "del", bridge));
    attempt(() => run("nft", "delete", "table", "ip", "kube-proxy"));
    attempt(() => run("nft", "delete", "table", "ip6", "kube-proxy"));
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  child.once("exit", () => resolve());
  child.kill("SIGKILL");
  await promise;
}

function run(program: string, ...words: readonly string[]): string {
  return execFileSync(program, words, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

/** What is to be cleared away may be gone already. */
function attempt(act: () => string): string {
  try {
    return act();
  } catch {
    return "";
  }
}

function network(folder: string): object {
  return {
    cniVersion: "1.0.0",
    name: "douze",
    plugins: [
      {
        type: "bridge",
        bridge,
        isGateway: true,
        hairpinMode: true,
        ipam: { type: "host-local", dataDir: join(folder, "addresses"), ranges: [[{ subnet }]], routes: [{ dst: "0.0.0.0/0" }] },
      },
    ],
  };
}

function containerdConfig(folder: string, socket: string): string {
  return `version = 2
root = "${folder}/containerd"
state = "${folder}/state"
[grpc]
  address = "${socket}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${pauseImage}"
  # This kind of machine gives root no right to lower it.
  restrict_oom_score_adj = true
  stream_server_address = "127.0.0.1"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "${plugins}"
    conf_dir = "${folder}/cni"
`;
}

function kubeletConfig(socket: string): object {
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    address: bridgeAddress,
    authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
    authorization: { mode: "AlwaysAllow" },
    cgroupDriver: "cgroupfs",
    containerRuntimeEndpoint: `unix://${socket}`,
    evictionHard: { "memory.available": "0%", "nodefs.available": "0%", "imagefs.available": "0%", "nodefs.inodesFree": "0%" },
    failCgroupV1: false,
    failSwapOn: false,
    featureGates: { KubeletInUserNamespace: true },
    healthzPort: 0,
    imageGCHighThresholdPercent: 100,
    oomScoreAdj: 0,
    readOnlyPort: 0,
  };
}

function proxyConfig(kubeconfig: string): object {
  return {
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    bindAddress: "127.0.0.1",
    clientConnection: { kubeconfig },
    clusterCIDR: subnet,
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: "0s", tcpCloseWaitTimeout: "0s" },
    healthzBindAddress: "127.0.0.1:10356",
    hostnameOverride: "real",
    metricsBindAddress: "127.0.0.1:10349",
    mode: "nftables",
  };
}
