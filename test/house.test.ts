import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");

/** Who may import whom; what is not listed is refused. As drawn in CONTRIBUTING.md: arrows point down only. */
const house: Record<string, readonly string[]> = {
  core: [],
  secrets: ["core"],
  build: ["core"],
  engine: ["core", "build", "secrets"],
  app: [],
  gate: [],
  local: ["core", "engine", "gate"],
  kubernetes: ["core", "secrets", "engine"],
  server: ["core", "engine"],
  lab: ["core", "build", "local"],
  cli: ["core", "build", "secrets", "engine", "local", "kubernetes", "lab", "server"],
};

const packages = readdirSync(join(root, "packages"));

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".gen.ts"))
    .map((name) => join(folder, name));
}

test("every package has its place in the drawing", () => {
  expect(packages.toSorted()).toEqual(Object.keys(house).toSorted());
});

test.each(packages)("%s depends on nothing above it", (name) => {
  const { dependencies = {} } = JSON.parse(readFileSync(join(root, "packages", name, "package.json"), "utf8")) as {
    dependencies?: Record<string, string>;
  };
  const own = Object.keys(dependencies).filter((each) => each.startsWith("@douze/"));
  expect(own.map((each) => each.slice("@douze/".length)).filter((each) => !house[name]?.includes(each))).toEqual([]);
});

test("core depends on pure libraries alone", () => {
  const { dependencies } = JSON.parse(readFileSync(join(root, "packages/core/package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  expect(Object.keys(dependencies).toSorted()).toEqual(["yaml", "zod"]);
});

test("no source is longer than one head holds", () => {
  const long = packages
    .flatMap((name) => sources(join(root, "packages", name, "src")))
    .map((file) => [file.slice(root.length + 1), readFileSync(file, "utf8").split("\n").length - 1] as const)
    .filter(([, lines]) => lines > 300);
  expect(long).toEqual([]);
});

test("commands stay thin", () => {
  const folder = join(root, "packages/cli/src/commands");
  const long = sources(folder)
    .map((file) => [file.slice(folder.length + 1), readFileSync(file, "utf8").split("\n").length - 1] as const)
    .filter(([, lines]) => lines > 120);
  expect(long).toEqual([]);
});

test("no test waits for time to pass", () => {
  const tests = packages.flatMap((name) => sources(join(root, "packages", name, "test"))).filter((file) => file.endsWith(".test.ts"));
  const waiting = tests.filter((file) => /\bsetTimeout\(|timers\/promises|\bsetInterval\(/.test(readFileSync(file, "utf8")));
  expect(waiting.map((file) => file.slice(root.length + 1))).toEqual([]);
});
