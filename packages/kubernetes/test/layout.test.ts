import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gitopsFormats } from "@douze/core";
import { describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import {
  type Files,
  type KubernetesObject,
  type LayoutFormat,
  type LayoutIn,
  layout,
  objectName,
  objectsOf,
  type Rendered,
  render,
  yamlOf,
} from "../src/index.ts";
import { binaries } from "./support/cluster.ts";
import { examples } from "./support/examples.ts";
import { written } from "./support/release.ts";

const golden = join(import.meta.dirname, "golden");
const names = Object.keys(examples);
const stays = 2_147_483_647;
const kept: Files = new Map([
  ["30-configmap-shop-config-00000000.yaml", "kind: ConfigMap\napiVersion: v1\nmetadata:\n  name: shop-config-00000000\n"],
  ["30-secret-shop-secret-00000000.yaml", "kind: Secret\napiVersion: v1\nmetadata:\n  name: shop-secret-00000000\nsops:\n  mac: none\n"],
]);

/** Marks what would be encrypted: that it is, and opens again, is shown where it is done. */
const encrypt = (secret: object): string =>
  `${yamlOf([{ ...secret, data: Object.fromEntries(Object.keys((secret as { data: object }).data).map((key) => [key, "ENC"])) }])}sops:\n  mac: none\n`;

function rendered(name: string, version = 12): Rendered {
  return render({ ...written({ ...(examples[name] ?? { manifest: "" }), version }), taskTtlSeconds: stays });
}

function files(name: string, format: LayoutFormat, more: Partial<LayoutIn> = {}): Files {
  const gitops = { format, repository: "https://git.example.org/shop.git", revision: "main", project: "default", decryption: "sops-age" };
  return layout({ rendered: rendered(name), gitops, path: "deploy/production", encrypt, kept: new Map(), ...more });
}

const told = (all: Files): string => [...all].map(([path, text]) => `# ${path}\n${text}`).join("---\n");

describe.each([...gitopsFormats, "compose"] as const)("%s", (format) => {
  // What only repeats an object as it is rendered lies in that example's own file already: its path is enough.
  test.each(["hola", "scaled"])("%s is laid out as it was looked over", async (name) => {
    const known = new Set(objectsOf(rendered(name)).map((each) => yamlOf([each])));
    const text = [...files(name, format)].map(([path, each]) => (known.has(each) ? `# ${path}\n` : `# ${path}\n${each}`)).join("");
    await expect(text).toMatchFileSnapshot(join(golden, "layout", `${name}.${format}.txt`));
  });

  test.each(names)("%s has no secret in the open", (name) => {
    expect(told(files(name, format))).not.toMatch(/s3cret|pa55|czNjcmV0/);
  });
});

describe.each(gitopsFormats)("%s", (format) => {
  test("what former releases froze stays, and names of files do not change with the config", () => {
    const [before, after] = [files("hola", format), files("hola", format, { kept })];
    const added = [...after.keys()].filter((path) => !before.has(path));
    // A chart's own ConfigMaps are left by Helm.
    expect(added.filter((path) => path.includes("shop-secret-00000000"))).toHaveLength(1);
    if (format !== "helm") expect(added.filter((path) => path.includes("shop-config-00000000"))).toHaveLength(1);
  });
});

async function laidOut(all: Files) {
  const folder = await mkdtempDisposable(join(tmpdir(), "douze-layout-"));
  for (const [path, text] of all) {
    await mkdir(dirname(join(folder.path, path)), { recursive: true });
    await writeFile(join(folder.path, path), text);
  }
  return folder;
}

/** As the cluster reads them, by name. */
function objectsIn(text: string): Map<string, KubernetesObject> {
  const all = parseAllDocuments(text, { version: "1.1" }).map((each) => each.toJSON() as KubernetesObject | null);
  return new Map(all.flatMap((each) => (each ? [[objectName(each), each]] : [])));
}

const expected = (objects: readonly KubernetesObject[]): Map<string, KubernetesObject> => objectsIn(yamlOf(objects));

const composeMissing = !existsSync(join(binaries, "compose-spec"));
const kustomizeMissing = !existsSync(join(binaries, "kustomize"));
const helmMissing = !existsSync(join(binaries, "helm"));
if (kustomizeMissing || helmMissing || composeMissing)
  console.log("skipped, without kustomize, helm or compose-spec: `node tools/cluster/build.mjs` builds them");

test.skipIf(kustomizeMissing).each(names)("kustomize makes the same objects of %s as are rendered", async (name) => {
  await using folder = await laidOut(files(name, "kustomize"));
  const text = execFileSync(join(binaries, "kustomize"), ["build", join(folder.path, "overlays/production")], { encoding: "utf8" });
  const built = objectsIn(text);
  const wanted = expected(objectsOf(rendered(name)));
  expect([...built.keys()].sort()).toEqual([...wanted.keys()].sort());
  for (const [each, object] of wanted) if (object.kind !== "Secret") expect(built.get(each)).toEqual(object);
});

describe.skipIf(helmMissing)("helm", () => {
  const template = async (all: Files, ...words: readonly string[]): Promise<Map<string, KubernetesObject>> => {
    await using folder = await laidOut(all);
    const chart = join(folder.path, "chart");
    const env = { PATH: process.env["PATH"], HOME: folder.path };
    execFileSync(join(binaries, "helm"), ["lint", "--strict", chart], { encoding: "utf8", env });
    return objectsIn(execFileSync(join(binaries, "helm"), ["template", "shop", chart, ...words], { encoding: "utf8", env, stdio: "pipe" }));
  };
  const isHook = ({ metadata }: KubernetesObject): boolean => metadata.annotations?.["helm.sh/hook"] !== undefined;

  test.each(names)("a chart of %s makes the same objects as are rendered", async (name) => {
    const built = [...(await template(files(name, "helm")))].filter(([, each]) => !isHook(each));
    const { ground, workloads, surroundings, task, setting } = rendered(name);
    const ofTask = task ? [`ServiceAccount ${setting.release.app}-release`, `NetworkPolicy ${setting.release.app}-release`] : [];
    const wanted = expected(
      [...ground, ...workloads, ...surroundings].filter(
        (each) => each.kind !== "Secret" && each.kind !== "Namespace" && !ofTask.includes(objectName(each)),
      ),
    );
    expect(built.map(([each]) => each).sort()).toEqual([...wanted.keys()].sort());
    for (const [each, object] of built) {
      const { "helm.sh/resource-policy": policy, ...annotations } = object.metadata.annotations ?? {};
      expect(policy).toBe(object["immutable"] === true || object.kind === "ExternalSecret" ? "keep" : undefined);
      const { annotations: _, ...metadata } = object.metadata;
      expect({ ...object, metadata: { ...metadata, ...(Object.keys(annotations).length > 0 && { annotations }) } }).toEqual(
        wanted.get(each),
      );
    }
  });

  test("the release task is a hook with an account, a policy and config of its own, which it names", async () => {
    const hooks = [...(await template(files("hola", "helm"))).values()].filter(isHook);
    expect(hooks.map(({ kind }) => kind).sort()).toEqual(["ConfigMap", "ConfigMap", "Job", "NetworkPolicy", "ServiceAccount"]);
    const weights = Object.fromEntries(hooks.map(({ kind, metadata }) => [kind, metadata.annotations?.["helm.sh/hook-weight"]]));
    expect(weights).toEqual({ ConfigMap: "-10", ServiceAccount: "-10", NetworkPolicy: "-10", Job: "-5" });
    const job = JSON.stringify(hooks.find(({ kind }) => kind === "Job"));
    for (const { metadata } of hooks.filter(({ kind }) => kind === "ConfigMap")) {
      expect(metadata.name).toMatch(/-release$/);
      expect(job).toContain(`"name":"${metadata.name}"`);
    }
  });

  test("a value of the app's that looks like an expression is not one", async () => {
    const from = {
      manifest: "app: shop\nprocesses:\n  web: echo '{{ .Values.secret }} {{- nothing }}'\n",
      config: { TEXT: "{{ .Chart.Name }}" },
    };
    const made = render(written(from));
    const built = await template(files("one-process", "helm", { rendered: made }));
    expect(built.get("Deployment shop-web")).toEqual(expected(made.workloads).get("Deployment shop-web"));
    expect([...built.values()].find(({ kind }) => kind === "ConfigMap")?.["data"]).toEqual({ TEXT: "{{ .Chart.Name }}" });
  });

  test("changed values are in the objects, and another config is another object that pods name", async () => {
    const built = await template(
      files("hola", "helm"),
      ...["--set", "processes.web.replicas=5", "--set-string", "config.ACCENT=blue", "--set", "hosts[0]=other.example.org"],
      ...["--set", `image=registry.example.org/other@sha256:${"12".repeat(32)}`, "--set", "secret=another"],
    );
    const config = [...built.values()].find((each) => each.kind === "ConfigMap" && each["immutable"] === true && !isHook(each));
    expect(config?.["data"]).toMatchObject({ ACCENT: "blue", NUMBER: "1_000", SWITCH: "yes" });
    const before = rendered("hola").setting.frozen.config;
    expect(config?.metadata.name).not.toBe(before);
    const web = JSON.stringify(built.get("Deployment hola-web"));
    expect(web).toContain('"replicas":5');
    expect(web).toContain(`registry.example.org/other@sha256:${"12".repeat(32)}`);
    expect(web).toContain(`"configMapRef":{"name":"${config?.metadata.name}"}`);
    expect(web).toContain('"secretRef":{"name":"another"}');
    expect(JSON.stringify(built.get("HTTPRoute hola"))).toContain('"hostnames":["other.example.org"]');
  });

  test.each([
    ["an image without a digest", ["--set", "image=registry.example.org/shop:latest"]],
    ["config that is no text", ["--set", "config.ACCENT=5"]],
    ["a key of a process that there is not", ["--set", "processes.web.replica=5"]],
  ])("%s is refused by the schema", async (_name, words) => {
    await expect(template(files("hola", "helm"), ...words)).rejects.toThrow(/schema/);
  });
});

describe.skipIf(composeMissing)("compose", () => {
  const loaded = async (name: string, env: Record<string, string>): Promise<{ services: Record<string, Record<string, unknown>> }> => {
    await using folder = await laidOut(files(name, "compose"));
    const file = join(folder.path, "compose.yaml");
    const told = execFileSync(join(binaries, "compose-spec"), [file], { encoding: "utf8", env, stdio: "pipe", cwd: folder.path });
    return JSON.parse(told) as { services: Record<string, Record<string, unknown>> };
  };

  test.each(names)("the specification's own reader takes %s, with nothing left to guess", async (name) => {
    const { services } = await loaded(name, { SIGNATURE: "s", WORKERS: "2" });
    const processes = Object.keys(rendered(name).setting.release.manifest.processes);
    expect(Object.keys(services)).toEqual(expect.arrayContaining(processes));
  });

  test("values reach the app as they are, its server is the file's own, and a secret is asked for", async () => {
    const { services } = await loaded("hola", { SIGNATURE: "s3cret", PATH: "/elsewhere", ACCENT: "red" });
    expect(services["web"]?.["environment"]).toMatchObject({
      SUM: "$(PATH)",
      SIGNATURE: "s3cret",
      DATABASE_URL: "postgres://app:app@db:5432/app",
      GREETING: "¡Hola, mundo!",
      ACCENT: "#0f766e",
    });
    expect(services["web"]?.["depends_on"]).toMatchObject({
      db: { condition: "service_healthy" },
      release: { condition: "service_completed_successfully" },
    });
    await expect(loaded("hola", {})).rejects.toThrow(/set SIGNATURE in .env/);
  });
});

test("each comes in its wave with Argo CD, the task before what needs it", () => {
  const all = files("hola", "argocd", { kept });
  const waves = new Map(
    [...all]
      .filter(([path]) => /^manifests\/\d/.test(path) && !path.includes("00000000"))
      .map(([path, text]) => [path.replace(/^manifests\/\d+-(\w+)-.*/, "$1"), /sync-wave: "(-?\d+)"/.exec(text)?.[1]]),
  );
  expect(Object.fromEntries(waves)).toMatchObject({ serviceaccount: "-3", configmap: "-3", job: "-1", deployment: "0", cronjob: "1" });
  expect(all.get("manifests/secrets.yaml")).toContain("30-secret-shop-secret-00000000.yaml");
  expect(all.get("manifests/kustomization.yaml")).not.toMatch(/-secret-/);
  expect(all.get("manifests/kustomization.yaml")).toContain("30-configmap-shop-config-00000000.yaml");
});

test("no tool makes a task again that has run: it stays as long as its release", () => {
  for (const format of ["plain", "kustomize", "argocd", "flux"] as const) {
    const job = [...files("hola", format)].find(([path]) => path.includes("-job-"))?.[1];
    expect(job).toContain(`ttlSecondsAfterFinished: ${stays}`);
  }
});
