import { expect, test } from "vitest";
import { decimal, plainText } from "../../src/yaml/plain.ts";
import { scalar } from "../../src/yaml/scalar.ts";

function read(text: string, tag?: string): string | undefined | null {
  const value = scalar({ text, bare: true, tag: tag && `tag:yaml.org,2002:${tag}` });
  return value && `${value.type} ${value.bytes.toString()}`;
}

// What `sops encrypt` made of each, read back from its MAC.
test.each([
  ["yes", "str yes"],
  ["No", "str No"],
  ["true", "bool True"],
  ["FALSE", "bool False"],
  ["tRUE", "str tRUE"],
  ["=", "str ="],
  ["0777", "int 511"],
  ["0o17", "int 15"],
  ["0x_1F", "int 31"],
  ["0b11", "int 3"],
  ["-0b11", "int -3"],
  ["+12", "int 12"],
  ["-0", "int 0"],
  ["1__0", "int 10"],
  ["08", "float 8"],
  ["1_000.50", "float 1000.5"],
  ["1.", "float 1"],
  [".5", "float 0.5"],
  ["._5", "str ._5"],
  [".0_0", "float 0"],
  [".1_2_3e+1_0", "float 1230000000"],
  [".0__0", "str .0__0"],
  [".0_", "str .0_"],
  [".1e_1", "str .1e_1"],
  ["-0.0", "float -0"],
  ["1e3", "float 1000"],
  ["1e21", "float 1000000000000000000000"],
  ["1e-7", "float 0.0000001"],
  ["1e400", "str 1e400"],
  [".inf", "float +Inf"],
  ["-.INF", "float -Inf"],
  [".NaN", "float NaN"],
  ["9223372036854775807", "int 9223372036854775807"],
  ["-9223372036854775809", "float -9223372036854776000"],
  ["99999999999999999999", "float 100000000000000000000"],
  ["0x", "str 0x"],
  ["12:30:45", "str 12:30:45"],
  ["2024-01-02", "time 2024-01-02T00:00:00Z"],
  ["2024-1-2 3:4:5.250", "time 2024-01-02T03:04:05.25Z"],
  ["2024-01-02T03:04:05.5+02:00", "time 2024-01-02T03:04:05.5+02:00"],
  ["2024-01-02T03:04:05-00:00", "time 2024-01-02T03:04:05Z"],
  ["2024-02-30", "str 2024-02-30"],
  ["2024-01-02T03:04:05", "str 2024-01-02T03:04:05"],
  ["2024-01-02 03:04:05Z", "str 2024-01-02 03:04:05Z"],
])("sops takes the bare %s for %s", (text, expected) => {
  expect(read(text)).toBe(expected);
});

test.each(["", "~", "null", "Null", "NULL"])("the bare %j is null", (text) => {
  expect(read(text)).toBeNull();
});

test("a tag decides, where it can", () => {
  expect(read("12", "str")).toBe("str 12");
  expect(read("3", "float")).toBe("float 3");
  expect(read("aGVsbG8=", "binary")).toBe("str hello");
  expect(read("x", "int")).toBeUndefined();
  expect(scalar({ text: "12", bare: true, tag: "!own" })).toMatchObject({ type: "str" });
});

test("a number that fits 64 bits unsigned alone is one that sops refuses", () => {
  expect(read("18446744073709551615")).toBeUndefined();
});

test("in quotes, all is text", () => {
  expect(scalar({ text: "12", bare: false })).toMatchObject({ type: "str" });
  expect(scalar({ text: "", bare: false })).toMatchObject({ type: "str" });
});

test("numbers are written without exponents, and read back the same", () => {
  for (const value of [0, -0, 1.5e-300, 123456.789, 5e-324, 1.7976931348623157e308, 2 ** 53]) expect(Number(decimal(value))).toBe(value);
  expect(decimal(1.5e-9)).toBe("0.0000000015");
  expect(decimal(12.5e20)).toBe("1250000000000000000000");
});

test("bytes that are no UTF-8 are no text", () => {
  expect(plainText({ type: "str", bytes: Buffer.from([0xff]) })).toBeUndefined();
  expect(plainText({ type: "bool", bytes: Buffer.from("True") })).toBe("true");
});
