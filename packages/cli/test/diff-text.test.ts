import type { Digest } from "@douze/core";
import type { ReleaseDiff } from "@douze/engine";
import { expect, test } from "vitest";
import { diff } from "../../server/test/support/operations.ts";
import { printDiff } from "../src/diff-text.ts";
import { paperOf } from "../src/print.ts";

function printed(changes: Partial<ReleaseDiff>): string[] {
  const lines: string[] = [];
  const paper = { ...paperOf(process, { noColour: true }), line: (text = "") => void lines.push(text) };
  printDiff(paper, { ...diff, config: [], ...changes });
  return lines.slice(1);
}

const digest = (sign: string): Digest => `sha256:${sign.repeat(64)}` as Digest;

test.for([
  [{ from: digest("a"), to: digest("b"), fromCommit: "1".repeat(40), toCommit: "2".repeat(40) }, "~ 1111111 → 2222222"],
  [
    { from: digest("a"), to: digest("b"), fromCommit: "1".repeat(40), toCommit: "1".repeat(40) },
    "~ sha256:aaaaaaaaaaaa → sha256:bbbbbbbbbbbb",
  ],
  [{ from: digest("a"), to: digest("b"), toCommit: "2".repeat(40) }, "~ sha256:aaaaaaaaaaaa → 2222222"],
] as const)("a build is told by what tells it apart", ([build, text]) => {
  expect(printed({ build })).toEqual([`  build      ${text}`]);
});

test("values of config are quoted, and harmless; a secret shows its key alone", () => {
  expect(
    printed({
      config: [
        { name: "MOTTO", change: "changed", from: " two words", to: "\u001b[31mred\n" },
        { name: "TOKEN", change: "changed" },
        { name: "OLD", change: "removed", from: "1" },
      ],
      formation: [{ name: "web", change: "changed", from: "2", to: "1" }],
      manifest: [{ name: "clock", change: "added" }],
    }),
  ).toEqual([
    '  config     ~ MOTTO: " two words" → "red\\n"',
    "  config     ~ TOKEN",
    '  config     - OLD: "1"',
    "  formation  ~ web: 2 → 1",
    "  manifest   + clock",
  ]);
});

test("two that are equal", () => {
  expect(printed({})).toEqual(["  nothing differs"]);
});
