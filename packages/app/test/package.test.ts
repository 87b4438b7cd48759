import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Analysis, checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { expect, test } from "vitest";
import { parseManifest } from "./support/manifest.ts";
import { Program } from "./support/program.ts";

const run = promisify(execFile);
const folder = join(import.meta.dirname, "..");
const hola = join(folder, "../../examples/hola");
const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
  exports: Record<string, { default: string; types: string; "douze-source": string }>;
  dependencies?: unknown;
  peerDependencies: Record<string, string>;
  peerDependenciesMeta: Record<string, { optional: boolean }>;
};

test("is packed as those who install it need it", async () => {
  const { messages, pkg } = await publint({ pkgDir: folder, level: "suggestion", strict: true, pack: false });
  expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([]);
});

test("has its types where a program that imports it looks for them", async () => {
  const archive = readFileSync(join(hola, "vendor/douze-app-0.1.0.tgz"));
  const { problems } = (await checkPackage(createPackageFromTarballData(new Uint8Array(archive)))) as Analysis;
  // Only programs of ES modules are meant to import it.
  const others = new Set(["node10", "node16-cjs"]);
  const told = problems.filter((problem) => !("resolutionKind" in problem && others.has(String(problem.resolutionKind))));
  expect(told.map(({ kind }) => kind).filter((kind) => kind !== "CJSResolvesToESM")).toEqual([]);
});

test("brings nothing along: each library is a peer that may be missing", () => {
  expect(manifest.dependencies).toBeUndefined();
  expect(Object.keys(manifest.peerDependencies).toSorted()).toEqual(Object.keys(manifest.peerDependenciesMeta).toSorted());
  expect(Object.values(manifest.peerDependenciesMeta).every(({ optional }) => optional)).toBe(true);
});

test("lies beside hola as it is now: `npm run vendor`", async () => {
  const archive = join(hola, "vendor/douze-app-0.1.0.tgz");
  // npm keeps the checksum of an archive that it knows, whatever has become of it.
  const { packages } = JSON.parse(readFileSync(join(hola, "package-lock.json"), "utf8")) as {
    packages: Record<string, { integrity?: string }>;
  };
  const checksum = createHash("sha512").update(readFileSync(archive)).digest("base64");
  expect(packages["node_modules/@douze/app"]?.integrity).toBe(`sha512-${checksum}`);
  const { stdout: list } = await run("tar", ["-tzf", archive]);
  const names = list.trim().split("\n");
  const built = readdirSync(join(folder, "dist"), { recursive: true, encoding: "utf8" }).filter((name) => /\.(js|d\.ts)$/.test(name));
  expect(names.filter((name) => name.startsWith("package/dist/")).toSorted()).toEqual(
    built.map((name) => `package/dist/${name}`).toSorted(),
  );
  for (const name of names) {
    const { stdout } = await run("tar", ["-xzOf", archive, name], { maxBuffer: 2 ** 24 });
    expect([name, stdout]).toEqual([name, readFileSync(join(folder, name.slice("package/".length)), "utf8")]);
  }
});

test("declares for hola what hola's manifest says", async () => {
  const { stdout } = await run(process.execPath, ["--conditions=douze-source", join(hola, "app.ts"), "--print-config=manifest"]);
  const printed = parseManifest(`app: hola\nprocesses: { web: x }\n${stdout}`).config;
  const written = parseManifest(readFileSync(join(hola, "douze.yaml"), "utf8")).config;
  const { DATABASE_URL: _attached, ...own } = printed;
  expect(written).toEqual(own);
});

test.each(Object.keys(manifest.exports))("%s loads no library until it is used", async (name) => {
  const program = await Program.run("imports.ts", [name], { NODE_DEBUG: "esm" });
  expect(program.stderr).toContain("packages/app/src/");
  const loaded = new Set([...program.stderr.matchAll(/node_modules\/((?:@[^/\s']+\/)?[^/\s']+)/g)].map(([, library]) => library));
  // A schedule is made when it is declared: its library reads the expressions.
  expect([...loaded]).toEqual(name === "./schedule" ? ["croner"] : []);
  expect(program.code).toBe(0);
});
