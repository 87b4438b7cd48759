import { randomBytes } from "node:crypto";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { boundTo, decrypt, encrypt } from "../../src/sops/cipher.ts";
import { plain } from "../../src/yaml/plain.ts";

const key = randomBytes(32);
const here = boundTo(["secrets", "A"]);

test("a value opens with its key and at its place alone", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1 }), (bytes) => {
      const value = { type: "str", bytes: Buffer.from(bytes) } as const;
      const text = encrypt(value, key, here);
      expect(decrypt(text, key, here)).toEqual(value);
      expect(decrypt(text, key, boundTo(["secrets", "B"]))).toBeUndefined();
      expect(decrypt(text, randomBytes(32), here)).toBeUndefined();
    }),
  );
});

test("equal values look different", () => {
  expect(encrypt(plain("str", "x"), key, here)).not.toBe(encrypt(plain("str", "x"), key, here));
});

test("an empty text stays empty", () => {
  expect(encrypt(plain("str", ""), key, here)).toBe("");
  expect(decrypt("", key, here)).toEqual(plain("str", ""));
});

test("every part of it counts", () => {
  const text = encrypt(plain("str", "a value"), key, here);
  const cut = (part: string): string => text.replace(new RegExp(`${part}:([^,]{4})[^,]*`), `${part}:$1`);
  const tag = /tag:([^,]+)/.exec(text)?.[1] ?? "";
  // Node's own default would take this one.
  const short = Buffer.from(tag, "base64").subarray(0, 4).toString("base64");
  for (const wrong of [
    cut("data"),
    cut("iv"),
    cut("tag"),
    text.replace(tag, short),
    `${text}x`,
    text.replace("data:", "data: "),
    text.replace(":str", ":map"),
  ])
    expect(decrypt(wrong, key, here)).toBeUndefined();
});

test("what older versions wrote is read as the MAC has it", () => {
  const old = (type: "bool" | "int" | "float", text: string): string | undefined =>
    decrypt(encrypt(plain(type, text), key, here), key, here)?.bytes.toString();
  expect(old("bool", "true")).toBe("True");
  expect(old("bool", "0")).toBe("False");
  expect(old("bool", "yes")).toBeUndefined();
  expect(old("int", "+007")).toBe("7");
  expect(old("int", "1.5")).toBeUndefined();
  expect(old("float", "1.50e1")).toBe("15");
  expect(old("float", "x")).toBeUndefined();
});
