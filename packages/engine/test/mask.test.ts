import fc from "fast-check";
import { expect, test } from "vitest";
import { Mask, secretForms } from "../src/mask.ts";

function masked(values: readonly string[], text: string): string {
  const bytes = Buffer.from(text);
  return (new Mask(values).masked(bytes) ?? bytes).toString();
}

test("a secret is replaced wherever it stands, the rest stays as it was", () => {
  expect(masked(["hunter22"], "a hunter22 b hunter22\nhunter2")).toBe("a •••• b ••••\nhunter2");
  expect(masked(["clé-à-molette"], "é clé-à-molette è")).toBe("é •••• è");
  expect(masked(["a.c(d"], "abc(d a.c(d")).toBe("abc(d ••••");
  expect(masked([], "nothing")).toBe("nothing");
});

test("of secrets that begin alike the longer goes", () => {
  expect(masked(["abcd", "abcdefgh"], "abcdefgh abcd")).toBe("•••• ••••");
});

test("a secret is known as JSON and as a URL writes it", () => {
  const secret = 'say "hi"\\ ü/+';
  expect(masked([secret], JSON.stringify({ a: secret }))).toBe('{"a":"••••"}');
  expect(masked([secret], `?a=${encodeURIComponent(secret)}&`)).toBe("?a=••••&");
});

test("a value of several lines is masked line by line, short ones left out", () => {
  const key = "-----BEGIN KEY-----\nMIIEvQIBADANB\nab\n-----END KEY-----\n";
  expect(masked([key], key)).toBe("••••\n••••\nab\n••••\n");
  expect(masked([key], JSON.stringify(key))).toBe('"••••"');
});

test("the password in a URL is a secret of its own, unless it is none", () => {
  expect(masked(["postgres://ana:s3cr%3At-pass@db/shop"], "password s3cr:t-pass failed")).toBe("password •••• failed");
  expect(secretForms("postgres://postgres:postgres@localhost/shop")).not.toContain("postgres");
});

test("values that would blot out everything are left out", () => {
  expect(secretForms("")).toEqual([]);
  expect(secretForms("abc")).toEqual([]);
  expect(secretForms(" \n ")).toEqual([]);
});

test("bytes that are no text pass unchanged around a secret", () => {
  const before = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
  const found = new Mask(["hunter22"]).masked(Buffer.concat([before, Buffer.from("hunter22"), before]));
  expect(found).toEqual(Buffer.concat([before, Buffer.from("••••"), before]));
});

test("no cut of an unfinished line divides a secret", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[ab]{4,12}$/), fc.stringMatching(/^[ab]{0,80}$/), fc.nat(), (secret, text, place) => {
      const mask = new Mask([secret]);
      const bytes = Buffer.from(`${text}${secret}${text}`);
      const position = place % (bytes.length - mask.reserveBytes);
      const cut = mask.before(bytes, position);
      const both = [bytes.subarray(0, cut), bytes.subarray(cut)].map((piece) => (mask.masked(piece) ?? piece).toString());
      expect(cut).toBeLessThanOrEqual(position);
      expect(both.join("|")).not.toContain(secret);
      expect(both.join("")).not.toContain(secret);
    }),
  );
});
