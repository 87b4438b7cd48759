import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { problemCodes } from "@douze/core";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const pages = readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".md"));
const documents = ["README.md", "CONTRIBUTING.md", "DEPENDENCIES.md", ...pages.map((name) => join("docs", name))];

test("each problem code has a page, and each page a code", () => {
  const described = readdirSync(join(root, "docs/problems")).map((name) => name.replace(/\.md$/, ""));
  expect(described.toSorted()).toEqual([...problemCodes].toSorted());
});

test.each(problemCodes)("the page of %s says what, why and what to do", (code) => {
  const text = readFileSync(join(root, "docs/problems", `${code}.md`), "utf8");
  expect(text.startsWith(`# ${code}\n`)).toBe(true);
  const sections = [...text.matchAll(/^## (.*)$/gm)].map((match) => match[1]);
  expect(sections.slice(0, 3)).toEqual(["What it means", "Why it happens", "What to do"]);
});

test("every code that is thrown is one of them, and none is unused", () => {
  const sources = readdirSync(join(root, "packages"), { recursive: true, encoding: "utf8" }).filter(
    (name) => /\/src\/.*\.(ts|mjs|js)$/.test(name) && !name.includes("node_modules") && !name.endsWith("problem-codes.ts"),
  );
  const text = sources.map((name) => readFileSync(join(root, "packages", name), "utf8")).join("\n");
  expect(problemCodes.filter((code) => !text.includes(`"${code}"`))).toEqual([]);
});

test.each(documents)("the links of %s lead somewhere", (name) => {
  const text = readFileSync(join(root, name), "utf8");
  const links = [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map((match) => match[1] ?? "").filter((link) => !/^[a-z]+:/.test(link));
  expect(links.filter((link) => !existsSync(join(root, dirname(name), link)))).toEqual([]);
});

test("every dependency has its reason", () => {
  const reasons = readFileSync(join(root, "DEPENDENCIES.md"), "utf8");
  const manifests = ["package.json", ...readdirSync(join(root, "packages")).map((name) => join("packages", name, "package.json"))];
  const names = new Set(
    manifests.flatMap((file) => {
      const listed = JSON.parse(readFileSync(join(root, file), "utf8")) as Record<string, Record<string, string> | undefined>;
      return ["dependencies", "optionalDependencies", "devDependencies"].flatMap((kind) => Object.keys(listed[kind] ?? {}));
    }),
  );
  const missing = [...names].filter((name) => !name.startsWith("@douze/") && !reasons.includes(`\`${name}\``));
  expect(missing).toEqual([]);
});

test.each(["python/serve.py", "ruby/config/puma.rb", "go/leave.go"])("docs/serve.md has the %s that is tried", (name) => {
  const source = readFileSync(join(root, "packages/cli/test/fixtures/frameworks", name), "utf8").replace("package main\n\n", "");
  expect(readFileSync(join(root, "docs/serve.md"), "utf8")).toContain(source.trim());
});
