import { execFileSync } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Cluster, KubernetesObject } from "@douze/kubernetes";
import { newIdentity } from "@douze/secrets";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { hasRegistry, Registry } from "../../build/test/support/registry.ts";
import { kindOf, kinds } from "../../kubernetes/src/api/kinds.ts";
import { clusterMissing, pause, TestCluster } from "../../kubernetes/test/support/cluster.ts";
import { findSops } from "../../secrets/test/support/sops.ts";
import { ClusterApp } from "./support/cluster-app.ts";
import { line } from "./support/douze.ts";

const sops = await findSops();
const missing = clusterMissing() ?? (hasRegistry ? undefined : "there is no registry") ?? ("missing" in sops ? sops.missing : undefined);
if (missing !== undefined) console.log(`skipped: ${missing}`);

let testCluster: TestCluster;
let registry: Registry;
let cluster: Cluster;
const images = await mkdtemp(join(tmpdir(), "douze-images-"));
const ana = await newIdentity("the test");

const manifest = (colour = "blue"): string => `app: shop
processes:
  web: { command: node web.js, scale: 2, health: { readiness: /readyz, liveness: /livez } }
release: node migrate.js
config:
  GREETING: { default: Hola, live: true }
  COLOUR: ${colour}
  PASSWORD: { secret: true }
`;

let apps = 0;

/** An app whose releases are committed, and what a tool makes of them. */
class Shop extends ClusterApp {
  static async make(gitops = "{ format: flux }"): Promise<Shop> {
    // Nothing leads to the cluster: who would touch it could not.
    const env = { SOPS_AGE_KEY: ana.secret, KUBECONFIG: "/nowhere" };
    const shop = new Shop(await ClusterApp.folder("gitops"), `committed-${++apps}`, env);
    await shop.write(
      "inventory/production.yaml",
      `target:\n  kind: kubernetes\n  image: ${registry.host}/shop\n  namespace: ${shop.namespace}\n  manageNamespace: true\n  minReady: 1s\n  gitops: ${gitops}\n`,
    );
    await shop.begin(["web", "migrate"]);
    await shop.write(".gitattributes", "deploy export-ignore\n");
    await shop.write("douze.yaml", manifest());
    await shop.good("secrets", "init");
    await shop.good("secrets", "set", "PASSWORD=correct horse");
    await shop.commit(manifest());
    await shop.share(images);
    return shop;
  }

  /** Objects of one folder, in the order of their files, opened by the real sops. */
  async objects(part: string): Promise<KubernetesObject[]> {
    const folder = join(this.folder, "deploy/production", part);
    const files = (await readdir(folder)).filter((name) => /^\d\d-.*\.yaml$/.test(name)).sort();
    return await Promise.all(
      files.map(async (name) => {
        const text = await readFile(join(folder, name), "utf8");
        if (!text.includes("\nsops:\n")) return parseAllDocuments(text, { version: "1.1" })[0]?.toJSON() as KubernetesObject;
        if ("missing" in sops) throw new Error(sops.missing);
        const env = { PATH: process.env["PATH"], SOPS_AGE_KEY: ana.secret };
        const open = execFileSync(sops.path, ["decrypt", "--output-type", "json", join(folder, name)], { env, encoding: "utf8" });
        return JSON.parse(open) as KubernetesObject;
      }),
    );
  }

  /** As Flux does: the first folder, until its Jobs have ended; what is no longer there is removed; then the second. */
  async bring(): Promise<void> {
    for (const part of ["release", "app"]) {
      const objects = await this.objects(part);
      for (const object of objects) await cluster.apply(object, { manager: "gitops" });
      for (const { metadata } of objects.filter(({ kind }) => kind === "Job")) await this.#ended(metadata.name);
      if (part === "release") await this.#prune(objects);
    }
  }

  async #ended(job: string): Promise<void> {
    for (let look = 0; look < 300; look++) {
      const there = await cluster.get<{ status?: { conditions?: { type: string; status: string }[] } }>(kinds.job, this.namespace, job);
      if (there?.status?.conditions?.some(({ type, status }) => type === "Complete" && status === "True")) return;
      await pause(100);
    }
    throw new Error(`${job} did not end`);
  }

  async #prune(wanted: readonly KubernetesObject[]): Promise<void> {
    const names = new Set(wanted.map(({ kind, metadata }) => `${kind} ${metadata.name}`));
    for (const kind of [kinds.configMap, kinds.secret, kinds.job]) {
      for (const { metadata } of (await cluster.list(kind, this.namespace, "app.kubernetes.io/part-of=shop")).items)
        if (!names.has(`${kind.kind} ${metadata.name}`)) await cluster.remove(kind, this.namespace, metadata.name);
    }
  }

  /** Values that the pods of `web` were made with, when all of them are ready. */
  async served(): Promise<Record<string, string>> {
    for (let look = 0; look < 300; look++) {
      const web = await cluster.get<{
        metadata: { generation: number };
        spec: { replicas: number; template: { spec: { containers: { envFrom: { configMapRef?: Named; secretRef?: Named }[] }[] } } };
        status?: { observedGeneration?: number; updatedReplicas?: number; readyReplicas?: number; replicas?: number };
      }>(kinds.deployment, this.namespace, "shop-web");
      const { observedGeneration, updatedReplicas, readyReplicas, replicas } = web?.status ?? {};
      if (
        web &&
        observedGeneration === web.metadata.generation &&
        [updatedReplicas, readyReplicas, replicas].every((n) => n === web.spec.replicas)
      ) {
        const from = web.spec.template.spec.containers[0]?.envFrom ?? [];
        const parts = await Promise.all(from.map(async ({ configMapRef, secretRef }) => await this.#data(configMapRef, secretRef)));
        return Object.assign({}, ...parts) as Record<string, string>;
      }
      await pause(100);
    }
    throw new Error("web was not ready in time");
  }

  async #data(config: Named | undefined, secret: Named | undefined): Promise<Record<string, string>> {
    if (config) return (await cluster.get<{ data?: Record<string, string> }>(kinds.configMap, this.namespace, config.name))?.data ?? {};
    const { data = {} } = (await cluster.get<{ data?: Record<string, string> }>(kinds.secret, this.namespace, secret?.name ?? "")) ?? {};
    return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, "base64").toString()]));
  }
}

function scriptOf(forge: "github" | "gitlab" | "drone", whole: Record<string, unknown>): string {
  if (forge === "gitlab") return (whole["production"] as { script: string[] }).script.join("\n");
  if (forge === "drone") return (whole["steps"] as { commands: string[] }[]).flatMap(({ commands }) => commands).join("\n");
  const { release } = whole["jobs"] as { release: { steps: { run?: string }[] } };
  return release.steps.flatMap(({ run }) => (run === undefined ? [] : [run])).join("\n");
}

type Named = { readonly name: string };

describe.skipIf(missing !== undefined)("an environment whose releases are committed", () => {
  beforeAll(async () => {
    [testCluster, registry] = await Promise.all([TestCluster.start(), Registry.start()]);
    await testCluster.define();
    cluster = testCluster.connect();
  });

  afterAll(async () => {
    cluster[Symbol.dispose]();
    await Promise.all([testCluster[Symbol.asyncDispose](), registry[Symbol.asyncDispose]()]);
    await rm(images, { recursive: true, force: true });
    expect(testCluster.warnings).toEqual([]);
  });

  test("releases, numbers, live keys and rollbacks are commits, which a tool brings into a cluster", async () => {
    await using shop = await Shop.make();
    expect(await shop.good("deploy")).toContain("v1 current");
    expect(shop.git("log", "-1", "--format=%s")).toMatch(/^shop production v1: deploy [0-9a-f]{7}$/);
    expect(shop.git("status", "--porcelain")).toBe("");
    await shop.bring();
    expect(await shop.served()).toEqual({ GREETING: "Hola", COLOUR: "blue", PASSWORD: "correct horse" });

    await shop.commit(manifest("red"));
    await shop.good("deploy");
    // What the pods of v1 read is there until they are gone.
    expect(shop.git("log", "-1", "--diff-filter=D", "--name-only", "--format=")).not.toMatch(/-config-|-secret-/);
    await shop.bring();
    expect(await shop.served()).toMatchObject({ COLOUR: "red" });

    await shop.good("rollback", "--yes");
    expect(shop.git("log", "-1", "--format=%s")).toBe("shop production v3: rollback to v1");
    await shop.bring();
    expect(await shop.served()).toMatchObject({ COLOUR: "blue" });
    expect(await shop.releases()).toEqual(["v1 superseded", "v2 superseded", "v3 current"]);

    await shop.good("scale", "web=3");
    expect(shop.git("log", "-1", "--format=%s")).toBe("shop production v3: scale");
    await shop.good("config", "set", "GREETING=Salut");
    expect(shop.git("diff", "HEAD~", "--name-only", "--", "deploy/production/app", "deploy/production/release")).toBe(
      "deploy/production/release/30-configmap-shop-live.yaml",
    );
    await shop.bring();
    expect(await shop.served()).toMatchObject({ GREETING: "Salut" });
    expect((await cluster.get<{ spec: { replicas: number } }>(kinds.deployment, shop.namespace, "shop-web"))?.spec.replicas).toBe(3);
    expect(await shop.good("diff", "v2", "v3")).toMatch(/COLOUR: "red" → "blue"/);
    // All that was ever committed.
    expect(shop.git("log", "-p", "--all")).not.toMatch(/correct horse|Y29ycmVjdCBob3JzZQ/);
  });

  test("the same release again changes no file of it, and a release with nothing new keeps its image", async () => {
    await using shop = await Shop.make();
    await shop.good("deploy");
    const { stderr } = await shop.douze("deploy");
    expect(stderr).toContain(" is there");
    const changed = shop.git("diff", "HEAD~", "--", "deploy/production/release").split("\n");
    // The Secret is encrypted to the same text, and a task has the name of its release.
    expect(changed.filter((line) => /^(---|\+\+\+) /.test(line)).every((line) => /-job-|networkpolicy-shop-release|null/.test(line))).toBe(
      true,
    );
  });

  test("files of people stay, and so do those of other folders that are not committed yet", async () => {
    await using shop = await Shop.make();
    await shop.good("deploy");
    await shop.write("deploy/production/app/own.yaml", "a: person's\n");
    await shop.write("draft.txt", "not yet\n");
    await shop.commit(manifest("red"));
    await shop.write("draft2.txt", "not yet\n");
    await shop.good("deploy");
    expect(shop.git("status", "--porcelain")).toBe("?? draft2.txt");
    expect(await readFile(join(shop.folder, "deploy/production/app/own.yaml"), "utf8")).toBe("a: person's\n");
  });

  test("a command that is killed at any moment leaves what the next one takes up", async () => {
    await using shop = await Shop.make();
    await shop.good("deploy");
    for (const [index, at] of [150, 400, 650, 800, 950, 1100].entries()) {
      await shop.commit(manifest(`colour-${index}`));
      await using running = shop.start("deploy");
      await pause(at);
      running.child.kill("SIGKILL");
      await running.ended;
    }
    await shop.commit(manifest("last"));
    await shop.good("deploy");
    expect(shop.git("status", "--porcelain")).toBe("");
    const current = (await shop.releases()).filter((each) => each.endsWith("current"));
    expect(current).toHaveLength(1);
    await shop.bring();
    expect(await shop.served()).toMatchObject({ COLOUR: "last" });
    // No file is left over of what was cut off.
    const there = (await readdir(join(shop.folder, "deploy/production"), { recursive: true, withFileTypes: true })).filter((each) =>
      each.isFile(),
    );
    const { files } = JSON.parse(await readFile(join(shop.folder, "deploy/production/ledger/state.json"), "utf8")) as { files: string[] };
    const names = there.map((each) => join(each.parentPath, each.name).slice(join(shop.folder, "deploy/production/").length));
    expect(names.filter((name) => !name.startsWith("ledger/")).sort()).toEqual(files);
    expect(names.filter((name) => name.includes(".aside"))).toEqual([]);
  });

  test("what only the cluster could tell is refused with that reason, and wrong places are told before anything is done", async () => {
    await using shop = await Shop.make();
    await shop.good("deploy");
    for (const words of [["ps"], ["logs"], ["drift"], ["run", "--detach", "ls"], ["stop"]]) {
      const { code, stderr } = await shop.douze(...words);
      expect(`${words.join(" ")}: ${code} ${stderr}`).toMatch(/: 1 [\s\S]*never touched from here/);
    }
    await shop.write(".gitignore", ".douze\ndeploy\n");
    expect((await shop.douze("deploy")).stderr).toMatch(/Git ignores the folder[\s\S]*commit-failed/);
    await shop.write("inventory/production.yaml", "target:\n  kind: kubernetes\n  image: a.example/b\n  gitops: { format: argocd }\n");
    expect((await shop.douze("deploy")).stderr).toContain("needs `repository:`");
    await rm(join(shop.folder, ".git"), { recursive: true });
    await shop.write("inventory/production.yaml", "target:\n  kind: kubernetes\n  image: a.example/b\n  gitops: { format: plain }\n");
    expect((await shop.douze("deploy", "--working-tree")).stderr).toMatch(/not a git repository[\s\S]*commit-failed/);
  });

  test("secrets of an inventory that is encrypted to nobody are not written", async () => {
    await using shop = await Shop.make();
    await shop.write(
      "inventory/production.yaml",
      (await readFile(join(shop.folder, "inventory/production.yaml"), "utf8")).replace(/^secrets:[\s\S]*/m, "config: { PASSWORD: open }\n"),
    );
    await shop.commit(manifest());
    const { code, stderr } = await shop.douze("deploy");
    expect(code).toBe(1);
    expect(stderr).toContain("encrypted to nobody");
    expect(stderr).toContain("douze secrets init");
    expect(await readdir(join(shop.folder, "deploy/production"))).not.toContain("app");
  });

  test("rendering touches neither a cluster nor a repository, and gives the same bytes again", async () => {
    await using shop = await Shop.make();
    const first = await shop.good("render", "--format", "plain");
    expect(await shop.good("render", "--format", "plain")).toBe(first);
    expect(first).not.toMatch(/correct horse|Y29ycmVjdCBob3JzZQ/);
    expect(shop.git("status", "--porcelain")).toBe("");
    expect((await shop.douze("render", "--format", "argocd")).stderr).toContain("where it finds the repository");
    for (const format of ["kustomize", "helm", "flux"]) {
      expect(await shop.good("render", "--format", format, "-o", join("out", format))).toMatch(/wrote \d+ files/);
    }
    const { files } = JSON.parse(await shop.good("render", "--format", "helm", "--json")) as { files: Record<string, string> };
    for (const [path, text] of Object.entries(files)) expect(await readFile(join(shop.folder, "out/helm", path), "utf8")).toBe(text);
  });

  test.each(["github", "gitlab", "drone"] as const)(
    "what a pipeline of %s does, done here, commits a release and pushes it",
    async (forge) => {
      await using shop = await Shop.make();
      const remote = `${shop.folder}.git`;
      execFileSync("git", ["clone", "-q", "--bare", shop.folder, remote]);
      const branch = shop.git("branch", "--show-current");
      shop.git("remote", "add", "origin", remote);
      shop.git("push", "-q", "--set-upstream", "origin", branch);
      const { text, path } = JSON.parse(await shop.good("pipeline", forge, "--branch", branch, "--json")) as { text: string; path: string };
      const [whole] = parseAllDocuments(text).map((each) => each.toJSON() as Record<string, unknown>);
      // In place of the registry of packages: the program as it is here.
      const bin = join(shop.folder, ".douze/bin");
      await mkdir(bin, { recursive: true });
      await writeFile(join(bin, "npx"), `#!/bin/sh\nshift 2\nexec ${line.map((each) => `'${each}'`).join(" ")} "$@"\n`, { mode: 0o755 });
      const home = join(shop.folder, ".douze/home");
      await mkdir(home);
      const env = {
        ...{ PATH: `${bin}:${process.env["PATH"]}`, HOME: home, SOPS_AGE_KEY: ana.secret, REGISTRY_USER: "ana", REGISTRY_PASSWORD: "pa55" },
        ...{
          GIT_CONFIG_COUNT: "1",
          GIT_CONFIG_KEY_0: `url.${remote}.insteadOf`,
          GIT_CONFIG_VALUE_0: "https://pipeline:tok@git.example.org/shop.git",
        },
        ...{ PUSH_TOKEN: "tok", CI_SERVER_HOST: "git.example.org", CI_PROJECT_PATH: "shop" },
      };
      const script = scriptOf(forge, whole ?? {});
      execFileSync("sh", ["-e", "-c", script], { cwd: shop.folder, env, stdio: "pipe" });
      const told = execFileSync("git", ["log", "-1", "--format=%an <%ae> %s", branch], { cwd: remote, encoding: "utf8" });
      expect(told).toMatch(/^shop pipeline <pipeline@localhost> shop production v1: deploy [0-9a-f]{7}/);
      const { auths } = JSON.parse(await readFile(join(home, ".docker/config.json"), "utf8")) as {
        auths: Record<string, { auth: string }>;
      };
      expect(Buffer.from(auths[registry.host]?.auth ?? "", "base64").toString()).toBe("ana:pa55");
      expect(script).not.toContain("pa55");
      expect(await shop.good("pipeline", forge, "--write")).toContain(path);
      expect((await shop.douze("pipeline", forge, "--write")).stderr).toContain("file-exists");
      await rm(remote, { recursive: true });
    },
  );

  test("the tools' own definitions take what is written for them", async () => {
    const flux = {
      ...kindOf({ apiVersion: "v1", kind: "ConfigMap" }),
      apiVersion: "kustomize.toolkit.fluxcd.io/v1",
      kind: "Kustomization",
      plural: "kustomizations",
    };
    const argo = { ...flux, apiVersion: "argoproj.io/v1alpha1", kind: "Application", plural: "applications" };
    await using shop = await Shop.make();
    await cp(join(shop.folder, "inventory"), join(shop.folder, "kept"), { recursive: true });
    for (const [kind, format, file, more] of [
      [flux, "flux", "flux.yaml", ""],
      [argo, "argocd", "application.yaml", ", repository: https://git.example.org/shop.git"],
    ] as const) {
      const inventory = await readFile(join(shop.folder, "kept/production.yaml"), "utf8");
      await shop.write(
        "inventory/production.yaml",
        inventory.replace("{ format: flux }", `{ format: ${format}, namespace: default${more} }`),
      );
      const { files } = JSON.parse(await shop.good("render", "--json")) as { files: Record<string, string> };
      for (const document of parseAllDocuments(files[file] ?? "")) await cluster.createNew(document.toJSON() as KubernetesObject, kind);
      const [made] = parseAllDocuments(files[file] ?? "");
      const wrong: KubernetesObject = { ...(made?.toJSON() as KubernetesObject), metadata: { name: "wrong", namespace: "default" } };
      await expect(cluster.createNew({ ...wrong, spec: { ...(wrong["spec"] as object), soruce: {} } }, kind)).rejects.toThrow(/soruce/);
    }
  });
});
