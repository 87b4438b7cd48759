import { changeSecrets, editable, initSecrets, openSecrets } from "@douze/secrets";
import { expect, test } from "vitest";
import { problemOf, someone } from "./support/keys.ts";

const me = await someone();

const written = `# what varies
config:
  GREETING: Hola   # shown
  OCTAL: 0777
  SINCE: 2024-01-02

scale: {web: 2}

secrets: # all of them
  # for the shop
  URL: 'postgres://u:p@h/db' # the primary

  PORT: 5432
  PIN: 007
  RATE: 1.10
  ON: true
  NAY: no
  EMPTY: ""
  NOTHING:
  PEM: | # from the vendor
    one
      two

  # OLD: hunter2
# the last part
logs:
  age: 7d
`;

const secrets = {
  URL: "postgres://u:p@h/db",
  PORT: "5432",
  PIN: "007",
  RATE: "1.10",
  ON: "true",
  NAY: "no",
  EMPTY: "",
  NOTHING: "",
  PEM: "one\n  two\n",
};

test.each([
  ["with line feeds", written],
  ["with carriage returns", written.replaceAll("\n", "\r\n")],
  ["with a byte order mark", `\ufeff${written}`],
  ["without a last line break", written.trimEnd()],
])("a file in clear is encrypted where it should be, and stays as it was elsewhere: %s", async (_, text) => {
  const after = await initSecrets(text, [me.recipient]);
  const opened = await openSecrets(after, "f.yaml", [me]);
  expect(opened).toEqual({ secrets, recipients: [me.recipient] });
  for (const secret of ["postgres", "hunter2", "007", "from the vendor", "for the shop", "the primary", "one"])
    expect(after).not.toContain(secret);
  const [before = "", rest = ""] = text.split(/(?<=secrets: # all of them\r?\n)/);
  expect(after.startsWith(before)).toBe(true);
  const tail = rest.slice(rest.indexOf("# the last part"));
  expect(after).toContain(tail);
  expect(after.includes("\r\n")).toBe(text.includes("\r\n"));
  expect(after.replaceAll("\r\n", "").includes("\n")).toBe(!text.includes("\r\n"));
});

test("numbers stay numbers for other readers where no digit is lost", async () => {
  const after = await initSecrets(written, [me.recipient]);
  const types = Object.fromEntries([...after.matchAll(/^ {2}(\w+): ENC\[.*?type:(\w+)\]/gm)].map(([, key, type]) => [key, type]));
  expect(types).toEqual({ URL: "str", PORT: "int", PIN: "str", RATE: "str", ON: "bool", NAY: "str", PEM: "str" });
});

test("comments come back to an editor as they were", async () => {
  const clear = await editable(await initSecrets(written, [me.recipient]), [me]);
  expect(clear).toBe(`# for the shop
URL: postgres://u:p@h/db # the primary

PORT: 5432
PIN: 007
RATE: 1.10
ON: true
NAY: no
EMPTY: ""
NOTHING:
PEM: "one\\n  two\\n" # from the vendor

# OLD: hunter2
`);
});

test("braces are kept", async () => {
  const after = await initSecrets("secrets: {A: x, 'b c': 5, C: [}".replace("[", '"["'), [me.recipient]);
  expect(after).toMatch(/^secrets: \{A: "ENC\[[^"]*\]", 'b c': "ENC\[[^"]*\]", C: "ENC\[[^"]*\]"\}\nsops:\n/);
  expect((await openSecrets(after, "f.yaml", [me])).secrets).toEqual({ A: "x", "b c": "5", C: "[" });
});

test("an empty file becomes one that secrets can be set in", async () => {
  for (const text of ["", "# only this\n", "config:\n  A: 1", "secrets:\n", "secrets: {}\n", "secrets: ~ # none\n"]) {
    const after = await initSecrets(text, [me.recipient]);
    expect(after.startsWith(text)).toBe(true);
    expect((await openSecrets(after, "f.yaml", [me])).secrets).toEqual({});
    const changed = await changeSecrets(after, "f.yaml", [me], { set: { A: "x" } });
    expect((await openSecrets(changed, "f.yaml", [me])).secrets).toEqual({ A: "x" });
  }
});

test("asked again, it changes nothing", async () => {
  const after = await initSecrets(written, [me.recipient]);
  expect(await initSecrets(after, [(await someone()).recipient])).toBe(after);
});

test("each of the recipients can open it alone", async () => {
  const other = await someone();
  const after = await initSecrets(written, [me.recipient, other.recipient, me.recipient]);
  expect((await openSecrets(after, "f.yaml", [me])).recipients).toEqual([me.recipient, other.recipient]);
  expect((await openSecrets(after, "f.yaml", [other])).secrets).toEqual(secrets);
});

test.each(["age1nonsense", "ssh-ed25519 AAAA", me.secret, "", "age1"])("a recipient that is none is refused: %#", async (recipient) => {
  const problem = await problemOf(initSecrets(written, [recipient]));
  expect(problem).toMatchObject({ code: "secrets-recipient-invalid" });
  expect(JSON.stringify(problem)).not.toContain(me.secret);
});

test("to nobody, nothing is encrypted", async () => {
  expect(await problemOf(initSecrets(written, []))).toMatchObject({ code: "secrets-key-missing" });
});

test.each([
  ["secrets:\n  A: &x y\nconfig: {B: *x}\n", "anchor"],
  ["secrets:\n  A: !!str 5\n", "a tag"],
  ["config: {A: &x y}\nsecrets: {B: *x}\n", "alias"],
  ["{secrets: {A: x}}\n", "braces"],
  ["secrets:\n  A: x\n...\n", "..."],
  ["1: x\n", "not a text"],
  ["secrets:\n  A: ENC[AES256_GCM,data:x]\n", "no `sops:`"],
])("%j cannot be encrypted in place, and is refused", async (text, why) => {
  expect(await problemOf(initSecrets(text, [me.recipient]))).toMatchObject({
    code: "secrets-malformed",
    why: expect.stringContaining(why),
  });
});
