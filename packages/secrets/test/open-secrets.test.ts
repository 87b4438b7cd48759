import { Problem } from "@douze/core";
import { initSecrets, openSecrets, secretNames } from "@douze/secrets";
import { beforeAll, expect, test } from "vitest";
import type { Identity } from "../src/identity.ts";
import { metadata } from "../src/sops/metadata.ts";
import { opened } from "../src/sops/opened.ts";
import { tree } from "../src/yaml/tree.ts";
import { fixture, fixtureKey, problemOf, someone } from "./support/keys.ts";

let key: Identity;
beforeAll(async () => {
  key = await fixtureKey();
});

const written = {
  DATABASE_URL: "postgres://shop:pa%23s@db.example.org/shop",
  PORT: "5432",
  RATE: "0.25",
  ENABLED: "true",
  EMPTY: "",
  NOTHING: "",
  PEM: "-----BEGIN KEY-----\nabc\n-----END KEY-----\n",
  "0123": "digits",
  Größe: "über 😀 \t tab",
};

test.each([
  ["all-values.yaml", written],
  ["encrypted-values.yaml", written],
  ["encrypted-suffix.yaml", { A_secret: "x", B: "y" }],
  ["unencrypted-suffix.yaml", { A_unencrypted: "x", B: "y" }],
  ["unencrypted-regex.yaml", { A: "x", B: "y" }],
  ["by-comment.yaml", { A: "x", B: "y" }],
  ["by-unencrypted-comment.yaml", { A: "x", B: "y" }],
])("%s, written by sops, is read and verified", async (name, secrets) => {
  const found = await openSecrets(fixture(name), name, [await someone(), key]);
  expect(found.secrets).toEqual(secrets);
  expect(Object.keys(found.secrets)).toEqual(Object.keys(secrets));
  expect(found.recipients).toContain(key.recipient);
  expect(secretNames(fixture(name), name)).toEqual({ names: Object.keys(secrets), recipients: found.recipients });
});

test("lists and maps of any depth count for the MAC, though they are no secrets", async () => {
  const whole = tree(fixture("nested.yaml"), "nested.yaml");
  const about = metadata(whole);
  const { leaves } = about ? await opened(whole, about, [key]) : { leaves: [] };
  expect(leaves.map(({ plain }) => plain?.bytes.toString())).toEqual(["a", "2", "True", "1.5", "1", "x", "v", "e"]);
});

test.each([
  ["nested.yaml", "`deep:list[0]` is encrypted, and only"],
  ["whole.yaml", "`config:A` is encrypted, and only"],
])("%s is refused: the app would be given what it cannot read", async (name, why) => {
  expect(await problemOf(openSecrets(fixture(name), name, [key]))).toMatchObject({
    code: "secrets-malformed",
    why: expect.stringContaining(why),
  });
});

test("a file without secrets needs no key", async () => {
  for (const text of ["", "# nothing\n", "config:\n  A: 1\n", "secrets:\n", "secrets: {}\nscale: {}\n", "secrets:\n  A:\n"])
    expect(await openSecrets(text, "f.yaml", [])).toEqual({ secrets: {}, recipients: [] });
});

test("secrets in clear are refused, with their place and without their value", async () => {
  const problem = await problemOf(openSecrets("config:\n  A: 1\nsecrets:\n  B: hunter2\n", "inventory/production.yaml", []));
  expect(problem).toMatchObject({
    code: "secrets-in-clear",
    places: [{ file: "inventory/production.yaml", line: 4, column: 6 }],
    fix: expect.stringContaining("douze secrets init"),
  });
  expect(JSON.stringify(problem)).not.toContain("hunter2");
});

test("one secret in clear among encrypted ones is refused, too", async () => {
  const text = fixture("encrypted-values.yaml").replace("    PORT:", "    NEW: 77hunter\n    PORT:");
  const problem = await problemOf(openSecrets(text, "f.yaml", [key]));
  expect(problem).toMatchObject({
    code: "secrets-in-clear",
    what: expect.stringContaining("`secrets:NEW`"),
    fix: expect.stringContaining("douze secrets set NEW"),
  });
  expect(JSON.stringify(problem)).not.toContain("hunter");
  expect(await problemOf(openSecrets(text.replace("77hunter", "5"), "f.yaml", [key]))).toMatchObject({ code: "secrets-in-clear" });
});

test("encrypted values whose metadata were lost are not taken for clear ones", async () => {
  const [text = ""] = fixture("encrypted-values.yaml").split("sops:\n");
  expect(await problemOf(openSecrets(text, "f.yaml", [key]))).toMatchObject({
    code: "secrets-malformed",
    why: expect.stringContaining("no `sops:`"),
  });
});

const tamperings: [string, string, (text: string) => string, string][] = [
  ["a plain value", "all-values.yaml", (text) => text.replace("web: 2", "web: 3"), "sops:mac"],
  ["a plain value that is taken out", "all-values.yaml", (text) => text.replace("    port: 5000\n", ""), "sops:mac"],
  ["a ciphertext", "all-values.yaml", (text) => flipped(text, /DATABASE_URL: ENC\[AES256_GCM,data:/), "secrets:DATABASE_URL"],
  ["a nonce", "encrypted-values.yaml", (text) => flipped(text, /PORT: ENC\[AES256_GCM,data:[^,]*,iv:/), "secrets:PORT"],
  ["a tag", "encrypted-values.yaml", (text) => flipped(text, /RATE: ENC\[AES256_GCM,data:[^,]*,iv:[^,]*,tag:/), "secrets:RATE"],
  ["a type", "encrypted-values.yaml", (text) => text.replace("type:int", "type:bool"), "secrets:PORT"],
  ["a key", "encrypted-values.yaml", (text) => text.replace("ENABLED:", "DISABLED:"), "secrets:DISABLED"],
  ["a secret that is taken out", "encrypted-values.yaml", (text) => text.replace(/ {4}PORT: .*\n/, ""), "sops:mac"],
  ["a secret that is emptied", "encrypted-values.yaml", (text) => text.replace(/( {4}PORT: ).*\n/, '$1""\n'), "sops:mac"],
  [
    "two secrets that change places",
    "encrypted-values.yaml",
    (text) => text.replace(/( {4}PORT: .*\n)( {4}RATE: .*\n)/, "$2$1"),
    "sops:mac",
  ],
  ["the MAC", "all-values.yaml", (text) => flipped(text, /mac: ENC\[AES256_GCM,data:/), "sops:mac"],
  ["no MAC", "all-values.yaml", (text) => text.replace(/mac: .*/, 'mac: ""'), "sops:mac"],
  ["the time", "all-values.yaml", (text) => text.replace(/(lastmodified: "\d{4}-\d\d-\d\dT\d\d:\d\d:)\d\d/, "$199"), "sops:mac"],
  [
    "what the MAC covers",
    "all-values.yaml",
    (text) => text.replace("    version:", "    mac_only_encrypted: true\n    version:"),
    "sops:mac",
  ],
  ["which values are encrypted", "encrypted-values.yaml", (text) => text.replace("^secrets$", "^nothing$"), "sops:mac"],
  [
    "the wrapped data key",
    "encrypted-values.yaml",
    (text) => text.replace(/[\w+/]{10}(==?)?\n( *-----END)/, "AAAAAAAA$1\n$2"),
    "sops:age[0]:enc",
  ],
];

function flipped(text: string, before: RegExp): string {
  return text.replace(new RegExp(`(${before.source})(.)`), (_, start: string, letter: string) => start + (letter === "A" ? "B" : "A"));
}

test.each(tamperings)("%s of %s, tampered with, is found", async (_, name, tamper, label) => {
  const text = tamper(fixture(name));
  expect(text).not.toBe(fixture(name));
  const problem = await problemOf(openSecrets(text, name, [key]));
  expect(problem).toMatchObject({ code: "secrets-tampered", what: expect.stringContaining(`\`${label}\``) });
  expect(JSON.stringify(problem)).not.toContain(key.secret);
});

test("what only the encrypted-values MAC leaves free can be changed by hand", async () => {
  const text = fixture("encrypted-values.yaml").replace("web: 2", "web: 3");
  expect((await openSecrets(text, "f.yaml", [key])).secrets["PORT"]).toBe("5432");
});

test("with no key, and with the wrong one, the problem names recipients and no secret", async () => {
  const text = fixture("all-values.yaml");
  expect(await problemOf(openSecrets(text, "f.yaml", []))).toMatchObject({
    code: "secrets-key-missing",
    fix: expect.stringContaining("douze secrets init"),
  });
  const other = await someone();
  const problem = await problemOf(openSecrets(text, "f.yaml", [other]));
  expect(problem).toMatchObject({ code: "secrets-key-wrong", what: expect.stringContaining("none of the 1 age keys") });
  expect(JSON.stringify(problem)).toContain(key.recipient);
  expect(JSON.stringify(problem)).toContain(other.recipient);
  expect(JSON.stringify(problem)).not.toContain(other.secret);
});

test("a key opens the file though its name was changed in it", async () => {
  const text = fixture("encrypted-values.yaml").replace(key.recipient, (await someone()).recipient);
  expect((await openSecrets(text, "f.yaml", [key])).secrets["PORT"]).toBe("5432");
});

const sops = 'sops:\n    lastmodified: "2024-01-02T03:04:05Z"\n    mac: x\n    version: 3.13.2\n';

test.each([
  [`a: 1\n${sops}`, "names no keys"],
  [`a: 1\n${sops}    kms:\n        - arn: x\n          enc: y\n`, "of the kind kms"],
  [`a: 1\n${sops}    pgp:\n        - fp: x\n          enc: y\n    age: []\n`, "of the kind pgp"],
  [
    `a: 1\n${sops}    key_groups:\n        - age: [{recipient: x, enc: y}]\n        - age: [{recipient: x, enc: y}]\n`,
    "split over 2 groups",
  ],
])("keys of other kinds alone are refused as what they are: %#", async (text, why) => {
  expect(await problemOf(openSecrets(text, "f.yaml", [key]))).toMatchObject({ code: "secrets-not-age", why: expect.stringContaining(why) });
});

const age = "    age: [{recipient: x, enc: y}]\n";

test.each([
  ["sops: 1\n", "`sops` is not a map"],
  [`${sops}    age: {a: b}\n    pgp: []\n`, undefined],
  [`${sops}    age: [x]\n`, "`sops.age[0]` is not a map"],
  [`${sops}    age: [{recipient: x}]\n`, "`sops` has no `enc`"],
  [`${sops.replace(/ {4}mac.*\n/, "")}${age}`, "`sops` has no `mac`"],
  [`${sops.replace("2024-01-02T", "2024-01-02 ")}${age}`, "no time"],
  [`${sops}${age}    encrypted_regex: a\n    encrypted_suffix: b\n`, "both `encrypted_suffix` and `encrypted_regex`"],
  [`${sops}${age}    encrypted_regex: "("\n`, "cannot be read"],
])("metadata that sops did not write are refused: %#", async (text, why) => {
  const problem = await problemOf(openSecrets(text, "f.yaml", [key]));
  expect(problem["code"]).toBe(why === undefined ? "secrets-not-age" : "secrets-malformed");
  if (why !== undefined) expect(problem).toMatchObject({ why: expect.stringContaining(why) });
});

test.each(["secrets:\n  A: [x]\n", "secrets:\n  A: {b: c}\n", "secrets:\n  A: {}\n", "secrets: text\n", "secrets: [a]\n"])(
  "%j has secrets that are no texts",
  async (text) => {
    expect(await problemOf(initSecrets(text, [key.recipient], "f.yaml"))).toMatchObject({ code: "secrets-malformed" });
  },
);

test("a secret named as an object's own machinery is one like others", async () => {
  const text = await initSecrets('secrets:\n  __proto__: a\n  constructor: b\n  "sops": c\n', [key.recipient]);
  const { secrets } = await openSecrets(text, "f.yaml", [key]);
  expect(Object.entries(secrets)).toEqual([
    ["__proto__", "a"],
    ["constructor", "b"],
    ["sops", "c"],
  ]);
});

test("problems are Problems", async () => {
  await expect(openSecrets("a: [", "f.yaml", [])).rejects.toBeInstanceOf(Problem);
});
