import * as fc from "fast-check";
import { expect, test } from "vitest";
import { tree } from "../../src/yaml/tree.ts";
import { keyOf, quoted, valueText } from "../../src/yaml/write.ts";

const text = fc.oneof(
  fc.string({ unit: "binary" }).map((each) => each.toWellFormed()),
  fc.string({ unit: fc.constantFrom("a", " ", "\n", ":", "#", "-", "'", '"', "\t", "\r", "0", "é", "~", "|", "{", ",") }),
  fc.constantFrom(
    "null",
    "~",
    "true",
    "2024-01-02",
    "0777",
    "18446744073709551615",
    "---",
    "...",
    "a: b",
    "x #y",
    " x",
    "x ",
    "a\n",
    "a\n\n",
    "\na",
    "a \nb\n",
  ),
);

test("any text comes back as it was written, in every place", () => {
  fc.assert(
    fc.property(text, fc.boolean(), fc.boolean(), (value, flow, remark) => {
      const written = valueText(value, { flow, remark, indent: "    ", eol: "\n" });
      const line = `key: ${flow ? `[${written}]` : written}${remark ? " # remark" : ""}\nnext: 1\n`;
      const [leaf, ...others] = tree(line, "a test").leaves;
      expect(leaf?.text).toBe(value);
      expect(others.map((each) => each.text)).toEqual(["1"]);
      expect(remark ? line.includes("# remark") : true).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test("any text can be a key, and is one to sops, too", () => {
  fc.assert(
    fc.property(
      text.filter((each) => each.length < 100),
      (key) => {
        expect(tree(`${keyOf(key)}: x\n`, "a test", null).leaves.map(({ path }) => path)).toEqual([[key]]);
      },
    ),
    { numRuns: 300 },
  );
});

test("what reads well stays as a person would write it", () => {
  const plainly = { flow: false, remark: false, indent: "    ", eol: "\n" };
  expect(valueText("postgres://u:p@db.example.org/shop?ssl=1&x=2", plainly)).toBe("postgres://u:p@db.example.org/shop?ssl=1&x=2");
  expect(valueText("one\n  two\n", plainly)).toBe("|\n    one\n      two");
  expect(valueText("one\n\ntwo", plainly)).toBe("|-\n    one\n\n    two");
  expect(valueText("\u0007", plainly)).toBe('"\\u0007"');
  expect(keyOf("DATABASE_URL")).toBe("DATABASE_URL");
  expect(keyOf("0123")).toBe('"0123"');
  expect(keyOf("yes")).toBe('"yes"');
  expect(quoted("\u2028\u{e0001}")).toBe('"\\u2028\\U000e0001"');
});
