import { expect, test } from "vitest";
import { goRegexp } from "../../src/sops/go-regexp.ts";
import { selection } from "../../src/sops/selection.ts";

test("rules look at every key of the path", () => {
  expect(selection()(["a_unencrypted", "b"])).toBe(false);
  expect(selection()(["a", "b"])).toBe(true);
  expect(selection("encrypted_suffix", "_enc")(["a_enc", "b"])).toBe(true);
  expect(selection("encrypted_suffix", "_enc")(["a", "b"])).toBe(false);
  expect(selection("encrypted_regex", "^(data|secrets)$")(["x", "data", "y"])).toBe(true);
  expect(selection("encrypted_regex", "^(data|secrets)$")(["x", "database"])).toBe(false);
  expect(selection("unencrypted_regex", "^kind$")(["kind"])).toBe(false);
  expect(selection("encrypted_comment_regex", "enc")(["a"])).toBeUndefined();
});

test.each([
  ["(?i)^secrets$", "SECRETS", "secret"],
  ["\\Aab\\z", "ab", "ab\n"],
  ['a\\-b\\_c\\"', 'a-b_c"', "a\\-b"],
  ["^[\\w\\-.]+$", "a-b.c", "a b"],
  ["^\\pL+$", "größe", "a1"],
  ["(?P<name>x)y", "xy", "x"],
  ["(?i:a)b", "Ab", "AB"],
])("Go's %s is understood", (source, matching, other) => {
  expect(goRegexp(source).test(matching)).toBe(true);
  expect(goRegexp(source).test(other)).toBe(false);
});

test.each(["[[:alpha:]]", "\\Qa\\E", "(?U)a+", "(", "a\\C"])("%s is refused rather than misread", (source) => {
  expect(() => goRegexp(source)).toThrow(SyntaxError);
});
