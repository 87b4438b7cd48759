import { expect, test } from "vitest";
import { tree } from "../../src/yaml/tree.ts";
import { problemOf } from "../support/keys.ts";

test("leaves know their keys, their text and where they stand", () => {
  const text = "\ufeffa: 1 # one\r\nlist:\r\n- x\r\n- {b: [true, ~]}\r\nsops: {mac: x}\r\n";
  const { leaves, comments } = tree(text, "f");
  expect(leaves.map(({ path, label, start, end, flow }) => [path.join(), label, text.slice(start, end), flow])).toEqual([
    ["a", "a", "1", false],
    ["list", "list[0]", "x", false],
    ["list,b", "list[1]:b[0]", "true", true],
    ["list,b", "list[1]:b[1]", "~", true],
  ]);
  expect(comments.map(({ text: remark }) => remark)).toEqual([" one"]);
});

test("an alias stands for what it names", () => {
  const { leaves } = tree("a: &x {b: 1}\nc: *x\n<<: *x\n", "f");
  expect(leaves.map(({ path, text, bound }) => [path.join(), text, bound])).toEqual([
    ["a,b", "1", true],
    ["c,b", "1", true],
    ["<<,b", "1", true],
  ]);
});

test.each([
  ["a: 1\na: 2\n", "twice", 2],
  ["a: [1\n", "valid YAML", 2],
  ["- a\n", "a list", 1],
  ["1: a\n", "`1` is not a text", 1],
  ["true: a\n", "`true` is not a text", 1],
  ["a: 18446744073709551615\n", "too large", 1],
  ["a: !!int x\n", "does not fit", 1],
  ["a: *nothing\n", "names nothing", 1],
  ["a: 1\n---\nb: 2\n", "several", undefined],
])("%j is refused, with its place", async (text, why, line) => {
  const problem = await problemOf((async () => tree(text, "f.yaml"))());
  expect(problem).toMatchObject({ code: "secrets-malformed", why: expect.stringContaining(why) });
  if (line !== undefined) expect(problem["places"]).toMatchObject([{ file: "f.yaml", line }]);
});

test("a broken file's problem repeats nothing of the file", async () => {
  const problem = await problemOf((async () => tree("secrets:\n  A: hunter2\n  A: hunter3\n B: 'hunter4\n", "f.yaml"))());
  expect(JSON.stringify(problem)).not.toContain("hunter");
});

test("a few aliases cannot unfold to millions", async () => {
  const lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"];
  for (let i = 1; i < 9; i++) lines.push(`a${i}: &a${i} [${Array.from({ length: 10 }, () => `*a${i - 1}`).join(", ")}]`);
  const problem = await problemOf((async () => tree(lines.join("\n"), "f"))());
  expect(problem).toMatchObject({ why: expect.stringContaining("aliases") });
});
