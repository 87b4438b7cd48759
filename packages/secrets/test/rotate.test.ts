import { initSecrets, openSecrets, rotate } from "@douze/secrets";
import { expect, test } from "vitest";
import { metadata } from "../src/sops/metadata.ts";
import { opened } from "../src/sops/opened.ts";
import { tree } from "../src/yaml/tree.ts";
import { fixture, fixtureKey, problemOf, someone } from "./support/keys.ts";

const key = await fixtureKey();

async function plains(text: string): Promise<string[]> {
  const whole = tree(text, "f.yaml");
  const about = metadata(whole);
  const leaves = about ? (await opened(whole, about, [key])).leaves : [];
  return leaves.map(({ leaf, plain }) => `${leaf.label} ${plain?.type} ${plain?.bytes.toString()}`);
}

test.each(["all-values.yaml", "encrypted-values.yaml", "nested.yaml", "by-comment.yaml", "unencrypted-suffix.yaml", "whole.yaml"])(
  "%s: everything is encrypted anew, and means the same",
  async (name) => {
    const before = fixture(name);
    const after = await rotate(before, [key]);
    expect(await plains(after)).toEqual(await plains(before));
    const sealed = (text: string): string[] => text.match(/ENC\[[^\]]*\]/g) ?? [];
    expect(sealed(after).length).toBe(sealed(before).length);
    expect(sealed(after).filter((each) => sealed(before).includes(each))).toEqual([]);
    const rest = (text: string): string =>
      text
        .replaceAll(/ENC\[[^\]]*\]/g, "ENC")
        .replaceAll(/^ {12}.*\n/gm, "")
        .replace(/lastmodified.*/, "");
    expect(rest(after)).toBe(rest(before));
  },
);

test("recipients come and go", async () => {
  const [one, two] = [await someone(), await someone()];
  const text = await initSecrets("secrets:\r\n  A: x\r\n", [one.recipient]);
  const both = await rotate(text, [one], [one.recipient, two.recipient]);
  expect((await openSecrets(both, "f.yaml", [two])).recipients).toEqual([one.recipient, two.recipient]);
  expect(both.replaceAll("\r\n", "")).not.toContain("\n");
  const alone = await rotate(both, [one], [two.recipient]);
  expect(await problemOf(openSecrets(alone, "f.yaml", [one]))).toMatchObject({ code: "secrets-key-wrong" });
  expect((await openSecrets(alone, "f.yaml", [two])).secrets).toEqual({ A: "x" });
  // The former data key is of no use any more.
  expect(alone).not.toContain(/data:[^,]*/.exec(both)?.[0]);
});

test("keys of other kinds would be left behind: refused", async () => {
  const text = fixture("encrypted-values.yaml").replace(
    "    encrypted_regex",
    "    pgp:\n        - fp: x\n          enc: y\n    encrypted_regex",
  );
  expect((await openSecrets(text, "f.yaml", [key])).secrets["PORT"]).toBe("5432");
  expect(await problemOf(rotate(text, [key]))).toMatchObject({ code: "secrets-not-age", why: expect.stringContaining("pgp") });
});

test("a single group of keys is a group like any", async () => {
  const text = fixture("encrypted-values.yaml").replace(
    / {4}age:\n((?: {8}.*\n)+)/,
    (_, list: string) => `    key_groups:\n        - age:\n${list.replaceAll(/^/gm, "    ").trimEnd()}\n`,
  );
  const after = await rotate(text, [key]);
  expect(after).toContain("        - age:\n              - enc: |\n                  -----BEGIN");
  expect((await openSecrets(after, "f.yaml", [key])).secrets["PORT"]).toBe("5432");
});

test.each([
  ["secrets: {}\n", "secrets-malformed"],
  ["secrets:\n  A: x\n", "secrets-in-clear"],
])("%j has nothing to rotate", async (text, code) => {
  expect(await problemOf(rotate(text, [key]))).toMatchObject({ code });
});
