import { chmod, mkdir, stat, symlink } from "node:fs/promises";
import { join } from "node:path";
import { connect, runtimeDirectory, serve, socketPath } from "@douze/server";
import { expect, test } from "vitest";
import { temporaryFolder } from "./support/folder.ts";
import { fixedOperations, status } from "./support/operations.ts";

test.for([
  ["/srv/hola/.douze/environments/development", "/srv/hola/.douze/environments/development/engine.sock"],
  [`/${"a".repeat(87)}`, `/${"a".repeat(87)}/engine.sock`],
  [`/${"a".repeat(88)}/`, expect.stringMatching(/^\/run\/user\/1000\/douze-[0-9a-f]{24}\.sock$/)],
  [`/${"é".repeat(45)}`, expect.stringMatching(/^\/run\/user\/1000\/douze-[0-9a-f]{24}\.sock$/)],
])("%s", ([state, expected]) => {
  expect(socketPath(state as string, "/run/user/1000")).toEqual(expected);
});

test("two long folders do not share a socket", () => {
  const long = "/x".repeat(60);
  expect(socketPath(`${long}/a`, "/run")).not.toBe(socketPath(`${long}/b`, "/run"));
});

test("an engine can be asked at the longest path that is used as it is, and past it", async () => {
  await using folder = await temporaryFolder();
  const fill = (bytes: number): string => join(folder.path, "x".repeat(bytes - folder.path.length - 1 - "/engine.sock".length));
  for (const state of [fill(100), fill(101)]) {
    await mkdir(state);
    const path = socketPath(state, folder.path);
    await using _server = await serve(fixedOperations(), path);
    await expect(connect(path).status()).resolves.toEqual(status);
  }
});

test("XDG_RUNTIME_DIR is taken as it is", async () => {
  expect(await runtimeDirectory("/run/user/1000", 1000)).toBe("/run/user/1000");
});

test("without it, a folder is made that its owner alone can enter", async () => {
  await using folder = await temporaryFolder();
  const uid = process.getuid?.() ?? 0;

  const made = await runtimeDirectory(undefined, uid, folder.path);

  expect(made).toBe(join(folder.path, `douze-${uid}`));
  expect((await stat(made)).mode & 0o777).toBe(0o700);
  expect(await runtimeDirectory(undefined, uid, folder.path)).toBe(made);
});

test.for(["open to others", "another user's", "a link"])("a folder that is %s is refused", async (kind) => {
  await using folder = await temporaryFolder();
  const uid = process.getuid?.() ?? 0;
  const asked = kind === "another user's" ? uid + 1 : uid;
  const path = join(folder.path, `douze-${asked}`);
  if (kind === "a link") await symlink(folder.path, path);
  else await mkdir(path, { mode: 0o700 });
  if (kind === "open to others") await chmod(path, 0o755);

  await expect(runtimeDirectory(undefined, asked, folder.path)).rejects.toMatchObject({ code: "runtime-folder-unsafe" });
});
