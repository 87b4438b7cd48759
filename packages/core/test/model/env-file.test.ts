import { durationMs, envFile, nearest, Problem, sizeBytes } from "@douze/core";
import fc from "fast-check";
import { expect, test } from "vitest";

test("reads what people write", () => {
  const text =
    '# comment\nA=1\nexport B = two # why\nC="line one\\nline two \\"q\\" $x"\nD=\'$as it is\\n\'\nE=\nF="over\ntwo lines" # after\nG=a#b\n';
  expect(envFile(text, ".env")).toEqual({
    A: "1",
    B: "two",
    C: 'line one\nline two "q" $x',
    D: "$as it is\\n",
    E: "",
    F: "over\ntwo lines",
    G: "a#b",
  });
});

test.each([
  ["no assignment", "A=1\nnonsense\n", 2],
  ["a quote that is never closed", 'A=1\n\nB="secret-value\n', 3],
  ["something behind a quote", 'A="x" y\n', 1],
])("refuses %s by its line, without its value", (_name, text, line) => {
  try {
    envFile(text, ".env");
    expect.unreachable();
  } catch (error) {
    expect(error).toMatchObject({ code: "env-file-invalid", places: [{ file: ".env", line, column: 1 }] });
    expect(String(error)).not.toContain("secret-value");
  }
});

test("what is quoted comes back as it was", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "grapheme" }).filter((text) => !/[\r\0]/.test(text)),
      (value) => {
        const quoted = `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
        expect(envFile(`KEY=${quoted}\nNEXT=1\n`, ".env")).toEqual({ KEY: value, NEXT: "1" });
      },
    ),
  );
});

test("whatever it holds, it is read or refused", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      try {
        envFile(text, ".env");
      } catch (error) {
        expect(error).toBeInstanceOf(Problem);
      }
    }),
  );
});

test("lengths of time and sizes need their unit", () => {
  expect([durationMs("500ms"), durationMs("1.5h"), durationMs("7d"), durationMs("30"), durationMs("-1s")]).toEqual([
    500,
    5_400_000,
    604_800_000,
    undefined,
    undefined,
  ]);
  expect([sizeBytes("512MiB"), sizeBytes("1GB"), sizeBytes("10")]).toEqual([536_870_912, 1e9, undefined]);
});

test("the nearest known name is suggested, and none when none is near", () => {
  expect(nearest("scael", ["scale", "grace"])).toBe("scale");
  expect(nearest("xyz", ["scale", "grace"])).toBeUndefined();
});
