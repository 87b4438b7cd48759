import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { type ConfigLayer, digest, environmentName, processType, releaseVersion, resourceTypes } from "@douze/core";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const tools = `${root}tools/api/node_modules/openapi-typescript`;

interface Schema {
  readonly pattern?: string;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
}
const document = JSON.parse(await readFile(`${root}packages/server/openapi.gen.json`, "utf8")) as {
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
};
const schema = (name: string): Schema => document.components.schemas[name] ?? {};

test("what is generated from the document is what it says now", ({ skip }) => {
  if (!existsSync(tools)) skip("the tools of tools/api are not installed: `npm install` at the root");
  const { status, stderr } = spawnSync(process.execPath, ["generate.ts", "--check"], { cwd: `${root}tools/api`, encoding: "utf8" });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
});

const texts = [
  "web",
  "Web_1-x",
  "",
  "a",
  "9a",
  "a-",
  "-a",
  "A",
  "a/b",
  "../a",
  "a.b",
  "é",
  "a".repeat(40),
  "a".repeat(41),
  "a".repeat(63),
  "a".repeat(64),
  "a\n",
  `sha256:${"0".repeat(64)}`,
  `sha256:${"0".repeat(63)}`,
  `sha256:${"A".repeat(64)}`,
];

test.for([
  ["AppName", environmentName],
  ["EnvironmentName", environmentName],
  ["ProcessType", processType],
  ["Digest", digest],
] as const)("%s takes what its parser takes, and nothing else", ([name, parse]) => {
  const pattern = new RegExp(schema(name).pattern ?? "", "u");
  expect(texts.filter((text) => pattern.test(text))).toEqual(texts.filter((text) => takes(parse, text)));
});

test("ReleaseVersion takes what its parser takes", () => {
  const { minimum = 0, maximum = 0 } = schema("ReleaseVersion");
  for (const version of [0, 1, 12, 999_999_999, 1_000_000_000]) {
    expect(version >= minimum && version <= maximum).toBe(takes(releaseVersion, String(version)));
  }
});

test("ResourceType and ConfigLayer have the words that core has", () => {
  const layers: Readonly<Record<ConfigLayer, true>> = { manifest: true, generated: true, inventory: true, ledger: true, flag: true };
  expect(schema("ResourceType").enum).toEqual(resourceTypes);
  expect(schema("ConfigLayer").enum).toEqual(Object.keys(layers));
});

function takes(parse: (text: string) => unknown, text: string): boolean {
  try {
    parse(text);
    return true;
  } catch {
    return false;
  }
}
