import { readFileSync } from "node:fs";
import { join } from "node:path";
import { defaultInventory, type EnvironmentName, inventory, inventorySchema, manifestFromFiles, manifestSchema } from "@douze/core";
import { expect, test } from "vitest";

const reference = (name: string): string => readFileSync(join(import.meta.dirname, "../../../../docs/reference", name), "utf8");

test.each([
  ["douze.schema.json", manifestSchema],
  ["inventory.schema.json", inventorySchema],
])("%s is what the checks say", (name, schema) => {
  expect(JSON.parse(reference(name))).toEqual(JSON.parse(JSON.stringify(schema())));
});

test("the annotated manifest is one, and shows every key", () => {
  const text = reference("manifest.yaml");
  expect(manifestFromFiles({ "douze.yaml": text }, "shop")).toMatchObject({ app: "shop", cron: { report: { timeZone: "Europe/Berlin" } } });
  const keys = (schema: unknown): string[] => {
    if (typeof schema !== "object" || schema === null) return [];
    const own = "properties" in schema && typeof schema.properties === "object" ? Object.keys(schema.properties ?? {}) : [];
    return [...own, ...Object.values(schema).flatMap(keys)];
  };
  expect([...new Set(keys(manifestSchema()))].filter((key) => key !== "$schema" && !text.includes(`${key}:`))).toEqual([]);
});

test("the annotated inventory is one", () => {
  const read = inventory(reference("inventory.yaml"), "inventory.yaml", "production" as EnvironmentName, { DB_URL: "postgres://db/shop" });
  expect(read).toMatchObject({
    attachments: { db: { kind: "url", url: "postgres://db/shop" }, cache: { kind: "embedded" } },
    config: { PAGE_SIZE: "50" },
  });
  expect(Object.keys(read).toSorted()).toEqual(Object.keys(defaultInventory("production" as EnvironmentName)).toSorted());
});
