import { execFileSync } from "node:child_process";
import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { changeSecrets, encryptManifest, fileKey } from "@douze/secrets";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { someone } from "./support/keys.ts";
import { findSops } from "./support/sops.ts";

const [ana, ben] = [await someone(), await someone()];
const sops = await findSops();
const text = (value: string): string => Buffer.from(value).toString("base64");
const secret = {
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: "shop-secret-5d1e77c0", labels: { on: "yes" } },
  type: "Opaque",
  data: { ZEBRA: text("stripes"), EMPTY: "", TOKEN: text("s3cret\nof two lines") },
};

async function keyOf(recipients: readonly string[], folder: string) {
  const file = join(folder, "inventory.yaml");
  await writeFile(file, await changeSecrets("", file, [ana], { set: { A: "b" }, unset: [] }, recipients));
  const key = await fileKey(file, [ana]);
  if (!key) throw new Error("no key");
  return key;
}

test("the same Secret is the same text, and another name, key or value another one", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "douze-manifest-"));
  const key = await keyOf([ana.recipient], folder.path);
  const first = encryptManifest(secret, key);
  expect(encryptManifest({ ...secret, data: Object.fromEntries(Object.entries(secret.data).reverse()) }, key)).toBe(first);
  const others = [
    { ...secret, metadata: { name: "shop-secret-11111111" } },
    { ...secret, data: { ...secret.data, TOKEN: text("another") } },
    { ...secret, data: { ...secret.data, TOKEN2: secret.data.TOKEN } },
  ].map((each) => encryptManifest(each, key));
  const tokens = [first, ...others].map((each) => (parse(each) as typeof secret).data.TOKEN);
  expect(new Set(tokens).size).toBe(3);
  expect(tokens[0]).toBe(tokens[3]);
  for (const each of [first, ...others]) {
    expect(each).not.toContain(secret.data.TOKEN);
    expect(each).not.toContain(secret.data.ZEBRA);
  }
});

test("a file without secrets has no key, and neither has one that is not there", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "douze-manifest-"));
  await writeFile(join(folder.path, "plain.yaml"), "config:\n  A: b\n");
  expect(await fileKey(join(folder.path, "plain.yaml"), [ana])).toBeUndefined();
  expect(await fileKey(join(folder.path, "none.yaml"), [ana])).toBeUndefined();
});

test.skipIf("missing" in sops)("the real sops opens it for each who can open the inventory, and notices a change", async () => {
  if ("missing" in sops) return;
  await using folder = await mkdtempDisposable(join(tmpdir(), "douze-manifest-"));
  const manifest = encryptManifest(secret, await keyOf([ana.recipient, ben.recipient], folder.path));
  const file = join(folder.path, "secret.yaml");
  const opened = (by: string): unknown => {
    const env = { PATH: process.env["PATH"], HOME: folder.path, SOPS_AGE_KEY: by };
    return JSON.parse(execFileSync(sops.path, ["decrypt", "--output-type", "json", file], { env, encoding: "utf8", stdio: "pipe" }));
  };
  await writeFile(file, manifest);
  expect(opened(ana.secret)).toEqual(secret);
  expect(opened(ben.secret)).toEqual(secret);
  const { data } = parse(manifest) as typeof secret;
  await writeFile(file, manifest.replace(data.TOKEN, data.ZEBRA));
  expect(() => opened(ana.secret)).toThrow();
  await writeFile(file, manifest.replace(/^ {2}ZEBRA: .*\n/m, ""));
  expect(() => opened(ana.secret)).toThrow();
});
