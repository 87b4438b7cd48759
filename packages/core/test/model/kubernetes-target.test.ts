import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type EnvironmentName, inventory, inventoryTarget, Problem } from "@douze/core";
import { expect, test } from "vitest";

const read = (text: string) => inventory(text, "inventory/production.yaml", "production" as EnvironmentName, {}).target;
const flawOf = (text: string): string => {
  try {
    read(text);
    return "nothing is wrong";
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return error.why;
  }
};

test("a cluster needs no more than where its images go", () => {
  expect(read("target: { kind: kubernetes, image: registry.example.org/team/shop }")).toEqual({
    kind: "kubernetes",
    hosts: [],
    image: "registry.example.org/team/shop",
    manageNamespace: false,
    pullPolicy: "Always",
    priorityClass: "douze-default",
    lingerMs: 10_000,
    minReadyMs: 10_000,
    egress: [80, 443],
    keda: false,
    identity: {},
    cpuLimits: true,
  });
});

test("the reference shows every key", () => {
  const text = readFileSync(join(import.meta.dirname, "../../../../docs/reference/inventory-kubernetes.yaml"), "utf8");
  const target = read(text);
  expect(target).toMatchObject({ kind: "kubernetes", entrance: { by: "gateway", from: "envoy" }, owner: { team: "web" }, keda: true });
  expect(inventoryTarget(text, "inventory/production.yaml")).toEqual(target);
  const all =
    flawOf("target: { kind: kubernetes, image: r.example/shop, nosuch: 1 }")
      .match(/known here: (.*)$/)?.[1]
      ?.split(", ") ?? [];
  expect(all.length).toBeGreaterThan(15);
  expect(all.filter((key) => !new RegExp(`^  (# )?${key}:`, "m").test(text))).toEqual([]);
});

test("what is committed has its folder and its tool's own names, unless others are given", () => {
  const of = (text: string): unknown => {
    const target = read(`target: { kind: kubernetes, image: r.example/shop, gitops: ${text} }`);
    return target.kind === "kubernetes" ? target.gitops : undefined;
  };
  expect(of("{ format: flux }")).toEqual({ format: "flux", revision: "main", project: "default", decryption: "sops-age" });
  expect(of("{ format: argocd, repository: git@example.org:shop.git, revision: deploys, folder: ../shop-deploys }")).toMatchObject({
    repository: "git@example.org:shop.git",
    revision: "deploys",
    folder: "../shop-deploys",
  });
});

test.each([
  ["{ kind: kubernetes, image: r.example/shop, gitops: { format: argocd } }", "needs `repository:`"],
  ["{ kind: kubernetes, image: r.example/shop, gitops: { format: jenkins } }", "one of plain, kustomize, helm, argocd, flux"],
  ["{ kind: kubernetes, image: r.example/shop, gitops: { format: flux, folder: /deploy } }", "a folder from the app's own"],
  ["{ kind: kubernetes, image: r.example/shop, gitops: { format: flux, foldr: a } }", "did you mean `folder`?"],
  ["{ kind: kubernetes, image: r.example/shop, prometheus: {} }", "`prometheus:` needs `monitoring:`"],
  ["{ kind: kubernetes, image: r.example/shop, mesh: { kind: linkerd } }", "expected `istio`"],
  ["{ kind: kubernetes, image: r.example/shop, mesh: { kind: istio, callers: [shop] } }", "a principal, such as"],
  ["{ kind: kubernetes, image: r.example/shop, externalSecrets: { kind: SecretStore } }", "`target.externalSecrets.store` is missing"],
  ["{ kind: kubernetes }", "`target.image` is missing"],
  ["{ kind: nomad }", "`target.kind`: expected `local` or `kubernetes`"],
  ["{ kind: kubernetes, image: shop }", "a repository with its registry and no tag"],
  ["{ kind: kubernetes, image: r.example/shop:v1 }", "a repository with its registry and no tag"],
  ["{ kind: kubernetes, image: r.example/shop, contxt: a }", "did you mean `context`?"],
  [
    "{ kind: kubernetes, image: r.example/shop, gateway: { nme: a, namespace: b } }",
    "`target.gateway.nme` is unknown: did you mean `name`?",
  ],
  ["{ kind: kubernetes, image: r.example/shop, hosts: [a.example] }", "`hosts:` needs `gateway:` or `ingress:`"],
  [
    "{ kind: kubernetes, image: r.example/shop, hosts: [a.example], gateway: { name: a, namespace: b }, ingress: { class: c, tls: d } }",
    "one of `gateway:` and `ingress:`",
  ],
  ["{ kind: kubernetes, image: r.example/shop, ingress: { class: c, tls: d } }", "need `hosts:`"],
  ["{ kind: kubernetes, image: r.example/shop, port: 80 }", "`target.port` is unknown"],
  ["{ port: 80, image: r.example/shop }", "`target.image` is unknown"],
  ["{ kind: kubernetes, image: r.example/shop, linger: 10 }", "`target.linger`"],
])("%s is told apart", (target, why) => {
  expect(flawOf(`target: ${target}`)).toContain(why);
});

test("a target is read where the secrets cannot be", () => {
  const text = `target: { kind: kubernetes, image: r.example/shop }\nattachments: { db: { secret: DB_URL } }\nsecrets: { DB_URL: "ENC[…]" }\n`;
  expect(inventoryTarget(text, "inventory/production.yaml")).toMatchObject({ image: "r.example/shop" });
  expect(() => inventoryTarget("target: { kind: kubernetes }", "inventory/production.yaml")).toThrow(Problem);
  expect(inventoryTarget("", "inventory/production.yaml")).toEqual({ kind: "local", hosts: [] });
});

test.each([
  ["target: { kind: kubernetes, image: r.example/shop, contxt: a }", "docs/reference/inventory-kubernetes.yaml"],
  ["target: { kind: kubernetes, image: r.example/shop, hosts: [a.example] }", "docs/reference/inventory-kubernetes.yaml"],
  ["target: { prt: 80 }", "docs/reference/inventory.yaml"],
  ["target: { kind: nomad }", "docs/reference/inventory.yaml"],
])("what is wrong in %s is told of the file that was read, with the reference of its kind", (text, reference) => {
  const told = { what: expect.stringMatching(/^inventory\/joe\.yaml:1:\d+ is not right$/), fix: expect.stringContaining(reference) };
  expect(() => inventoryTarget(text, "inventory/joe.yaml")).toThrow(expect.objectContaining(told));
  expect(() => inventory(text, "inventory/joe.yaml", "joe" as EnvironmentName, {})).toThrow(expect.objectContaining(told));
});
