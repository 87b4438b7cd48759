import { applyEdited, changeSecrets, editable, initSecrets, openSecrets } from "@douze/secrets";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { fixture, fixtureKey, problemOf, someone } from "./support/keys.ts";

const me = await someone();
const key = await fixtureKey();

const clear = `# used by the shop
DATABASE_URL: postgres://shop:pa%23s@db.example.org/shop # the primary
PORT: 5432
RATE: 0.25
ENABLED: true
EMPTY: ""
NOTHING: null
PEM: |
    -----BEGIN KEY-----
    abc
    -----END KEY-----
"0123": digits
Größe: "über 😀 \\t tab"
# OLD: hunter2
`;

async function secretsOf(text: string): Promise<Record<string, string>> {
  return (await openSecrets(text, "f.yaml", [me, key])).secrets;
}

test("what sops wrote is shown as a person would write it", async () => {
  expect(await editable(fixture("encrypted-values.yaml"), [key])).toBe(clear);
});

test("what was not changed leaves the file as it was", async () => {
  for (const name of ["encrypted-values.yaml", "all-values.yaml", "by-comment.yaml", "unencrypted-suffix.yaml"]) {
    const text = fixture(name);
    expect(await applyEdited(text, [key], await editable(text, [key]))).toBe(text);
  }
});

test("each change is one line; what stays keeps its ciphertext", async () => {
  const before = fixture("all-values.yaml");
  const edited = clear
    .replace("PORT: 5432", "PORT: 5433 # moved")
    .replace("# OLD: hunter2\n", "\nNEW: |\n  a\n  b\n# bye\n")
    .replace("RATE: 0.25\n", "");
  const after = await applyEdited(before, [key], edited);
  const added = after.split("\n").filter((line) => !before.includes(line));
  expect(added).toEqual([
    expect.stringMatching(/^ {4}PORT: ENC\[.*type:int\] #ENC\[.*type:comment\]$/),
    expect.stringMatching(/^ {4}NEW: ENC\[.*type:str\]$/),
    expect.stringMatching(/^ {4}#ENC\[.*type:comment\]$/),
    expect.stringMatching(/lastmodified|mac/),
    ...(added.length > 4 ? [expect.stringMatching(/mac/)] : []),
  ]);
  const { RATE: _, ...rest } = await secretsOf(before);
  expect(await secretsOf(after)).toEqual({ ...rest, PORT: "5433", NEW: "a\nb\n" });
  expect(await editable(after, [key])).toBe(edited.replace("NEW: |\n  a\n  b\n", "NEW: |\n    a\n    b\n"));
});

test("nothing that was typed stays in clear", async () => {
  const edited = 'sops: hunter1\n# hunter2\n"": x\n';
  const before = await initSecrets("secrets:\n  A: x\nscale:\n  web: 1\n", [me.recipient]);
  expect(await problemOf(applyEdited(before, [me], edited))).toMatchObject({ code: "secrets-malformed" });
  const after = await applyEdited(
    before,
    [me],
    "sops: hunter1 # hunter2\n# hunter3\nB: |- # hunter4\n  hunter5\n\n  hunter6\nC: 'hunter7\n\n  hunter8'\n",
  );
  expect(after).not.toContain("hunter");
  expect(await secretsOf(after)).toEqual({ sops: "hunter1", B: "hunter5\n\nhunter6", C: "hunter7\nhunter8" });
  expect(await editable(after, [me])).toContain("hunter4");
});

test("a file without secrets gets them, in the style of the file", async () => {
  for (const text of ["", "scale:\r\n  web: 1\r\n", "secrets: {}\nscale:\n  web: 1", "secrets:\n"]) {
    expect(await editable(text, [me])).toBe("");
    expect(await applyEdited(text, [me], "\n# none yet\n")).toBe(text);
    const after = await applyEdited(text, [me], "A: x\r\nB: 2\r\n", "f.yaml");
    expect(await secretsOf(after)).toEqual({ A: "x", B: "2" });
    expect(after.includes("\r\n")).toBe(text.includes("\r\n"));
    const emptied = await applyEdited(after, [me], "# all gone\n");
    expect(await secretsOf(emptied)).toEqual({});
    expect(emptied).not.toContain("gone");
    expect(await secretsOf(await applyEdited(emptied, [me], "# all gone\nC: y\n"))).toEqual({ C: "y" });
    expect(await secretsOf(await applyEdited(after, [me], ""))).toEqual({});
  }
});

test.each([
  ["A: [", "no valid YAML"],
  ["A: [x]\n", "part of a list"],
  ["A: {b: c}\n", "part of a list or a map"],
  ["A: {}\n", "list or a map"],
  ["A: x\nA: y\n", "twice"],
  ["- x\n", "a list"],
  ["---\nA: x\n", "`---`"],
  ["A: &x y\nB: *x\n", "anchor"],
  ["A: !!str y\n", "tag"],
  ["12: y\n", "`12` is not a text"],
])("%j is refused with its place, and the file is as it was", async (edited, why) => {
  const problem = await problemOf(applyEdited(fixture("encrypted-values.yaml"), [key], edited));
  expect(problem).toMatchObject({
    code: "secrets-malformed",
    what: expect.stringContaining("the edited text"),
    why: expect.stringContaining(why),
  });
});

test("a list, which only sops can have written, can be looked at and put right", async () => {
  const text = fixture("nested.yaml");
  const shown = await editable(text, [key]);
  expect(shown).toBe('list:\n    - "1"\n    - "x"\nmap:\n    k: "v"\n    deeper:\n        d: "e"\n');
});

test("a tampered comment is found by who edits", async () => {
  const text = fixture("encrypted-values.yaml").replace(
    /( {4}#ENC\[AES256_GCM,data:)(.)/,
    (_, start: string, letter: string) => start + (letter === "A" ? "B" : "A"),
  );
  expect(await problemOf(editable(text, [key]))).toMatchObject({ code: "secrets-tampered" });
});

test("any texts and remarks come back through an editor", { timeout: 120_000 }, async () => {
  const texts = fc.dictionary(
    fc.stringMatching(/^[A-Z_]{1,6}$/),
    fc.oneof(
      fc.string({ unit: "binary" }).map((each) => each.toWellFormed()),
      fc.string({ unit: fc.constantFrom("a", " ", "\n", "#", ":", "'", "\t", "1") }),
    ),
    { maxKeys: 4 },
  );
  await fc.assert(
    fc.asyncProperty(texts, fc.boolean(), async (values, carriage) => {
      const text = await changeSecrets(carriage ? "scale: {}\r\n" : "", "f.yaml", [me], { set: values });
      const shown = await editable(text, [me]);
      expect(await applyEdited(text, [me], shown)).toBe(text);
      const other = await applyEdited(await initSecrets("", [me.recipient]), [me], `# first\n${shown}# last\n`);
      expect(await secretsOf(other)).toEqual(values);
    }),
    { numRuns: 60 },
  );
});
