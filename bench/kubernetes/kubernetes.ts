// A release in a cluster, against Helm, Kustomize and buildah on the same app; and against the least that there is to do. Needs what
// `node tools/cluster/build.mjs` builds; rows of what is missing are left out, and said to be.
// `node --conditions=douze-source bench/kubernetes/kubernetes.ts [rounds]`
import { execFile, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { parseAllDocuments } from "yaml";
import { Registry } from "../../packages/build/test/support/registry.ts";
import type { KubernetesObject } from "../../packages/kubernetes/src/index.ts";
import { binaries, clusterMissing, TestCluster } from "../../packages/kubernetes/test/support/cluster.ts";
import { BenchApp } from "./app.ts";
import { counting } from "./counting.ts";

const run = promisify(execFile);
const rounds = Number(process.argv[2] ?? 5);
const missing = clusterMissing();
if (missing !== undefined) {
  console.log(`left out: ${missing}`);
  process.exit(0);
}
const helm = existsSync(join(binaries, "helm")) ? join(binaries, "helm") : undefined;
const kustomize = existsSync(join(binaries, "kustomize")) ? join(binaries, "kustomize") : undefined;
const buildah = spawnSync("buildah", ["--version"]).status === 0;
const program = join(import.meta.dirname, "../../packages/cli/bin/douze.js");

const stack = new AsyncDisposableStack();
const root = await mkdtemp(join(tmpdir(), "bench-kubernetes-"));
stack.defer(() => rm(root, { recursive: true, force: true }));
const [cluster, registry] = await Promise.all([TestCluster.start(), Registry.start()]);
stack.use(cluster);
stack.use(registry);
const counted = stack.use(await counting(cluster.server, cluster.token, root));
const app = await BenchApp.make(
  join(root, "hola"),
  `  image: ${registry.host}/hola\n  namespace: hola\n  manageNamespace: true\n  priorityClass: false\n  minReady: 1s\n`,
);
const env = {
  ...process.env,
  ...{ KUBECONFIG: counted.kubeconfig, XDG_CONFIG_HOME: join(root, "config"), XDG_CACHE_HOME: join(root, "cache") },
  ...{
    BUILDAH_ISOLATION: "chroot",
    CONTAINERS_STORAGE_CONF: join(root, "storage.conf"),
    CONTAINERS_REGISTRIES_CONF: join(root, "registries.conf"),
  },
};
await writeFile(env.CONTAINERS_STORAGE_CONF, `[storage]\ndriver = "vfs"\ngraphroot = "${root}/graph"\nrunroot = "${root}/run"\n`);
await writeFile(env.CONTAINERS_REGISTRIES_CONF, `[[registry]]\nlocation = "${registry.host}"\ninsecure = true\n`);

interface Run {
  readonly ms: number;
  readonly mebibytes: number;
}

/** Runs a command to its end; the largest resident memory of any of its processes is told by `time`. */
async function timed(file: string, ...words: readonly string[]): Promise<Run> {
  const record = join(root, "time");
  const began = performance.now();
  await told("/usr/bin/time", "-f", "%M", "-o", record, file, ...words);
  const ms = performance.now() - began;
  return { ms, mebibytes: Number((await readFile(record, "utf8")).trim().split("\n").at(-1)) / 1024 };
}

/** Not in one step: what it asks of the cluster comes by way of this process. */
async function told(file: string, ...words: readonly string[]): Promise<string> {
  const { stdout } = await run(file, words, { cwd: app.folder, env, maxBuffer: 2 ** 28, timeout: 300_000 });
  return stdout;
}

const douze = (...words: readonly string[]): Promise<Run> => timed(process.execPath, program, "--env", "production", ...words);
const answer = (...words: readonly string[]): Promise<string> => told(process.execPath, program, "--env", "production", ...words);

function middle(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** Rows of one table: the ratio to the first in the same round, the middle and the spread. */
async function table(title: string, rows: Readonly<Record<string, () => Promise<Run>>>): Promise<void> {
  const all = new Map(Object.keys(rows).map((name) => [name, [] as (Run & { readonly requests: number; readonly kilobytes: number })[]]));
  for (let round = 0; round <= rounds; round++) {
    for (const [name, row] of Object.entries(rows)) {
      counted.taken();
      const one = await row();
      // The first round fills caches.
      if (round > 0) all.get(name)?.push({ ...one, ...counted.taken() });
    }
  }
  const [base = []] = all.values();
  console.log(`\n${title}\n`);
  for (const [name, runs] of all) {
    const ratios = runs.map(({ ms }, round) => ms / (base[round]?.ms ?? Number.NaN));
    const spread = `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`;
    const memory = `${middle(runs.map(({ mebibytes }) => mebibytes)).toFixed(0)} MiB`;
    const requests = middle(runs.map((each) => each.requests));
    const asked = requests > 0 ? `, ${requests} requests, ${middle(runs.map((each) => each.kilobytes))} KiB` : "";
    console.log(`${name}: ${middle(ratios).toFixed(2)} (${spread}), ${memory}${asked}`);
  }
}

try {
  await douze("secrets", "init");
  app.commit();
  await douze("image", "--push");

  for (const format of ["helm", "kustomize"]) await douze("render", "--format", format, "--output", join(root, format));
  await table("render, to the bare start of Node", {
    "Node, nothing": () => timed(process.execPath, "-e", "0"),
    "douze render": () => douze("render", "--format", "plain"),
    ...(helm !== undefined && { "helm template": () => timed(helm, "template", "hola", join(root, "helm/chart")) }),
    ...(kustomize !== undefined && { "kustomize build": () => timed(kustomize, "build", join(root, "kustomize/overlays/production")) }),
  });

  await douze("deploy");
  using api = cluster.connect();
  const { files } = JSON.parse(await answer("render", "--json")) as { files: Record<string, string> };
  const objects = Object.values(files)
    .filter((text) => !text.includes("\nsops:\n"))
    .map((text) => parseAllDocuments(text)[0]?.toJSON() as KubernetesObject)
    .filter(({ kind }) => kind !== "Job");
  const applied = async (): Promise<Run> => {
    const began = performance.now();
    for (const object of objects) await api.apply(object, { force: true, dryRun: true });
    return { ms: performance.now() - began, mebibytes: 0 };
  };
  // Helm has a namespace of its own, so that neither undoes the other's.
  const chart = async (): Promise<string> => {
    const own = await BenchApp.make(
      await mkdtemp(join(root, "chart-")),
      `  image: ${registry.host}/hola\n  namespace: hola-helm\n  priorityClass: false\n  minReady: 1s\n`,
    );
    const out = join(own.folder, "out");
    await answer("--dir", own.folder, "secrets", "init");
    own.commit();
    await answer("--dir", own.folder, "render", "--format", "helm", "-o", out);
    // Its Secret would be brought by others.
    const values = await readFile(join(out, "chart/values.yaml"), "utf8");
    const name = /^secret: (\S+)$/m.exec(values)?.[1] ?? "";
    await api.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: "hola-helm" } });
    await api.apply({ apiVersion: "v1", kind: "Secret", metadata: { name, namespace: "hola-helm" } });
    return join(out, "chart");
  };
  const path = helm === undefined ? "" : await chart();
  const upgrade = (...words: readonly string[]): Promise<Run> =>
    timed(helm ?? "", "upgrade", "--install", "hola", path, "--namespace", "hola-helm", "--wait", "--timeout", "120s", ...words);
  if (helm !== undefined) await upgrade();
  await table("a deploy with nothing to change, to the dry application of each object, one after the other", {
    "each object, dry": applied,
    "douze deploy --if-changed": () => douze("deploy", "--if-changed"),
    ...(helm !== undefined && { "helm upgrade --wait": () => upgrade() }),
  });
  let change = 0;
  await table("a release that replaces all pods, with its release task, to the same", {
    "each object, dry": applied,
    "douze config set": () => douze("config", "set", `ACCENT=#${String(++change).padStart(6, "0")}`),
    ...(helm !== undefined && {
      "helm upgrade --wait, another value": () => upgrade("--set-string", `config.ACCENT=#${String(++change).padStart(6, "0")}`),
    }),
  });

  if (buildah) {
    const { reference } = JSON.parse(await answer("image", "--push", "--json")) as { reference: string };
    // Dependencies as they were installed for the other one: what is compared is the image.
    const { tree } = JSON.parse(await answer("build", "--json")) as { tree: string };
    const context = join(root, "context");
    await told("cp", "-r", "--no-preserve=mode", tree, context);
    await writeFile(join(context, "Dockerfile"), `FROM ${reference}\nUSER 0\nWORKDIR /srv\nCOPY node_modules ./node_modules\nCOPY . .\n`);
    let edit = 0;
    const edited = async (): Promise<void> => {
      await app.write("changed.txt", String(++edit));
      await writeFile(join(context, "changed.txt"), String(edit));
      app.commit();
    };
    await table("an image after a change of the app, to tar and zstd of the build", {
      "tar and zstd": () => timed("sh", "-c", `tar -C ${tree} -c . | zstd -q -3 > /dev/null`),
      "douze image, of a build that is there": async () => {
        await edited();
        await douze("build");
        return await douze("image");
      },
      "douze image, with the build": async () => {
        await edited();
        return await douze("image");
      },
      "buildah, with its dependencies there": async () => {
        await edited();
        return timed("buildah", "build", "--quiet", "--layers", context);
      },
    });
  } else console.log("\nleft out: buildah is not installed");
} finally {
  await stack.disposeAsync();
}
