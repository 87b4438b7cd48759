import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readAccepted, writeBaseline } from "../src/accepted-files.ts";

async function folder(): Promise<AsyncDisposable & { readonly path: string; write(name: string, text: string): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), "douze-accepted-"));
  return {
    path,
    write: (name, text) => writeFile(join(path, name), text),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true }),
  };
}

const day = (inDays: number): string => new Date(Date.now() + inDays * 86_400_000).toISOString().slice(0, 10);
const waiver = (until: string): string =>
  `- check: IX.sigterm-exit\n  subject: "*"\n  reason: until the queue is replaced\n  owner: ana\n  until: ${until}\n`;

test("without either file nothing is accepted", async () => {
  await using here = await folder();
  expect(await readAccepted(here.path)).toEqual({ baseline: {}, waivers: [] });
});

test("what was written is read again, in order, with nothing left beside it", async () => {
  await using here = await folder();
  const baseline = { "logs/stdout: app.log": "warning", "codebase/tracked: a": "error" } as const;
  const path = await writeBaseline(here.path, baseline);
  expect(path).toBe(join(here.path, "check.baseline.json"));
  expect(await readdir(here.path)).toEqual(["check.baseline.json"]);
  expect(await readFile(path, "utf8")).toBe('{\n  "codebase/tracked: a": "error",\n  "logs/stdout: app.log": "warning"\n}\n');
  expect((await readAccepted(here.path)).baseline).toEqual(baseline);
});

test("a waiver has an owner, a reason and an end", async () => {
  await using here = await folder();
  await here.write("check.waivers.yaml", waiver(day(30)));
  expect((await readAccepted(here.path)).waivers).toEqual([
    { check: "IX.sigterm-exit", subject: "*", reason: "until the queue is replaced", owner: "ana", until: day(30) },
  ]);
  await here.write("check.waivers.yaml", "# nothing is waived\n");
  expect((await readAccepted(here.path)).waivers).toEqual([]);
});

test("one past its day is still a waiver: what it comes to is said of the finding", async () => {
  await using here = await folder();
  await here.write("check.waivers.yaml", waiver("2020-01-01"));
  expect((await readAccepted(here.path)).waivers).toHaveLength(1);
});

test.for([
  ["check.baseline.json", "{", "it is no JSON"],
  ["check.baseline.json", '{"a: b": "heavy"}', "`error`, `warning` or `note`"],
  ["check.baseline.json", '["error"]', "`error`, `warning` or `note`"],
  ["check.baseline.json", "7", "`error`, `warning` or `note`"],
  ["check.waivers.yaml", "a: b\n", "expected a list"],
  ["check.waivers.yaml", "- check: [\n", ""],
  ["check.waivers.yaml", "- text\n", "waiver 1 lacks `check:`, `subject:`, `reason:`, `owner:`, `until:`"],
  ["check.waivers.yaml", "-\n", "waiver 1 lacks"],
  [
    "check.waivers.yaml",
    `${waiver(day(1))}- check: IX.startup\n  subject: web\n  reason: ""\n  owner: ana\n  until: ${day(1)}\n`,
    "waiver 2 lacks `reason:`",
  ],
  ["check.waivers.yaml", waiver("next week"), "is a day"],
  ["check.waivers.yaml", waiver("2026-13-01"), "is a day"],
  ["check.waivers.yaml", waiver("2026-02-31"), "is a day"],
  ["check.waivers.yaml", waiver(day(400)), "more than a year away"],
] as const)("%s with %j is refused", async ([name, text, why]) => {
  await using here = await folder();
  await here.write(name, text);
  await expect(readAccepted(here.path)).rejects.toMatchObject({
    code: "check-file-invalid",
    what: `${name} is not right`,
    why: expect.stringContaining(why) as string,
  });
});
