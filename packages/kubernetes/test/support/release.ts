import {
  type Digest,
  defaultInventory,
  type EnvironmentName,
  type FrozenValue,
  type Instant,
  inventory,
  type KubernetesTarget,
  manifestFromFiles,
  type ProcessType,
  type Release,
  type ReleaseVersion,
} from "@douze/core";
import type { RenderIn } from "../../src/index.ts";

const at = Date.UTC(2026, 0, 2, 3, 4, 5) as Instant;
const since = { since: 12 as ReleaseVersion, by: "ana@laptop", at } as const;

export interface Written {
  /** douze.yaml */
  readonly manifest: string;
  /** `target:` of the inventory, as YAML, each line indented by two blanks. */
  readonly target?: string;
  readonly config?: Readonly<Record<string, string | { readonly value: string; readonly secret?: boolean; readonly live?: boolean }>>;
  /** URLs by resource. */
  readonly attachments?: Readonly<Record<string, string>>;
  readonly formation?: Readonly<Record<string, number>>;
  readonly version?: number;
}

export const image = `registry.example.org/team/shop@sha256:${"ab".repeat(32)}`;

/** What a release is rendered from, read by the same parsers that read a person's files. */
export function written(from: Written): RenderIn {
  const manifest = manifestFromFiles({ "douze.yaml": from.manifest }, "shop");
  if (!manifest) throw new Error("no manifest");
  const target = targetOf(from.target ?? "");
  const attachments = Object.entries(from.attachments ?? {}).map(([name, url]) => {
    const { type, as } = manifest.resources[name] ?? { type: "tcp" as const, as: name.toUpperCase() };
    return [name, { type, as, kind: "url" as const, url, address: "", from: "inventory" as const, ...since }] as const;
  });
  const config = Object.entries(from.config ?? {}).map(([key, each]): [string, FrozenValue] => {
    const { value, secret = false, live = false } = typeof each === "string" ? { value: each } : each;
    return [key, { value, secret, live, from: "inventory", ...since }];
  });
  const version = (from.version ?? 12) as ReleaseVersion;
  const counts = Object.entries(manifest.processes).map(([type, { scale }]) => [type, from.formation?.[type] ?? scale]);
  const release: Release = {
    version,
    app: manifest.app,
    environment: "production" as EnvironmentName,
    build: `sha256:${"cd".repeat(32)}` as Digest,
    source: { commit: "4f2a91c000000000000000000000000000000000", dirty: false, tree: `sha256:${"ef".repeat(32)}` as Digest },
    manifest,
    config: Object.fromEntries(config),
    overrides: {},
    attachments: Object.fromEntries(attachments),
    detached: [],
    formation: Object.fromEntries(counts) as Readonly<Record<ProcessType, number>>,
    scaled: {},
    createdAt: at,
    by: "ana@laptop",
    reason: { kind: "deploy" },
    description: "deploy 4f2a91c",
  };
  return {
    release,
    language: "node",
    target,
    image,
    env: {
      ...Object.fromEntries(config.map(([key, { value }]) => [key, value])),
      ...Object.fromEntries(attachments.map(([, { as, url }]) => [as, url])),
      NODE_ENV: "production",
      DOUZE_APP: manifest.app,
      DOUZE_RELEASE: `v${version}`,
      PATH: "/app/node_modules/.bin:/usr/local/bin:/usr/bin:/bin",
    },
    nameKey: Buffer.from("a key of this environment's own"),
    task: true,
  };
}

function targetOf(text: string): KubernetesTarget {
  const whole = `target:\n  kind: kubernetes\n  image: registry.example.org/team/shop\n${text}`;
  const environment = "production" as EnvironmentName;
  const { target } = { ...defaultInventory(environment), ...inventory(whole, "inventory/production.yaml", environment, {}) };
  if (target.kind !== "kubernetes") throw new Error("not a cluster");
  return target;
}
