import { execFile } from "node:child_process";
import { mkdtempDisposable, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { applyEdited, changeSecrets, editable, initSecrets, openSecrets, rotate } from "@douze/secrets";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fixture, fixtureKey, someone } from "./support/keys.ts";
import { findSops } from "./support/sops.ts";

const sops = await findSops();
if ("missing" in sops) console.warn(`skipped, without the real sops: ${sops.missing}`);

const run = promisify(execFile);
const [me, fixed] = [await someone(), await fixtureKey()];

/** Runs the real sops on a text, with our keys; the text after it, or what it printed. */
async function real(text: string, args: readonly string[], config?: string): Promise<{ text: string; printed: string }> {
  if ("missing" in sops) throw new Error(sops.missing);
  await using folder = await mkdtempDisposable(join(tmpdir(), "douze-sops-"));
  const file = join(folder.path, "inventory.yaml");
  await writeFile(file, text);
  if (config !== undefined) await writeFile(join(folder.path, ".sops.yaml"), config);
  const env = { PATH: process.env["PATH"], HOME: folder.path, SOPS_AGE_KEY: `${me.secret} ${fixed.secret}` };
  const { stdout } = await run(
    sops.path,
    args.map((arg) => (arg === "FILE" ? file : arg)),
    { cwd: folder.path, env },
  );
  return { text: await readFile(file, "utf8"), printed: stdout };
}

async function decrypted(text: string): Promise<unknown> {
  return JSON.parse((await real(text, ["decrypt", "--output-type", "json", "FILE"])).printed);
}

async function secretsOf(text: string): Promise<Record<string, string>> {
  return (await openSecrets(text, "f.yaml", [me, fixed])).secrets;
}

const inventory = `# what varies
config:
  GREETING: Hola   # shown
  OCTAL: 0777
  SINCE: 2024-01-02
  DEBUG: no
  BIG: 1_000.50
scale: &scale {web: 2, worker: 1}
same: *scale
secrets:
  # for the shop
  URL: 'postgres://u:p@h/db' # the primary
  PORT: 5432
  PIN: 007
  ON: true
  EMPTY: ""
  NOTHING:
  PEM: |
    one
      two
  "0123": digits
# the last part
logs: {age: 7d}
`;

describe.skipIf("missing" in sops)("with the real sops", { timeout: 120_000 }, () => {
  test("it decrypts what we encrypt, values, types and comments", async () => {
    const text = await initSecrets(inventory, [me.recipient]);
    expect(await decrypted(text)).toMatchObject({
      config: { GREETING: "Hola", OCTAL: 511, DEBUG: "no", BIG: 1000.5 },
      scale: { web: 2, worker: 1 },
      secrets: {
        URL: "postgres://u:p@h/db",
        PORT: 5432,
        PIN: "007",
        ON: true,
        EMPTY: "",
        NOTHING: null,
        PEM: "one\n  two\n",
        "0123": "digits",
      },
    });
    const { printed } = await real(text, ["decrypt", "FILE"]);
    // It puts an encrypted comment of a line above the line.
    expect(printed).toContain("    # for the shop\n    # the primary\n    URL: postgres://u:p@h/db\n");
    expect(printed).toContain("# the last part\nlogs:");
  });

  test("it edits what we encrypt, and we read and change what it edited, and so on", async () => {
    const first = await initSecrets(inventory, [me.recipient]);
    const second = (await real(first, ["set", "FILE", '["secrets"]["PORT"]', "5433"])).text;
    expect(await secretsOf(second)).toMatchObject({ PORT: "5433", PIN: "007" });
    // What neither changed keeps its ciphertext in both.
    expect(second).toContain(/URL: (ENC\[[^\]]*\])/.exec(first)?.[1]);
    const third = await changeSecrets(second, "f.yaml", [me], { set: { URL: "a\nb", "new key": "ü" }, unset: ["PIN"] });
    expect(third).toContain(/PORT: (ENC\[[^\]]*\])/.exec(second)?.[1]);
    const fourth = (await real(third, ["unset", "FILE", '["secrets"]["0123"]'])).text;
    expect(await secretsOf(fourth)).toEqual({
      URL: "a\nb",
      PORT: "5433",
      ON: "true",
      EMPTY: "",
      NOTHING: "",
      PEM: "one\n  two\n",
      "new key": "ü",
    });
  });

  test("it takes a plain part that was changed by hand, as our MAC lets it be", async () => {
    const text = (await initSecrets(inventory, [me.recipient])).replace("web: 2", "web: 3");
    expect(await decrypted(text)).toMatchObject({ scale: { web: 3 }, secrets: { PORT: 5432 } });
  });

  test.each(["all-values.yaml", "encrypted-values.yaml", "unencrypted-regex.yaml", "encrypted-suffix.yaml"])(
    "%s, which it wrote, is one that it verifies after we changed, edited and rotated it",
    async (name) => {
      const before = fixture(name);
      const set = name.startsWith("encrypted-suffix") ? { A_secret: "new" } : { A: "new" };
      const changed = await changeSecrets(before, name, [fixed], { set });
      expect(await decrypted(changed)).toMatchObject({ secrets: set });
      const edited = await applyEdited(changed, [fixed], (await editable(changed, [fixed])).replace("new", "newer"));
      expect(JSON.stringify(await decrypted(edited))).toContain('"newer"');
      const rotated = await rotate(edited, [fixed], [fixed.recipient, me.recipient]);
      expect(await decrypted(rotated)).toEqual(await decrypted(edited));
      expect(await secretsOf(rotated)).toEqual(await secretsOf(edited));
    },
  );

  test("it rotates ours", async () => {
    const text = (await real(await initSecrets(inventory, [me.recipient]), ["rotate", "-i", "--add-age", fixed.recipient, "FILE"])).text;
    const { secrets, recipients } = await openSecrets(text, "f.yaml", [fixed]);
    expect(secrets["URL"]).toBe("postgres://u:p@h/db");
    expect(recipients).toEqual([me.recipient, fixed.recipient]);
  });

  test("it refuses what we refuse", async () => {
    const text = await initSecrets(inventory, [me.recipient]);
    for (const wrong of [
      text.replace(/lastmodified: "..../, 'lastmodified: "1999'),
      text.replace(/ {2}PORT: .*\n/, ""),
      text.replace("URL: ENC", "URI: ENC"),
    ]) {
      await expect(decrypted(wrong)).rejects.toThrow();
      await expect(secretsOf(wrong)).rejects.toThrow(/not as it was encrypted/);
    }
  });

  test("comments of ours are comments to it, wherever they stand", async () => {
    const text = await initSecrets("secrets: # top\n  # a\n\n  # b\n  A: x # c\n  # d\n# f\n\n# g\nscale: {}\n", [me.recipient]);
    const { printed } = await real(text, ["decrypt", "FILE"]);
    expect(printed.match(/# ?\w+/g)?.toSorted()).toEqual(["# a", "# b", "# c", "# d", "# f", "# g", "# top"]);
  });

  test("a comment that it takes for one outside is encrypted all the same: it may hold a former secret", async () => {
    const text = await initSecrets("secrets:\n  A: x\n  # d\n\n  # e\nscale: {}\n", [me.recipient]);
    expect(text).not.toContain("# e");
    expect((await real(text, ["decrypt", "FILE"])).printed).toMatch(/ # d\n[\s\S]*#ENC/);
    expect(await editable(text, [me])).toBe("A: x\n# d\n\n# e\n");
  });

  test("its comments come to an editor, wherever they stand", async () => {
    const config = `creation_rules:\n  - age: ${me.recipient}\n    encrypted_regex: ^secrets$\n`;
    const plain = "secrets: # top\n  # a\n\n  # b\n  A: x # c\n  # d\n# f\n\n# g\nscale: {}\n";
    const { text } = await real(plain, ["encrypt", "-i", "FILE"], config);
    expect(await editable(text, [me])).toBe("# a\n# b\nA: x # c\n# d\n");
  });

  test("any texts that we write, it reads", async () => {
    // Neither JSON nor YAML of sops carries what is no Unicode.
    const text = fc.string({ unit: "binary", minLength: 1, maxLength: 20 }).map((each) => each.toWellFormed());
    await fc.assert(
      fc.asyncProperty(fc.dictionary(text, text, { maxKeys: 30, minKeys: 10 }), async (values) => {
        const written = await changeSecrets("scale: {web: 1}\n", "f.yaml", [me], { set: values });
        expect(await decrypted(written)).toEqual({ scale: { web: 1 }, secrets: values });
      }),
      { numRuns: 5 },
    );
  });

  test("any scalars that it reads, we read alike", async () => {
    const digits = fc.string({ unit: fc.constantFrom(..."0123456789_.eE+-xXbBoO:TZ naf"), minLength: 1, maxLength: 10 });
    const time = fc.stringMatching(/^20[0-2]\d-(0?[1-9]|1[0-3])-[0-3]?\d([Tt ][0-2]?\d:[0-6]\d:[0-6]\d(\.\d{1,10})?(Z|[+-]0\d:30)?)?$/);
    const bare = fc.oneof(digits, time).filter((each) => each === each.trim() && !/: |:$| #|^[-?:]( |$)/.test(each));
    await fc.assert(
      fc.asyncProperty(fc.array(bare, { minLength: 200, maxLength: 200 }), async (values) => {
        const lines = values.filter((value) => !/^[+0-9_]{18,}$/.test(value)).map((value, index) => `  k${index}: ${value}\n`);
        const config = `creation_rules:\n  - age: ${me.recipient}\n    encrypted_regex: ^secrets$\n`;
        // Two ways to be wrong: the plain part is what we compute the MAC of, and the secrets are what it made of the same.
        const { text } = await real(`plain:\n${lines.join("")}`, ["encrypt", "-i", "FILE"], config);
        expect(await secretsOf(text)).toEqual({});
        expect(await secretsOf(text.replace(/plain:\n[\s\S]*(?=sops:\n)/, `plain:\n${lines.join("")}`))).toEqual({});
      }),
      // What chance has found is tried each time.
      { numRuns: 4, examples: [[[".0_0", ".1_2e+1_0", ".0__0", ".1e_1"]]] },
    );
  });
});
