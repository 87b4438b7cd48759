import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Report } from "@douze/lab";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { expect, test } from "vitest";
import { douze, type Ended } from "./support/douze.ts";

interface Shop extends AsyncDisposable {
  readonly folder: string;
  write(files: Readonly<Record<string, string>>): Promise<void>;
  check(...words: readonly string[]): Promise<Ended>;
  json(...words: readonly string[]): Promise<Report>;
}

const good: Readonly<Record<string, string>> = {
  "package.json": '{ "name": "shop", "engines": { "node": "24.21.0" }, "dependencies": { "left": "1.0.0" } }',
  "package-lock.json": '{ "packages": { "": { "dependencies": { "left": "1.0.0" } } } }',
  Procfile: "web: node web.js\n",
  "web.js": "// nothing yet\n",
};
const withoutLock = { "package-lock.json": "{}" };
/** Put together here, so that no scanner takes this file for what it tests. */
const token = `ghp_${"aB3dE6gH9jK2mN5pQ8sT1vW4yZ7aB3dE6gH9"}`;

/** A tiny app in a git repository. */
async function shop(files: Readonly<Record<string, string>> = {}): Promise<Shop> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "douze-check-")));
  const git = async (...words: readonly string[]): Promise<unknown> =>
    promisify(execFile)("git", ["-C", folder, "-c", "user.name=a", "-c", "user.email=a@example.test", ...words]);
  const write = async (more: Readonly<Record<string, string>>): Promise<void> => {
    for (const [name, text] of Object.entries(more)) await writeFile(join(folder, name), text);
  };
  await write({ ...good, ...files });
  await git("init", "--quiet");
  await git("add", "--all");
  await git("commit", "--quiet", "--message=shop");
  const check = (...words: readonly string[]): Promise<Ended> =>
    douze(["check", ...words], { in: folder, env: { XDG_CACHE_HOME: join(folder, ".cache") } });
  return {
    folder,
    write,
    check,
    json: async (...words) => JSON.parse((await check("--json", ...words)).stdout) as Report,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true, maxRetries: 3 }),
  };
}

/** What a report has wrong, held against the schema that is published. */
async function errorsOf(report: unknown): Promise<unknown> {
  const schema = new URL("../../../docs/reference/check-report.schema.json", import.meta.url);
  const ajv = new Ajv2020({ allErrors: true, strictTypes: false, strictTuples: false });
  addFormats.default(ajv);
  const validate = ajv.compile(JSON.parse(await readFile(schema, "utf8")) as object);
  validate(report);
  return validate.errors ?? [];
}

const day = (inDays: number): string => new Date(Date.now() + inDays * 86_400_000).toISOString().slice(0, 10);
const waiver = (check: string, subject: string, until: string): string =>
  `- { check: ${check}, subject: "${subject}", reason: it is being mended, owner: ana, until: ${until} }\n`;

test("an app that holds what can be read: exit code 0, a line for each check aside, the sum as a table", async () => {
  await using app = await shop();
  const { code, stdout, stderr } = await app.check("--profile", "static");
  expect(code).toBe(0);
  expect(stdout).toContain("Holds 2 · Breaks 0 · Not applicable 1 · Untested 9   2 of 2 core checks came to a verdict\n");
  expect(stderr).toMatch(/^pass {2}II\.lock-exact +0\.\ds {2}every dependency is pinned$/m);
  expect(stderr).toMatch(/^n\/a {3}X\.same-engines/m);
});

test("one that does not: exit code 1, the finding with its control and how to see it again", async () => {
  await using app = await shop(withoutLock);
  const { code, stdout, stderr } = await app.check("--profile", "static", "--seed", "7f3a");
  expect(code).toBe(1);
  expect(stderr).toMatch(/^fail {2}II\.lock-exact/m);
  expect(stdout).toContain("FAIL  II.lock-exact                 exact  error\n");
  expect(stdout).toContain("  what    left is declared, and package-lock.json does not have it\n");
  expect(stdout).toMatch(/^ {2}control \S/m);
  expect(stdout).toContain("  again   douze check --only II.lock-exact --seed 7f3a\n");
  expect(stdout).toContain("Breaks 1");
});

test("a folder may be named, and an app without a repository is checked as it lies there", async () => {
  await using app = await shop();
  await mkdir(join(app.folder, "other"));
  await writeFile(join(app.folder, "other", "Procfile"), "web: ./web\n");
  expect((await app.json("other", "--profile", "static")).directory).toBe(join(app.folder, "other"));
  const missing = await app.check("nowhere");
  expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining("app-not-found") as string]);
});

test("exit code 4: more was unknown than allowed", async () => {
  await using app = await shop();
  await rm(join(app.folder, ".git"), { recursive: true });
  expect((await app.check("--only", "I.tracked")).code).toBe(0);
  expect((await app.check("--only", "I.tracked", "--max-unknown", "1")).code).toBe(0);
  const { code, stdout } = await app.check("--only", "I.tracked", "--max-unknown", "0");
  expect(code).toBe(4);
  expect(stdout).toMatch(/^\? {5}I\.tracked {2}\S+\n {2}why .*\n {2}add /m);
});

test("exit code 3: it could not be run, and nothing is claimed of it", async () => {
  await using app = await shop({
    "package.json": '{ "name": "shop" }',
    "package-lock.json": '{ "packages": {} }',
    "web.js": 'throw new Error("no luck today")\n',
  });
  const { code, stdout, stderr } = await app.check("--only", "IX.startup", "--seed", "1");
  expect(code, stderr).toBe(3);
  // On a machine without sandboxes it is that which is said.
  expect(stdout).toMatch(/^\? {5}IX\.startup {2}(no-start|no-sandbox)$/m);
  expect((await app.check("--only", "IX.startup", "--report-only")).code).toBe(0);
});

const listening: Readonly<Record<string, string>> = {
  "package.json": '{ "name": "shop" }',
  "package-lock.json": '{ "packages": {} }',
  "web.js": 'require("node:http").createServer((_, response) => response.end("hello")).listen(process.env.PORT);\n',
};

test("an app is run, and a seed makes the same of it again", async ({ skip }) => {
  await using app = await shop(listening);
  const { sandbox } = JSON.parse((await app.check("--probe", "--json")).stdout) as Report["capabilities"];
  if (!sandbox.there) return skip(sandbox.says);
  const [first, again] = [
    await app.json("--only", "VII.honours-port", "--seed", "7f3a"),
    await app.check("--only", "VII.honours-port", "--seed", "7f3a"),
  ];
  expect(await errorsOf(first)).toEqual([]);
  const [result] = first.results;
  expect({ seed: first.seed, verdict: result?.ruling.verdict, runs: result?.runs }).toEqual({
    seed: "7f3a",
    verdict: "pass",
    runs: ["pass"],
  });
  expect(again.code).toBe(0);
  const said = result?.ruling.verdict === "pass" ? result.ruling.what : "";
  expect(said).toMatch(/^it listened at PORT 2\d{4} and then 3\d{4}$/);
  expect(again.stderr).toContain(said);
});

test.for([
  [["--profile", "quick"], "--profile"],
  [["--fail-on", "everything"], "--fail-on"],
  [["--max-unknown", "some"], "--max-unknown"],
  [["--no-such-option"], "--no-such-option"],
  [["a", "b"], "too many arguments"],
] as const)("exit code 2: %j", async ([words, said]) => {
  await using app = await shop();
  const { code, stdout, stderr } = await app.check(...words);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toContain(said);
});

test.for([
  ["--only", "IX.sigterm"],
  ["--skip", "XIII"],
  ["--explain", "nothing"],
] as const)("%s %s: check-unknown", async (words) => {
  await using app = await shop();
  const { code, stderr } = await app.check(...words);
  expect(code).toBe(2);
  expect(stderr).toContain("check-unknown");
  expect(stderr).toContain(`there is no check ${words[1]}`);
});

test("a warning fails where that is the limit, and nothing does where a report alone is wanted", async () => {
  await using app = await shop({ "package.json": '{ "name": "shop", "dependencies": { "left": "1.0.0" } }' });
  expect((await app.check("--profile", "static")).code).toBe(0);
  expect((await app.check("--profile", "static", "--fail-on", "warning")).code).toBe(1);
  expect((await app.check("--profile", "static", "--fail-on", "warning", "--report-only")).code).toBe(0);
});

test("checks are chosen by name, by factor, and left out", async () => {
  await using app = await shop();
  const ran = async (...words: readonly string[]): Promise<readonly string[]> =>
    (await app.json("--profile", "static", ...words)).results.map(({ code }) => code);
  expect(await ran("--only", "lock-exact,config/secret-in-tree")).toEqual(["II.lock-exact", "III.secret-in-tree"]);
  expect(await ran("--only", "ii")).toEqual(["II.lock-exact", "II.runtime-pinned"]);
  expect(await ran("--only", "codebase", "--only", "II", "--skip", "II.runtime-pinned")).toEqual([
    "I.tracked",
    "I.no-outside-paths",
    "II.lock-exact",
  ]);
});

test("a baseline excuses what was there, and nothing that comes after", async () => {
  await using app = await shop(withoutLock);
  const written = await app.check("--profile", "static", "--write-baseline");
  expect(written.code).toBe(0);
  expect(written.stderr).toContain(`wrote ${join(app.folder, "check.baseline.json")}\n`);
  expect(JSON.parse(await readFile(join(app.folder, "check.baseline.json"), "utf8"))).toEqual({
    "dependencies/lock-exact: package.json: left": "error",
  });

  const later = await app.check("--profile", "static");
  expect(later.code).toBe(0);
  expect(later.stdout).toContain("  known   it is in the baseline\n");
  // It excuses a pipeline, and mends nothing.
  expect(later.stdout).toContain("Breaks 1");

  await app.write({
    "package.json": '{ "name": "shop", "engines": { "node": "24.21.0" }, "dependencies": { "left": "1.0.0", "right": "1.0.0" } }',
  });
  expect((await app.check("--profile", "static")).code).toBe(1);
});

test("what is mended goes from the baseline with --prune, which adds nothing", async () => {
  await using app = await shop(withoutLock);
  await app.check("--profile", "static", "--write-baseline");
  await app.write({ ...good, "package.json": '{ "name": "shop", "dependencies": { "left": "1.0.0" } }' });
  expect((await app.check("--profile", "static")).stdout).toContain("1 of the baseline are gone: `douze check --prune` takes them out");
  await app.check("--profile", "static", "--prune");
  expect(await readFile(join(app.folder, "check.baseline.json"), "utf8")).toBe("{}\n");
});

test("a secret is not taken for known, not even by --write-baseline", async () => {
  await using app = await shop({ "web.js": `const token = "${token}";\n` });
  const { code, stdout } = await app.check("--profile", "static", "--write-baseline");
  expect(code).toBe(1);
  expect(stdout).not.toContain(token);
  expect(await readFile(join(app.folder, "check.baseline.json"), "utf8")).toBe("{}\n");
});

test("a waiver holds until its day, and fails after it", async () => {
  await using app = await shop(withoutLock);
  await app.write({ "check.waivers.yaml": waiver("II.lock-exact", "package.json: le*", day(30)) });
  const held = await app.check("--profile", "static");
  expect(held.code).toBe(0);
  expect(held.stdout).toContain(`  waived  by ana until ${day(30)}: it is being mended\n`);
  expect(held.stdout).toContain("Waived 1");

  await app.write({ "check.waivers.yaml": waiver("II.lock-exact", "package.json: le*", day(-1)) + waiver("I.tracked", "none", day(9)) });
  const over = await app.check("--profile", "static");
  expect(over.code).toBe(1);
  expect(over.stdout).toContain(`expired on ${day(-1)} (ana)`);
  expect(over.stdout).toContain("waiver unused: I.tracked none (ana); delete it");

  await app.write({ "check.waivers.yaml": "- check: II.lock-exact\n" });
  const wrong = await app.check("--profile", "static");
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining("check-file-invalid") as string]);
});

test("reports are of the kind that the name's end says", async () => {
  await using app = await shop(withoutLock);
  const words = ["a.html", "a.json", "a.sarif", "a.xml"].flatMap((name) => ["--report", name]);
  expect((await app.check("--profile", "static", ...words)).code).toBe(1);
  const read = async (name: string): Promise<string> => readFile(join(app.folder, name), "utf8");
  expect(await read("a.html")).toMatch(/^<!doctype html>/);
  expect(await errorsOf(JSON.parse(await read("a.json")))).toEqual([]);
  expect(JSON.parse(await read("a.json"))).toMatchObject({
    version: 1,
    app: expect.any(String) as string,
    findings: [{ code: "II.lock-exact" }],
  });
  expect(JSON.parse(await read("a.sarif"))).toMatchObject({
    version: "2.1.0",
    runs: [{ results: [{ ruleId: "II.lock-exact", level: "error" }] }],
  });
  expect(await read("a.xml")).toMatch(/^<\?xml version="1\.0"[\s\S]*<failure type="error"/);
});

test("a report of no kind, and one that cannot be written", async () => {
  await using app = await shop();
  const unknown = await app.check("--profile", "static", "--report", "report.txt");
  expect([unknown.code, unknown.stdout, unknown.stderr]).toEqual([2, "", expect.stringContaining("check-report-unknown") as string]);
  const unwritable = await app.check("--profile", "static", "--report", "no/such/folder/a.html");
  expect([unwritable.code, unwritable.stdout, unwritable.stderr]).toEqual([
    3,
    expect.stringContaining("came to a verdict") as string,
    expect.stringContaining("check-report-unwritable") as string,
  ]);
});

test("with --json nothing but JSON is printed, and the exit code stays", async () => {
  await using app = await shop(withoutLock);
  const { code, stdout, stderr } = await app.check("--profile", "static", "--json");
  expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
  expect(await errorsOf(JSON.parse(stdout))).toEqual([]);
  expect(JSON.parse(stdout)).toMatchObject({ version: 1, profile: "static", findings: [{ standing: "new" }] });
});

test("a report is replayed: the same checks with the same seed, and what differs", async () => {
  await using app = await shop();
  await app.check("--profile", "static", "--only", "II", "--report", "before.json", "--seed", "7f3a");
  const same = await app.check("--replay", "before.json");
  expect([same.code, same.stdout.split("\n").at(-2)]).toEqual([0, "The replay came to the same verdicts."]);
  await app.write(withoutLock);
  const other = await app.check("--replay", "before.json");
  expect(other.stdout).toContain("The replay differs:\n  II.lock-exact: pass before, fail now\n");
  expect(other.stdout).toContain("--seed 7f3a");
  const wrong = await app.check("--replay", "package.json");
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining("check-file-invalid") as string]);
});

test("--list and --explain tell of the checks, without an app", async () => {
  await using app = await shop();
  const { stdout } = await app.check("--list");
  expect(stdout).toMatch(/^IX\.sigterm-in-flight {10}core {2}dynamic {2}\S/m);
  const listed = JSON.parse((await app.check("--list", "--json")).stdout) as readonly { code: string; id: string }[];
  expect(listed.map(({ code }) => code)).toEqual(
    stdout
      .trimEnd()
      .split("\n")
      .map((line) => line.split(" ")[0]),
  );
  expect((await app.check("--explain", "IX.sigterm-exit")).stdout).toMatch(
    /^IX\.sigterm-exit {3}disposability\/sigterm-exit\n\nAn app that holds it: [\s\S]*\nHow:\n {2}1\. /,
  );
  expect(JSON.parse((await app.check("--explain", "sigterm-exit", "--json")).stdout)).toMatchObject({
    id: "disposability/sigterm-exit",
    method: expect.any(Array) as unknown[],
  });
});

test("--probe says what this machine can do, and what to add where it cannot", async () => {
  await using app = await shop();
  const { code, stdout } = await app.check("--probe");
  expect(code).toBe(0);
  expect(stdout.trimEnd().split("\n")).toEqual(
    ["sandbox", "trace", "git", "engines"].map(
      (name) => expect.stringMatching(new RegExp(`^${name.padEnd(9)}(yes {3}\\S|no {4}\\S.*: \\S)`)) as string,
    ),
  );
  expect(Object.keys(JSON.parse((await app.check("--probe", "--json")).stdout) as object)).toEqual(["sandbox", "trace", "git", "engines"]);
});

test("nothing is left in the app's folder but what was asked for", async () => {
  await using app = await shop();
  await app.check("--profile", "static");
  expect((await readdir(app.folder)).toSorted()).toEqual([".git", "Procfile", "package-lock.json", "package.json", "web.js"]);
});
