import {
  type ConfigIn,
  decideCron,
  defaultInventory,
  diffReleases,
  type EnvironmentName,
  externalValue,
  inventoryTarget,
  type Manifest,
  manifestFromFiles,
  type Problem,
  type Release,
  resolveConfig,
} from "@douze/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { at, version } from "../support/world.ts";

const declared =
  "config:\n  A: { default: manifest }\n  SIZE: { type: integer, default: 1 }\n  KEY: { secret: true }\n  LIVE: { default: x, live: true }\n";
const manifest = manifestFromFiles({ "douze.yaml": declared }, "shop") as Manifest;
const inventory = { ...defaultInventory("production" as EnvironmentName), secrets: { KEY: "canary-secret" } };

const input = (rest: Partial<ConfigIn> = {}): ConfigIn => ({
  manifest,
  inventory,
  generated: {},
  overrides: {},
  flags: {},
  version: version(3),
  by: "ana",
  at: at(9),
  ...rest,
});
const override = (value: string): ConfigIn["overrides"][string] => ({ value, since: version(2), by: "bo", at: at(5) });

describe("values that a cluster fetches", () => {
  const cluster = {
    ...inventory,
    target: inventoryTarget(
      "target: { kind: kubernetes, image: r.example/a, externalSecrets: { store: vault } }",
      "inventory/production.yaml",
    ),
  };
  const resolved = (config: Record<string, string>, rest = cluster) => resolveConfig(input({ inventory: { ...rest, config } })).config;

  test("are of any type, since they cannot be looked at here", () => {
    expect(resolved({ SIZE: "external://shop?version=2", A: "external://a/b%3F?property=c&version=1" })).toMatchObject({
      SIZE: { value: "external://shop?version=2" },
    });
    expect(externalValue("external://a/b%3F?property=c%26d&version=1")).toEqual({ key: "a/b?", property: "c&d", version: "1" });
    expect(externalValue("https://a?version=1")).toBeUndefined();
  });

  test.each(["external://shop", "external://shop?property=a", "external://shop?version=", "external://?version=1"])(
    "are pinned to a version: %s is refused",
    (text) => {
      expect(() => resolved({ A: text })).toThrow(
        expect.objectContaining({ code: "config-invalid", why: expect.stringContaining("version") as string }),
      );
    },
  );

  test("are not live, and mean nothing where no store is declared", () => {
    expect(() => resolved({ LIVE: "external://shop?version=2" })).toThrow(
      expect.objectContaining({ why: expect.stringContaining("live") as string }),
    );
    expect(resolved({ A: "external://shop" }, { ...cluster, target: inventory.target })).toMatchObject({ A: { value: "external://shop" } });
  });
});

describe("resolveConfig", () => {
  test("a later layer wins: manifest, generated, .env, inventory, ledger, flag", () => {
    const from = (rest: Partial<ConfigIn>): unknown => {
      const { value, from: layer } = resolveConfig(input(rest)).config["A"] ?? {};
      return `${layer} ${value}`;
    };
    const layers: Partial<ConfigIn>[] = [
      {},
      { generated: { A: "generated" } },
      { envFile: { A: "env" } },
      { inventory: { ...inventory, config: { A: "inventory" } } },
      { overrides: { A: override("ledger") } },
      { flags: { A: "flag" } },
    ];
    const grown = layers.map((_, index) => Object.assign({}, ...layers.slice(0, index + 1)) as Partial<ConfigIn>);
    expect(grown.map(from)).toEqual([
      "manifest manifest",
      "generated generated",
      "inventory env",
      "inventory inventory",
      "ledger ledger",
      "flag flag",
    ]);
  });

  test("a value that stays keeps who set it and when, one that changes does not", () => {
    const first = resolveConfig(input()).config;
    const previous = { config: first } as Release;
    const later = resolveConfig(
      input({ previous, version: version(4), by: "cy", at: at(20), inventory: { ...inventory, config: { SIZE: "2" } } }),
    ).config;
    expect(later["A"]).toMatchObject({ since: 3, by: "ana", at: 9 });
    expect(later["SIZE"]).toMatchObject({ value: "2", since: 4, by: "cy", from: "inventory" });
    expect(resolveConfig(input({ overrides: { A: override("x") } })).config["A"]).toMatchObject({ since: 2, by: "bo", at: 5 });
  });

  test("marks what is secret and what is live; an undeclared key by its name", () => {
    const { config } = resolveConfig(input({ overrides: { STRIPE_API_KEY: override("s"), PAGE: override("p") } }));
    expect([config["KEY"]?.secret, config["STRIPE_API_KEY"]?.secret, config["PAGE"]?.secret, config["LIVE"]?.live]).toEqual([
      true,
      true,
      false,
      true,
    ]);
  });

  test("names every missing key, and no value", () => {
    const refused = (): unknown => resolveConfig(input({ inventory: { ...inventory, secrets: {} } }));
    expect(refused).toThrow(
      expect.objectContaining<Partial<Problem>>({ code: "config-missing", what: "config is missing a required value: KEY" }),
    );
  });

  test.each([
    ["SIZE", "many-canary", "a whole number"],
    ["A", "a\0canary", "NUL"],
    ["PORT", "canary", "the platform sets this one itself"],
  ])("names %s when its value is wrong, and never the value", (key, value, words) => {
    try {
      resolveConfig(input({ overrides: { [key]: override(value) } }));
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ code: "config-invalid", why: expect.stringContaining(words) });
      expect(String(error)).not.toContain("canary");
    }
  });
});

test("a difference shows plain values, and of secrets that they changed", () => {
  const release = (number: number, overrides: ConfigIn["overrides"], secret: string): Release => {
    const { config } = resolveConfig(input({ overrides, inventory: { ...inventory, secrets: { KEY: secret } } }));
    return {
      version: version(number),
      build: "sha256:a",
      source: {},
      manifest,
      config,
      attachments: {},
      formation: { web: number },
    } as unknown as Release;
  };
  const diff = diffReleases(release(1, {}, "canary-one"), release(2, { A: override("new") }, "canary-two"));
  expect(diff).toMatchObject({
    config: [
      { name: "A", change: "changed", from: "manifest", to: "new" },
      { name: "KEY", change: "changed" },
    ],
    formation: [{ name: "web", change: "changed", from: "1", to: "2" }],
  });
  expect(diff).not.toHaveProperty("build");
  expect(JSON.stringify(diff)).not.toContain("canary");
});

test("of cron, at most the newest due instant is started, all others are on record, and none twice", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.nat(100_000)),
      fc.array(fc.constantFrom("run.1", "run.2")),
      fc.constantFrom("forbid", "allow", "replace"),
      (instants, running, overlap) => {
        const due = instants.sort((a, b) => a - b).map(at);
        const actions = decideCron({ entry: { overlap }, due, running, now: at(100_000) });
        const told = actions.flatMap((action) => (action.do === "end" ? [] : [action.scheduledAt]));
        expect(told.toSorted((a, b) => a - b)).toEqual(due);
        const starts = actions.filter((action) => action.do === "start");
        expect(starts.length).toBeLessThanOrEqual(1);
        if (overlap === "forbid" && running.length > 0) expect(starts).toEqual([]);
      },
    ),
  );
});
