import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Problem } from "@douze/core";
import { expect, test } from "vitest";
import { type KubernetesObject, objectName, objectsOf, type RenderIn, render, yamlOf } from "../src/index.ts";
import { binaries } from "./support/cluster.ts";
import { examples } from "./support/examples.ts";
import { image, written } from "./support/release.ts";

const golden = join(import.meta.dirname, "golden");
const names = Object.keys(examples);
const example = (name: string): RenderIn => written(examples[name] ?? { manifest: "" });
const objects = (input: RenderIn): readonly KubernetesObject[] => objectsOf(render(input));
const named = (input: RenderIn, kind: string, name: RegExp): KubernetesObject[] =>
  objects(input).filter((each) => each.kind === kind && name.test(each.metadata.name));
const plain = { manifest: "app: shop\nprocesses: { web: node web.js }\n" };

test.each(names)("%s is rendered as it was looked over", async (name) => {
  await expect(yamlOf(objects(example(name)))).toMatchFileSnapshot(join(golden, `${name}.yaml`));
});

test("the same release is the same text, whatever the order in which its values were set", () => {
  const input = example("hola");
  const turned = {
    ...input,
    env: Object.fromEntries(Object.entries(input.env).toReversed()),
    release: { ...input.release, config: Object.fromEntries(Object.entries(input.release.config).toReversed()) },
  };
  expect(yamlOf(objects(turned))).toBe(yamlOf(objects(input)));
});

for (const [judge, words] of [
  ["kube-score", ["score", "--exit-one-on-warning"]],
  ["kube-linter", ["lint"]],
] as const) {
  const program = join(binaries, judge);
  test.skipIf(!existsSync(program)).each(names)(`${judge} finds nothing in %s`, (name) => {
    const found = execFileSync(program, [...words, join(golden, `${name}.yaml`)], { encoding: "utf8" });
    expect(found).not.toMatch(/CRITICAL|WARNING/);
  });

  test.skipIf(!existsSync(program))(`${judge} would find something`, () => {
    const worse = objects(example("one-process")).map((each) =>
      each.kind === "Deployment"
        ? (JSON.parse(JSON.stringify(each).replace('"readOnlyRootFilesystem":true', '"readOnlyRootFilesystem":false')) as object)
        : each,
    );
    expect(() => execFileSync(program, [...words, "-"], { encoding: "utf8", input: yamlOf(worse), stdio: "pipe" })).toThrow();
  });
}

test("each exemption says why", () => {
  const exempt = names
    .flatMap((name) => objects(example(name)))
    .filter(({ metadata }) => Object.keys(metadata.annotations ?? {}).some((key) => /^(kube-score|ignore-check|polaris)/.test(key)));
  expect(exempt.length).toBeGreaterThan(3);
  for (const { metadata } of exempt) expect(metadata.annotations?.["douze.dev/exempt-because"]).toMatch(/\w+ \w+/);
});

test("a type that bounds its own CPU needs no exemption where the inventory bounds none", () => {
  const manifest = "app: shop\nprocesses:\n  web: { command: a, limits: { cpu: 2 } }\n  worker: b\nrelease: c\n";
  const unbounded = (target: string): string[] =>
    objects(written({ manifest, target }))
      .filter(({ metadata }) => metadata.annotations?.["polaris.fairwinds.com/cpuLimitsMissing-exempt"] !== undefined)
      .map(({ metadata }) => metadata.name.replace(/-v12-.*/, ""));
  expect(unbounded("  cpuLimits: false\n").sort()).toEqual(["shop-release", "shop-worker"]);
  expect(unbounded("")).toEqual([]);
});

test("what is named by its content changes its name with it, and with nothing else", () => {
  const name = (input: RenderIn, kind: string): string | undefined => named(input, kind, /-(config|secret)-/)[0]?.metadata.name;
  const [one, other] = [example("hola"), written({ ...(examples["hola"] ?? plain), version: 13 })];
  expect(name(one, "ConfigMap")).toBe(name(other, "ConfigMap"));
  expect(name(one, "Secret")).toBe(name(other, "Secret"));
  const brighter = { ...one, env: { ...one.env, ACCENT: "#fff" } };
  expect(name(brighter, "ConfigMap")).not.toBe(name(one, "ConfigMap"));
  expect(name(brighter, "Secret")).toBe(name(one, "Secret"));
  const signed = { ...one, env: { ...one.env, SIGNATURE: "other" } };
  expect(name(signed, "ConfigMap")).toBe(name(one, "ConfigMap"));
  expect(name(signed, "Secret")).not.toBe(name(one, "Secret"));
  // Who does not have the key cannot try values out.
  expect(name({ ...one, nameKey: Buffer.from("another key") }, "Secret")).not.toBe(name(one, "Secret"));
});

test("a live value that changes changes nothing but the object that holds it", () => {
  const one = example("hola");
  const greeted = { ...one.release.config["GREETING"], value: "Hi" } as (typeof one.release.config)[string];
  const other = {
    ...one,
    env: { ...one.env, GREETING: "Hi" },
    release: { ...one.release, config: { ...one.release.config, GREETING: greeted } },
  };
  const before = new Map(objects(one).map((each) => [objectName(each), yamlOf([each])]));
  const changed = objects(other).filter((each) => before.get(objectName(each)) !== yamlOf([each]));
  expect(changed.map(objectName)).toEqual(["ConfigMap hola-live"]);
  const [web] = named(one, "Deployment", /hola-web/);
  expect(JSON.stringify(web)).toContain('"envFrom":[{"configMapRef":{"name":"hola-live"}},');
});

test("a secret is in a Secret and nowhere else", () => {
  const all = objects(example("hola"));
  const holders = all.filter((each) => /s3cret|pa55|czNjcmV0/.test(JSON.stringify(each)));
  expect(holders.map(({ kind }) => kind)).toEqual(["Secret"]);
});

test("what is only named like a secret lies among them too", () => {
  const input = written({ ...plain, config: { TOKEN_TTL_SECONDS: "60", PEM: "-----BEGIN PRIVATE KEY-----", PLAIN: "1" } });
  const [open, hidden] = [named(input, "ConfigMap", /config/)[0], named(input, "Secret", /secret/)[0]];
  expect(Object.keys((open?.["data"] ?? {}) as object)).toEqual(["PLAIN"]);
  expect(Object.keys((hidden?.["data"] ?? {}) as object)).toEqual(["PEM", "TOKEN_TTL_SECONDS"]);
});

test("the same task has one name in one release, and another one in the next", () => {
  const name = (version: number): string | undefined => render(written({ ...(examples["hola"] ?? plain), version })).task?.metadata.name;
  expect(name(12)).toBe(name(12));
  expect(name(12)).not.toBe(name(13));
});

test("names that DNS would not take stay apart and short", () => {
  const types = ["Web", "web", "WEB", "a".repeat(63), `${"a".repeat(62)}b`, "-x-", "a_b", "a-b"];
  const manifest = `app: ${"s".repeat(40)}\nprocesses: { ${types.map((type) => `"${type}": "true"`).join(", ")} }\n`;
  const made = named(written({ manifest }), "Deployment", /./);
  const all = made.map(({ metadata }) => metadata.name);
  expect(new Set(all).size).toBe(types.length);
  for (const each of all) expect(each).toMatch(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
  for (const { metadata } of made)
    for (const value of Object.values(metadata.labels ?? {})) expect(value).toMatch(/^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/);
});

test("an autoscaled type leaves its number to the autoscaler, and none stays none", () => {
  const manifest = "app: shop\nprocesses:\n  web: { command: a, autoscale: { min: 2, max: 4, cpu: 70 } }\n";
  const specOf = (formation: Record<string, number>) => {
    const input = written({ manifest, formation });
    const [made] = named(input, "Deployment", /web/);
    return {
      replicas: (made?.["spec"] as { replicas?: number } | undefined)?.replicas,
      scalers: named(input, "HorizontalPodAutoscaler", /web/).length,
    };
  };
  expect(specOf({ web: 3 })).toEqual({ replicas: undefined, scalers: 1 });
  expect(specOf({ web: 0 })).toEqual({ replicas: 0, scalers: 0 });
});

test.each([
  [
    "a number of the app's without KEDA",
    {
      manifest:
        "app: a\nprocesses:\n  web: b\n  w: { command: c, autoscale: { min: 1, max: 2, metric: { process: web, path: /m, target: 1 } } }\n",
    },
    "keda: true",
  ],
  [
    "two routed types behind an Ingress",
    {
      manifest: "app: a\nprocesses:\n  web: b\n  api: { command: c, routed: true }\n",
      target: "  hosts: [a.example]\n  ingress: { class: n, tls: t }\n",
    },
    "one backend for a path",
  ],
])("%s is refused before anything is applied", (_name, from, why) => {
  let thrown: unknown;
  try {
    render(written(from));
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(Problem);
  expect(thrown).toMatchObject({ code: "target-unfit", why: expect.stringContaining(why) as string });
});

test("nothing is closed to others in a namespace that they may share", () => {
  const selected = (input: RenderIn): unknown =>
    (named(input, "NetworkPolicy", /default-deny/)[0]?.["spec"] as { podSelector: object } | undefined)?.podSelector;
  expect(selected(written(plain))).toEqual({ matchLabels: { "app.kubernetes.io/part-of": "shop" } });
  expect(selected(written({ ...plain, target: "  manageNamespace: true\n" }))).toEqual({});
});

test("every image is named by its digest", () => {
  const text = names.map((name) => yamlOf(objects(example(name)))).join("\n");
  const found = [...text.matchAll(/\bimage: (\S+)/g)].map(([, each]) => each);
  expect(found.length).toBeGreaterThan(5);
  expect(new Set(found)).toEqual(new Set([image]));
});
