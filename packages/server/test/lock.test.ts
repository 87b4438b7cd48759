import { mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { createConnection } from "node:net";
import { join } from "node:path";
import { holdLock } from "@douze/server";
import { expect, test } from "vitest";
import { temporaryFolder } from "./support/folder.ts";
import { spawnFixture } from "./support/spawned.ts";

test("a second process is told the pid of the first; killed with SIGKILL, it leaves nothing", async () => {
  await using folder = await temporaryFolder();
  await using first = await spawnFixture("hold.ts", folder.path);
  await first.said("held");

  const refused = await holdLock(folder.path).catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: "engine-running", fix: expect.stringContaining(`kill ${first.pid}`) as string });

  await first.end("SIGKILL");
  await using _lock = await holdLock(folder.path);
  expect(await readdir(folder.path)).toEqual([]);
});

test("it is the folder that is held, by whatever path", async () => {
  await using folder = await temporaryFolder();
  const state = join(folder.path, "state");
  await mkdir(state);
  await symlink(state, join(folder.path, "link"));
  await using _lock = await holdLock(state);

  await expect(holdLock(join(folder.path, "link"))).rejects.toMatchObject({
    code: "engine-running",
    what: expect.stringContaining(`pid ${process.pid}`) as string,
  });
});

test("two folders are held side by side, and a folder again once it was let go", async () => {
  await using folder = await temporaryFolder();
  await using _one = await holdLock(join(folder.path, "one"));
  const two = await holdLock(join(folder.path, "two"));
  await two[Symbol.asyncDispose]();

  await using _again = await holdLock(join(folder.path, "two"));
});

test("one who only looks and goes away does not disturb the holder", async () => {
  await using folder = await temporaryFolder();
  await using lock = await holdLock(folder.path);
  await new Promise<void>((resolve) => {
    const socket = createConnection(`\0${lock.name}`, () => socket.destroy());
    socket.on("error", () => undefined);
    socket.on("close", () => resolve());
  });

  await expect(holdLock(folder.path)).rejects.toMatchObject({ code: "engine-running" });
});

test("a folder that cannot be made is a problem of the machine's, with its path", async () => {
  await using folder = await temporaryFolder();
  await writeFile(join(folder.path, "file"), "");
  await expect(holdLock(join(folder.path, "file", "state"))).rejects.toMatchObject({
    code: "state-unwritable",
    what: expect.stringContaining(join(folder.path, "file", "state")) as string,
  });
});
