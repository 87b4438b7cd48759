import type { ConfigDeclaration } from "@douze/core";
import { expect, test } from "vitest";
import { Chance } from "../../src/chance.ts";
import { canaryMark, inProduction, valueFor } from "../../src/discover/value.ts";

function value(name: string, more: Partial<ConfigDeclaration>, seed = "s"): string {
  return valueFor(name, { type: "string", required: true, secret: false, live: false, ...more } as ConfigDeclaration, new Chance(seed));
}

test("a secret is a canary that nobody else has, the same for the same seed", () => {
  const canary = value("API_KEY", { secret: true });
  expect(canary).toMatch(new RegExp(`^${canaryMark}[0-9a-f]{58}$`));
  expect(value("API_KEY", { secret: true })).toBe(canary);
  expect(value("API_KEY", { secret: true }, "other")).not.toBe(canary);
  // As long as what the platform generates itself.
  expect(canary).toHaveLength(64);
  expect(value("SESSION_SECRET", { generate: "secret" })).toMatch(/^c4na7y/);
});

test("a default of a secret is never used: it would be found elsewhere", () => {
  expect(value("API_KEY", { secret: true, default: "changeme" })).toMatch(/^c4na7y/);
});

test.for([
  [{ type: "string", default: "Hello" }, "Hello"],
  [{ type: "enum", values: ["free", "paid"] }, "free"],
  [{ type: "integer" }, "1"],
  [{ type: "number" }, "1"],
  [{ type: "boolean" }, "false"],
  [{ type: "json" }, "{}"],
  [{ type: "url" }, "https://some-thing.example.test/"],
] as const)("%j gets %s", ([declaration, expected]) => {
  expect(value("SOME_THING", declaration)).toBe(expected);
});

test("a text without a default tells whose it is", () => {
  expect(value("SOME_THING", { type: "string" })).toMatch(/^some_thing-[0-9a-f]{6}$/);
});

test.for([
  ["DEBUG", "1", "0"],
  ["DJANGO_DEBUG", "True", "False"],
  ["APP_DEBUG", "true", "false"],
  ["NODE_ENV", "development", "production"],
  // Names of what is debugged, and environments that the app alone knows.
  ["DEBUG", "app:*", "app:*"],
  ["APP_ENV", "local", "local"],
  ["DEBUG_LEVEL", "1", "1"],
  ["PAGE_SIZE", "1", "1"],
] as const)("an example of %s=%s is tried as %s", ([name, value, expected]) => {
  const declaration = { type: "string", default: value, required: false, secret: false, live: false } as ConfigDeclaration;
  expect(inProduction(name, declaration).default).toBe(expected);
});
