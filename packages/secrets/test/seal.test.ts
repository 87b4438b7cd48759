import { seal, unseal } from "@douze/secrets";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { problemOf, someone } from "./support/keys.ts";

const [one, two, other] = [await someone(), await someone(), await someone()];

test("any text opens for each recipient alone", async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: "grapheme" }), async (text) => {
      const sealed = await seal(text, [one.recipient, two.recipient]);
      expect(sealed).toMatch(/^-----BEGIN AGE ENCRYPTED FILE-----\n[\s\S]*-----END AGE ENCRYPTED FILE-----\n$/);
      expect(await unseal(sealed, [one])).toBe(text);
      expect(await unseal(sealed, [other, two])).toBe(text);
    }),
    { numRuns: 20 },
  );
});

test("more than one chunk of it, too", async () => {
  const text = "é".repeat(100_000);
  expect(await unseal(await seal(text, [one.recipient]), [one])).toBe(text);
});

test("others cannot, and are told whose keys were tried", async () => {
  const problem = await problemOf(unseal(await seal("hunter2", [one.recipient]), [other], "v3.json"));
  expect(problem).toMatchObject({
    code: "secrets-key-wrong",
    what: expect.stringContaining("v3.json"),
    why: expect.stringContaining(other.recipient),
  });
  expect(JSON.stringify(problem)).not.toContain(other.secret);
  expect(await problemOf(unseal(await seal("x", [one.recipient]), []))).toMatchObject({
    code: "secrets-key-wrong",
    why: expect.stringContaining("none at hand"),
  });
});

test("every part of it counts", async () => {
  const sealed = await seal("a value of some length, so that the payload fills a line", [one.recipient]);
  const lines = sealed.split("\n");
  const last = lines.length - 3;
  const flipped = lines.with(last, `${lines[last]?.startsWith("A") ? "B" : "A"}${lines[last]?.slice(1)}`).join("\n");
  const cut = lines.toSpliced(last, 1).join("\n");
  for (const text of [flipped, cut, sealed.replace("-----END", "")])
    expect(await problemOf(unseal(text, [one]))).toMatchObject({ code: "secrets-tampered" });
  expect(await problemOf(unseal("hunter2", [one]))).toMatchObject({ code: "secrets-malformed" });
});

test("to nobody, or to what is no recipient, nothing is sealed", async () => {
  await expect(seal("x", [])).rejects.toThrow(RangeError);
  const problem = await problemOf(seal("x", [one.secret]));
  expect(problem).toMatchObject({ code: "secrets-recipient-invalid" });
  expect(JSON.stringify(problem)).not.toContain(one.secret);
});
