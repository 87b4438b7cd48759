import { chmod, mkdir, mkdtempDisposable, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { findIdentities, initIdentity } from "@douze/secrets";
import { expect, test } from "vitest";
import { problemOf, someone } from "./support/keys.ts";

async function home(): Promise<AsyncDisposable & { readonly path: string }> {
  const folder = await mkdtempDisposable(join(tmpdir(), "douze-home-"));
  return { path: folder.path, [Symbol.asyncDispose]: () => folder.remove() };
}

async function put(file: string, text: string, mode = 0o600): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
  await chmod(file, mode);
}

test("keys are found wherever sops finds them, each once, in order", async () => {
  await using folder = await home();
  const [a, b, c, d, e] = [await someone(), await someone(), await someone(), await someone(), await someone()];
  const own = join(folder.path, "own.txt");
  await put(own, `# a comment\n\n${c.secret}\nAGE-PLUGIN-YUBIKEY-1QQQ\n`);
  await put(join(folder.path, "xdg/sops/age/keys.txt"), `${d.secret}\r\n${a.secret}\n`);
  await put(join(folder.path, ".config/sops/age/keys.txt"), e.secret);
  const env = {
    SOPS_AGE_KEY: `${a.secret} ${b.secret}`,
    SOPS_AGE_KEY_FILE: own,
    SOPS_AGE_KEY_CMD: `printf '%s\\n' '${c.secret}'`,
    XDG_CONFIG_HOME: join(folder.path, "xdg"),
    PATH: process.env["PATH"],
  };
  const found = await findIdentities(env, folder.path);
  expect(found.map(({ recipient }) => recipient)).toEqual([a, b, c, d, e].map(({ recipient }) => recipient));
  expect(found.map(({ from }) => from)).toEqual([
    "SOPS_AGE_KEY",
    "SOPS_AGE_KEY",
    `SOPS_AGE_KEY_FILE (${own})`,
    join(folder.path, "xdg/sops/age/keys.txt"),
    join(folder.path, ".config/sops/age/keys.txt"),
  ]);
  expect(found.every(({ warning }) => warning === undefined)).toBe(true);
});

test("nothing anywhere is no problem", async () => {
  await using folder = await home();
  expect(await findIdentities({}, folder.path)).toEqual([]);
});

test.each([0o640, 0o604, 0o622])("a key file of mode %o comes with a warning", async (mode) => {
  await using folder = await home();
  const file = join(folder.path, ".config/sops/age/keys.txt");
  await put(file, (await someone()).secret, mode);
  expect(await findIdentities({}, folder.path)).toMatchObject([{ warning: expect.stringContaining(`chmod 600 ${file}`) }]);
});

test("a place that is named and holds no key is a problem, which repeats nothing of it", async () => {
  await using folder = await home();
  const { secret } = await someone();
  const file = join(folder.path, "keys.txt");
  await put(file, `# a key with a slip in it\n${secret.slice(1)}\n`);
  const wrong: [Record<string, string>, string][] = [
    [{ SOPS_AGE_KEY: secret.slice(0, -1) }, "no age key"],
    [{ SOPS_AGE_KEY: secret.toLowerCase() }, "no age key"],
    [{ SOPS_AGE_KEY_FILE: file }, "line 2"],
    [{ SOPS_AGE_KEY_FILE: join(folder.path, "none") }, "no such file"],
    [{ SOPS_AGE_KEY_FILE: folder.path }, "EISDIR"],
    [{ SOPS_AGE_KEY_CMD: `echo ${secret}; exit 3` }, "status 3"],
    [{ SOPS_AGE_KEY_CMD: "kill -9 $$" }, "SIGKILL"],
    [{ SOPS_AGE_KEY_CMD: `echo ${secret.slice(1)}` }, "no age key"],
  ];
  for (const [env, why] of wrong) {
    const problem = await problemOf(findIdentities({ PATH: process.env["PATH"] ?? "", ...env }, folder.path));
    expect(problem).toMatchObject({ code: "secrets-key-unreadable", why: expect.stringContaining(why) });
    expect(JSON.stringify(problem).toUpperCase()).not.toContain(secret.slice(20, 40));
  }
});

test("a first key is made, for its owner alone, and is kept from then on", async () => {
  await using folder = await home();
  const made = await initIdentity({}, folder.path, "linux");
  const file = join(folder.path, ".config/sops/age/keys.txt");
  expect(made.from).toBe(file);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect((await stat(dirname(file))).mode & 0o777).toBe(0o700);
  expect(await readFile(file, "utf8")).toContain(`# public key: ${made.recipient}\n${made.secret}\n`);
  expect(await readdir(dirname(file))).toEqual(["keys.txt"]);
  expect(await initIdentity({}, folder.path, "linux")).toEqual(made);
  expect(await findIdentities({}, folder.path)).toEqual([made]);
});

test("two who make the first key at once get the same", async () => {
  await using folder = await home();
  const made = await Promise.all(Array.from({ length: 8 }, () => initIdentity({}, folder.path, "linux")));
  expect(new Set(made.map(({ secret }) => secret)).size).toBe(1);
  expect(await readdir(join(folder.path, ".config/sops/age"))).toEqual(["keys.txt"]);
});

test("a key file without a key of ours is not overwritten", async () => {
  await using folder = await home();
  const file = join(folder.path, "xdg/sops/age/keys.txt");
  await put(file, "AGE-PLUGIN-YUBIKEY-1QQQ\n");
  const env = { XDG_CONFIG_HOME: join(folder.path, "xdg") };
  expect(await problemOf(initIdentity(env, folder.path, "linux"))).toMatchObject({ code: "secrets-key-unreadable" });
  expect(await readFile(file, "utf8")).toBe("AGE-PLUGIN-YUBIKEY-1QQQ\n");
});

test("on macOS it lies where sops looks there", async () => {
  await using folder = await home();
  const made = await initIdentity({}, folder.path, "darwin");
  expect(made.from).toBe(join(folder.path, "Library/Application Support/sops/age/keys.txt"));
  expect(await findIdentities({}, folder.path)).toEqual([made]);
});
