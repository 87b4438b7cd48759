import { readlinkSync } from "node:fs";
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeFolder, sweepFolders } from "../src/folders.ts";

const isLinux = process.platform === "linux";
const day = 86_400_000;

async function place(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), "sweep-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

/** A folder of a run, and what is left of it once another lab has come by. */
async function isSwept(owner: string | undefined, ageMs = 0): Promise<boolean> {
  await using parent = await place();
  const folder = await makeFolder(parent.path);
  if (owner !== undefined) await writeFile(join(folder, "owner"), owner);
  const { mtimeMs } = await stat(folder);
  await sweepFolders(parent.path, mtimeMs + ageMs);
  return (await readdir(parent.path)).length === 0;
}

const here = isLinux ? readlinkSync("/proc/self/ns/pid") : "";

test("the folder of a run that goes on stays", async () => {
  expect(await isSwept(undefined)).toBe(false);
  expect(await isSwept(undefined, 10 * day)).toBe(false);
});

test.skipIf(!isLinux).for([
  ["a process that has ended", `${process.pid} 1 ${here}`, 0, true],
  // In a container beside us it may well be running: its number means another process here, or none.
  ["a process of another namespace", `${process.pid} 1 pid:[1]`, day / 2, false],
  ["a process of another namespace, long ago", `${process.pid} 1 pid:[1]`, 2 * day, true],
  ["nobody yet", "", 0, false],
] as const)("the folder of %s", async ([, owner, ageMs, expected]) => {
  expect(await isSwept(owner, ageMs)).toBe(expected);
});
