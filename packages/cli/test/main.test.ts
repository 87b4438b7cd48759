import { spawnSync } from "node:child_process";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Problem } from "@douze/core";
import { expect, test } from "vitest";
import { commands } from "../src/commands.ts";
import { version } from "../src/version.ts";
import { app } from "./support/app.ts";
import { douze, start } from "./support/douze.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));

test("--version is the package's", async () => {
  await using here = await app();
  const { version: own } = JSON.parse(await readFile(`${root}packages/cli/package.json`, "utf8")) as { readonly version: string };

  expect(await douze(["--version"], { in: here.folder })).toEqual({ code: 0, stdout: `${own}\n`, stderr: "" });
  expect(version).toBe(own);
});

test.for([[], ["--help"], ["help"]])("%j lists every command with its summary", async (words) => {
  await using here = await app();

  const { code, stdout, stderr } = await douze(words, { in: here.folder });

  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  for (const { name, summary } of commands) expect(stdout).toMatch(new RegExp(`^  ${name} .*${summary.slice(0, 20)}`, "m"));
});

test.for([
  [["--version"], []],
  [["--help"], []],
  [["ps"], ["commands/ps.ts"]],
] as const)("%j loads no more than it needs", async ([words, expected]) => {
  await using here = await app();
  await here.answers();
  const coverage = join(here.folder, "coverage");
  await mkdir(coverage);

  await douze(words, { in: here.folder, env: { NODE_V8_COVERAGE: coverage } });

  const loaded = await loadedScripts(coverage);
  expect(loaded.filter((url) => url.includes("/cli/src/commands/")).map((url) => url.replace(/.*\/cli\/src\//, ""))).toEqual(expected);
  expect(
    loaded.filter((url) => /\/(zod|yaml)\/|core\/src\/index|engine\/src\/(?!state)|server\/src\/(serve|answer|validators)\./.test(url)),
  ).toEqual([]);
  if (words[0] === "--version") expect(loaded.filter((url) => url.includes("/commander/"))).toEqual([]);
});

test("a command that does not exist: 2, and the nearest one", async () => {
  await using here = await app();

  const { code, stdout, stderr } = await douze(["relaeses"], { in: here.folder });

  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toContain("unknown command 'relaeses'");
  expect(stderr).toContain("Did you mean releases?");
});

test.for([
  [["ps", "--jsn"], "unknown option '--jsn'"],
  [["ps", "web", "worker"], "too many arguments"],
  [["maintenance", "maybe"], "Allowed choices are on, off, status"],
  [["logs", "--last", "-5"], "It is a whole number."],
  [["completion"], "bash, zsh or fish"],
  [["promote", "staging"], "missing required argument 'to'"],
  [["config", "gett", "A"], "too many arguments"],
] as const)("%j is wrong usage: 2, and what is wrong", async ([words, text]) => {
  await using here = await app();

  const { code, stdout, stderr } = await douze(words, { in: here.folder });

  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toContain(text);
});

const problem = new Problem({
  code: "manifest-invalid",
  what: "douze.yaml is not right in 2 places",
  why: "\n  3:5 first\n  4:1 second",
  fix: "mend it",
  places: [
    { file: "douze.yaml", line: 3, column: 5 },
    { file: "inventory/development.yaml", line: 9, column: 2 },
  ],
});

test("a problem: 1, with what, why, fix, the places not told yet, and its code", async () => {
  await using here = await app();
  await here.answers({ status: () => Promise.reject(problem) });

  expect(await douze(["status"], { in: here.folder })).toEqual({
    code: 1,
    stdout: "",
    stderr: `problem: douze.yaml is not right in 2 places
  why:  3:5 first
          4:1 second
  fix:  mend it
  at:   inventory/development.yaml:9:2
  code: manifest-invalid
`,
  });
});

test("with --json a problem is JSON on stderr", async () => {
  await using here = await app();
  await here.answers({ status: () => Promise.reject(problem) });

  const { code, stdout, stderr } = await douze(["status", "--json"], { in: here.folder });

  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(JSON.parse(stderr)).toEqual(problem.toJSON());
});

test("a defect of the engine: 70", async () => {
  await using here = await app();
  await here.answers({ status: () => Promise.reject(new TypeError("x is undefined")) });

  const { code, stderr } = await douze(["status"], { in: here.folder });

  expect(code).toBe(70);
  expect(stderr).toContain("code: engine-defect");
});

test("no app: app-not-found, from wherever it is asked", async () => {
  await using here = await app();
  const { code, stderr } = await douze(["status", "--dir", "/"], { in: here.folder });
  expect(code).toBe(1);
  expect(stderr).toContain("code: app-not-found");
});

test("the app is found from a folder in it, by --dir, and its environment by --env or DOUZE_ENV", async () => {
  await using here = await app();
  await here.answers();
  await here.answers({ status: () => Promise.reject(problem) }, "staging");
  const inside = join(here.folder, "src", "deep");
  await mkdir(inside, { recursive: true });

  expect((await douze(["status"], { in: inside })).code).toBe(0);
  expect((await douze(["--dir", here.folder, "status"], { in: "/" })).code).toBe(0);
  expect((await douze(["status", "-C", here.folder], { in: "/" })).code).toBe(0);
  expect((await douze(["status", "--env", "staging"], { in: here.folder })).stderr).toContain("manifest-invalid");
  expect((await douze(["status"], { in: here.folder, env: { DOUZE_ENV: "staging" } })).stderr).toContain("manifest-invalid");
  expect((await douze(["-e", "development", "status"], { in: here.folder, env: { DOUZE_ENV: "staging" } })).code).toBe(0);
  expect((await douze(["status", "--env", "../x"], { in: here.folder })).stderr).toContain("name-invalid");
});

test("the state may lie elsewhere", async () => {
  await using here = await app();
  await using other = await app();
  await here.answers();

  const { code, stdout } = await douze(["status"], { in: other.folder, env: { DOUZE_STATE: join(here.folder, ".douze") } });

  expect(code).toBe(0);
  expect(stdout).toContain("hola");
});

test("colours only where they are wanted", async () => {
  await using here = await app();
  await here.answers();
  const sequence = "\u001b[";

  const [plain, forced, refused, option] = await Promise.all([
    douze(["status"], { in: here.folder }),
    douze(["status"], { in: here.folder, env: { FORCE_COLOR: "1" } }),
    douze(["status"], { in: here.folder, env: { FORCE_COLOR: "1", NO_COLOR: "1" } }),
    douze(["status", "--no-color"], { in: here.folder, env: { FORCE_COLOR: "1" } }),
  ]);

  expect(plain.stdout).not.toContain(sequence);
  expect(forced.stdout).toContain(sequence);
  expect(refused.stdout).not.toContain(sequence);
  expect(option.stdout).not.toContain(sequence);
});

test("when its reader goes away it ends as if by SIGPIPE, with no word", async () => {
  await using here = await app();
  const { line } = await import("../../server/test/support/operations.ts");
  await here.answers({
    logs: async function* (_, signal) {
      while (!signal.aborted) {
        yield { ...line, text: "x".repeat(1000) };
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
  });
  await using running = start(["logs"], { in: here.folder });
  await running.printed("xxx");

  running.child.stdout?.destroy();

  expect(await running.ended).toMatchObject({ code: 141, stderr: "" });
});

test("the binary says which Node it needs", () => {
  const old = "data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'22.20.0'}})";
  const { status, stderr } = spawnSync(process.execPath, ["--import", old, `${root}packages/cli/bin/douze.js`, "--version"], {
    encoding: "utf8",
  });
  expect(status).toBe(1);
  expect(stderr).toContain("needs Node 24");
  expect(stderr).toContain("22.20.0");
});

async function loadedScripts(folder: string): Promise<string[]> {
  const files = await readdir(folder);
  const reports = await Promise.all(
    files.map(
      async (name) => JSON.parse(await readFile(join(folder, name), "utf8")) as { readonly result: readonly { readonly url: string }[] },
    ),
  );
  return reports.flatMap(({ result }) => result.map(({ url }) => url));
}
