import { changeSecrets, initSecrets, openSecrets } from "@douze/secrets";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { fixture, fixtureKey, problemOf, someone } from "./support/keys.ts";

const me = await someone();
const key = await fixtureKey();

async function secretsOf(text: string): Promise<Record<string, string>> {
  return (await openSecrets(text, "f.yaml", [me, key])).secrets;
}

/** The lines of a text but for those that every change writes anew. */
function lines(text: string): string[] {
  return text.split("\n").filter((line) => !/^ {4}(mac|lastmodified):/.test(line));
}

test("a changed value is one changed line, besides the MAC and its time", async () => {
  const before = fixture("all-values.yaml");
  const after = await changeSecrets(before, "f.yaml", [key], { set: { PORT: "5433" } });
  expect((await secretsOf(after))["PORT"]).toBe("5433");
  const changed = lines(after).filter((line, index) => line !== lines(before)[index]);
  expect(changed).toEqual([expect.stringMatching(/^ {4}PORT: ENC\[AES256_GCM,.*,type:str\]$/)]);
  expect(after).not.toBe(before);
});

test("a value set to what it is leaves the text as it was", async () => {
  const before = fixture("all-values.yaml");
  const same = await secretsOf(before);
  expect(await changeSecrets(before, "f.yaml", [key], { set: same, unset: ["NOT_THERE"] })).toBe(before);
});

test("a new value stands behind the last, before the comments that follow it", async () => {
  const before = fixture("all-values.yaml");
  const after = await changeSecrets(before, "f.yaml", [key], { set: { NEW: "x", "-1": "y" } });
  const added = lines(after).filter((line) => !lines(before).includes(line));
  expect(added).toEqual([expect.stringMatching(/^ {4}NEW: ENC/), expect.stringMatching(/^ {4}"-1": ENC/)]);
  expect(lines(after).filter((line) => !added.includes(line))).toEqual(lines(before));
  expect(await secretsOf(after)).toEqual({ ...(await secretsOf(before)), NEW: "x", "-1": "y" });
});

test("what is unset goes with its line; comments stay", async () => {
  const before = fixture("all-values.yaml");
  const after = await changeSecrets(before, "f.yaml", [key], { unset: ["PORT", "PEM"], set: { RATE: "1" } });
  expect(Object.keys(await secretsOf(after))).toEqual(["DATABASE_URL", "RATE", "ENABLED", "EMPTY", "NOTHING", "0123", "Größe"]);
  expect(after.match(/type:comment/g)?.length).toBe(before.match(/type:comment/g)?.length);
});

test("the last secret leaves an empty map, and the next one has its place", async () => {
  const before = await initSecrets("secrets: # c1\n    # c2\n    A: x # c3\n    # c4\nscale:\n    web: 1\n", [me.recipient]);
  const empty = await changeSecrets(before, "f.yaml", [me], { unset: ["A"] });
  expect(empty).toMatch(/^secrets: \{\} # c1\n {4}#ENC.*\n {4}#ENC.*\nscale:\n/);
  expect(await secretsOf(empty)).toEqual({});
  const full = await changeSecrets(empty, "f.yaml", [me], { set: { B: "y" } });
  expect(full).toMatch(/^secrets: +# c1\n {4}B: ENC.*\n {4}#ENC.*\n {4}#ENC.*\nscale:\n/);
  expect(await secretsOf(full)).toEqual({ B: "y" });
});

test("all at once: the last goes and another comes", async () => {
  const before = await initSecrets("secrets:\n  A: x\n", [me.recipient]);
  expect(await secretsOf(await changeSecrets(before, "f.yaml", [me], { set: { B: "y" }, unset: ["A"] }))).toEqual({ B: "y" });
  expect(await secretsOf(await changeSecrets(before, "f.yaml", [me], { set: { A: "y" }, unset: ["A"] }))).toEqual({ A: "y" });
});

test("a new file is made for the recipients that are given, whose key need not be at hand", async () => {
  const other = await someone();
  const after = await changeSecrets("scale:\n  web: 2\n", "f.yaml", [], { set: { A: "x" } }, [other.recipient]);
  expect(after).toMatch(/^scale:\n {2}web: 2\nsecrets:\n {2}A: ENC\[.*\nsops:\n/);
  expect((await openSecrets(after, "f.yaml", [other])).secrets).toEqual({ A: "x" });
});

test("without any, it is made for the keys at hand; with none at hand it is refused", async () => {
  const after = await changeSecrets("", "f.yaml", [me], { set: { A: "x" } });
  expect((await openSecrets(after, "f.yaml", [me])).recipients).toEqual([me.recipient]);
  expect(await problemOf(changeSecrets("", "f.yaml", [], { set: { A: "x" } }))).toMatchObject({ code: "secrets-key-missing" });
  expect(await changeSecrets("", "f.yaml", [], { unset: ["A"] })).toBe("");
});

test("braces become lines when a line is added", async () => {
  const before = await initSecrets("secrets: {A: x, 'b c': y} # both\nscale:\n  web: 1\n", [me.recipient]);
  const after = await changeSecrets(before, "f.yaml", [me], { set: { D: "z" }, unset: ["A"] });
  expect(await secretsOf(after)).toEqual({ "b c": "y", D: "z" });
  expect(after).toContain("# both\n");
});

test("metadata in braces stay in braces", async () => {
  const before = fixture("encrypted-values.yaml").replace(/sops:\n[\s\S]*/, (block) => `sops: ${JSON.stringify(parse(block).sops)}\n`);
  const after = await changeSecrets(before, "f.yaml", [key], { set: { NEW: "x" } });
  expect(await secretsOf(after)).toEqual({ ...(await secretsOf(before)), NEW: "x" });
});

test("values without a value, in blocks and in quotes are replaced whole", async () => {
  // Only a rule that leaves some secrets in clear makes such a file.
  const before = fixture("encrypted-values.yaml");
  const after = await changeSecrets(before, "f.yaml", [key], { set: { NOTHING: "something", EMPTY: "full", PEM: "" } });
  expect(await secretsOf(after)).toMatchObject({ NOTHING: "something", EMPTY: "full", PEM: "" });
  const bare = await initSecrets("secrets:\n  A:\n  B: # none yet\n  C: x\n", [me.recipient]);
  const set = await changeSecrets(bare, "f.yaml", [me], { set: { A: "1", B: "2" } });
  expect(set).toMatch(/^secrets:\n {2}A: ENC\[.*\n {2}B: ENC\[.*\] #.*\n {2}C:/);
  expect(await secretsOf(set)).toEqual({ A: "1", B: "2", C: "x" });
});

test.each([
  ["encrypted-suffix.yaml", { NEW: "x" }],
  ["encrypted-suffix.yaml", { B: "x" }],
  ["unencrypted-suffix.yaml", { NEW_unencrypted: "x" }],
  ["by-comment.yaml", { NEW: "x" }],
  ["by-unencrypted-comment.yaml", { B: "x" }],
])("%s: what its rule would leave in clear is not written", async (name, set) => {
  const problem = await problemOf(changeSecrets(fixture(name), name, [key], { set }));
  expect(problem).toMatchObject({ code: "secrets-in-clear", what: expect.stringContaining("would stand in clear") });
});

test.each([
  ["encrypted-suffix.yaml", { NEW_secret: "x", A_secret: "y" }],
  ["unencrypted-regex.yaml", { NEW: "x" }],
  ["by-comment.yaml", { A: "x" }],
])("%s: what its rule encrypts is written", async (name, set) => {
  const after = await changeSecrets(fixture(name), name, [key], { set });
  expect(await secretsOf(after)).toMatchObject(set);
});

test("a change to a file that was tampered with is refused", async () => {
  const text = fixture("all-values.yaml").replace("web: 2", "web: 3");
  expect(await problemOf(changeSecrets(text, "f.yaml", [key], { set: { A: "x" } }))).toMatchObject({ code: "secrets-tampered" });
});

test.each([
  [{ set: { "": "x" } }, "a key is empty"],
  [{ set: { ["x".repeat(101)]: "x" } }, "a key is empty"],
  [{ set: { "\ud800": "x" } }, "no Unicode"],
  [{ set: { A: "\udc00" } }, "`A` is no Unicode"],
])("%j cannot be written", async (change, why) => {
  expect(await problemOf(changeSecrets("", "f.yaml", [me], change))).toMatchObject({
    code: "secrets-malformed",
    why: expect.stringContaining(why),
  });
});

test("any texts come back, whatever is set and unset after", { timeout: 120_000 }, async () => {
  const name = fc.oneof(
    fc.constantFrom("A", "B", "C_D", "0", "12", "yes", "null", "__proto__", "a: b", "#", "- x", "sops", "é"),
    fc.string({ unit: "binary", minLength: 1, maxLength: 12 }).map((each) => each.toWellFormed()),
  );
  const value = fc.oneof(
    fc.string({ unit: "binary" }).map((each) => each.toWellFormed()),
    fc.constantFrom("", "5", "true", "a\nb\n", "ENC[x]", "\u0000"),
  );
  const texts = fc.array(fc.tuple(name, value), { maxLength: 5 }).map((pairs) => Object.fromEntries(pairs));
  await fc.assert(
    fc.asyncProperty(
      texts,
      texts,
      fc.array(name, { maxLength: 3 }),
      fc.constantFrom("", "a: 1\r\n", "secrets: {}\nb: 2\n"),
      async (first, second, gone, text) => {
        const made = await changeSecrets(text, "f.yaml", [me], { set: first });
        expect(await secretsOf(made)).toEqual(first);
        const after = await changeSecrets(made, "f.yaml", [me], { set: second, unset: gone });
        const kept = Object.entries(first).filter(([each]) => !gone.includes(each));
        expect(await secretsOf(after)).toEqual(Object.fromEntries([...kept, ...Object.entries(second)]));
      },
    ),
    { numRuns: 60 },
  );
});
