import { mkdirSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isRunning, procStat } from "../../src/proc.ts";
import { findProgram } from "../../src/resources/find-program.ts";
import { client, isRoot, never, nobody, Place, path } from "./support/place.ts";

/** A PATH with these programs alone. */
function pathWith(place: Place, ...names: readonly string[]): string {
  const folder = join(place.root, "bin");
  mkdirSync(folder);
  for (const name of names) symlinkSync(findProgram([name], path) ?? name, join(folder, name));
  return folder;
}

test.skipIf(!isRoot)("as root it runs in a user namespace, wherever the data are", async () => {
  await using place = new Place("/root");
  const { url } = await place.provider().provision("db", "postgres", never);
  expect(await client(url)`select 1 as one`).toMatchObject([{ one: 1 }]);
  expect(statSync(place.of("db", "data")).uid).toBe(0);
});

test.skipIf(!isRoot)("where namespaces are forbidden it runs as another account, and passes through closed folders", async () => {
  await using place = new Place("/root");
  const owner = place.owner({ path: pathWith(place, "setpriv") });
  const { url } = await owner.ask("provision", "db", "postgres");
  expect(statSync(place.of("db", "data")).uid).not.toBe(0);
  expect(statSync(`/proc/${place.postmaster("db")}`).uid).not.toBe(0);
  const { file } = await owner.ask("backup", "db", "postgres", url, "embedded", place.backups);
  await owner.ask("restore", "db", "postgres", url, "embedded", file);
  await owner[Symbol.asyncDispose]();

  // Data change hands when the way to run changes.
  const { url: after } = await place.provider().provision("db", "postgres", never);
  expect(await client(after)`select 1 as one`).toMatchObject([{ one: 1 }]);
  expect(statSync(place.of("db", "data", "base")).uid).toBe(0);
});

test.skipIf(!isRoot)("in a folder that all may enter an ordinary account is enough", async () => {
  await using place = new Place();
  place.openForAll();
  const { url } = await place.provider({ path: pathWith(place) }).provision("db", "postgres", never);
  expect(statSync(`/proc/${place.postmaster("db")}`).uid).not.toBe(0);
  expect(await client(url)`select 1 as one`).toMatchObject([{ one: 1 }]);
});

test.skipIf(!isRoot)("root is told when there is no way", async () => {
  await using place = new Place("/root");
  const provider = place.provider({ path: pathWith(place) });
  await expect(provider.provision("db", "postgres", never)).rejects.toMatchObject({ code: "resource-root-refused" });
});

test.skipIf(!isRoot)("an ordinary user runs it as oneself", async () => {
  await using place = new Place();
  const owner = place.owner({ uid: nobody, gid: nobody });
  const { url } = await owner.ask("provision", "db", "postgres");
  expect(await client(url)`select 1 as one`).toMatchObject([{ one: 1 }]);
  const pid = place.postmaster("db");
  expect(statSync(`/proc/${pid}`).uid).toBe(nobody);
  await owner[Symbol.asyncDispose]();
  expect(isRunning(procStat(pid))).toBe(false);
});
