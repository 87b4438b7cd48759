import { chmod, mkdtempDisposable, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { changeFile, editFile, initFile, listSecrets, readSecrets, rotateFile } from "@douze/secrets";
import { expect, test } from "vitest";
import { problemOf, someone } from "./support/keys.ts";

const [me, other] = [await someone(), await someone()];

interface Place extends AsyncDisposable {
  readonly folder: string;
  readonly file: string;
}

async function place(text?: string): Promise<Place> {
  const folder = await mkdtempDisposable(join(tmpdir(), "douze-inventory-"));
  const file = join(folder.path, "production.yaml");
  if (text !== undefined) await writeFile(file, text);
  return { folder: folder.path, file, [Symbol.asyncDispose]: () => folder.remove() };
}

test("the life of a file", async () => {
  await using at = await place();
  const file = join(at.folder, "inventory/production.yaml");
  expect(await readSecrets(file, [])).toEqual({ secrets: {}, recipients: [] });
  expect(await initFile(file, [me.recipient])).toBe(true);
  expect(await initFile(file, [me.recipient])).toBe(false);
  expect(await changeFile(file, [me], { set: { A: "x", B: "y" } })).toBe(true);
  expect(await changeFile(file, [me], { set: { A: "x" }, unset: ["C"] })).toBe(false);
  expect(await listSecrets(file)).toEqual({ names: ["A", "B"], recipients: [me.recipient] });
  expect(await rotateFile(file, [me], { add: [other.recipient] })).toEqual([me.recipient, other.recipient]);
  expect(await rotateFile(file, [me], { remove: [me.recipient] })).toEqual([other.recipient]);
  expect(await problemOf(readSecrets(file, [me]))).toMatchObject({ code: "secrets-key-wrong" });
  expect(await rotateFile(file, [other])).toEqual([other.recipient]);
  expect((await readSecrets(file, [other])).secrets).toEqual({ A: "x", B: "y" });
  expect(await readdir(join(at.folder, "inventory"))).toEqual(["production.yaml"]);
});

test("mode and symbolic link stay", async () => {
  await using at = await place("secrets:\n  A: x\n");
  await chmod(at.file, 0o664);
  const link = join(at.folder, "link.yaml");
  await symlink("production.yaml", link);
  expect(await initFile(link, [me.recipient])).toBe(true);
  expect((await stat(at.file)).mode & 0o7777).toBe(0o664);
  expect((await readSecrets(at.file, [me])).secrets).toEqual({ A: "x" });
  expect((await readdir(at.folder)).toSorted()).toEqual(["link.yaml", "production.yaml"]);
});

test("on any problem the file is as it was", async () => {
  await using at = await place("secrets:\n  A: x\n");
  await initFile(at.file, [me.recipient]);
  const text = (await readFile(at.file, "utf8")).replace("A: ENC", "B: ENC");
  await writeFile(at.file, text);
  const attempts = [
    () => changeFile(at.file, [me], { set: { C: "x" } }),
    () => rotateFile(at.file, [me]),
    () => editFile(at.file, [me], async () => "C: x\n"),
    () => rotateFile(at.file, [me], { remove: [other.recipient] }),
    () => rotateFile(at.file, [me], { add: ["age1x"] }),
  ];
  for (const attempt of attempts) expect(await problemOf(attempt())).toMatchObject({ code: expect.stringMatching(/^secrets-/) });
  expect(await readFile(at.file, "utf8")).toBe(text);
  expect(await readdir(at.folder)).toEqual(["production.yaml"]);
});

test("a file that is no text is not made one", async () => {
  await using at = await place();
  const bytes = Buffer.from("# caf\xe9\nscale: {}\n", "latin1");
  await writeFile(at.file, bytes);
  expect(await problemOf(initFile(at.file, [me.recipient]))).toMatchObject({ code: "secrets-malformed" });
  expect(await readFile(at.file)).toEqual(bytes);
});

test("an editor is asked again until its text can be taken, with what was typed", async () => {
  await using at = await place("secrets:\n  A: x\n");
  await initFile(at.file, [me.recipient]);
  const shown: [string, string | undefined][] = [];
  const typed = ["A: [\n", "A: y\nB: z\n"];
  const changed = await editFile(at.file, [me], async (clear, problem) => {
    shown.push([clear, problem?.code]);
    return typed.shift();
  });
  expect(changed).toBe(true);
  expect(shown).toEqual([
    ["A: x\n", undefined],
    ["A: [\n", "secrets-malformed"],
  ]);
  expect((await readSecrets(at.file, [me])).secrets).toEqual({ A: "y", B: "z" });
});

test("an editor that gives up, or changes nothing, leaves the file", async () => {
  await using at = await place("secrets:\n  A: x\n");
  await initFile(at.file, [me.recipient]);
  const before = await stat(at.file);
  expect(await editFile(at.file, [me], async () => undefined)).toBe(false);
  expect(await editFile(at.file, [me], async (clear) => clear)).toBe(false);
  expect((await stat(at.file)).ino).toBe(before.ino);
});

test("what somebody else wrote while the editor was open is kept", async () => {
  await using at = await place("secrets:\n  A: x\n  B: y\n");
  await initFile(at.file, [me.recipient]);
  const changed = await editFile(at.file, [me], async (clear) => {
    await changeFile(at.file, [me], { set: { C: "theirs" }, unset: ["B"] });
    return clear.replace("A: x", "A: mine");
  });
  expect(changed).toBe(true);
  expect((await readSecrets(at.file, [me])).secrets).toEqual({ A: "mine", C: "theirs" });
});
