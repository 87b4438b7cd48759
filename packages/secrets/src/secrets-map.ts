import { isMap, isScalar, type YAMLMap } from "yaml";
import { malformed } from "./problems.ts";
import type { Comment } from "./yaml/comments.ts";
import { type Edit, lineBreak, lineStart, nextLine, splice } from "./yaml/splice.ts";
import { colonOf, type KeyPair, type Leaf, pairOf, type Tree } from "./yaml/tree.ts";

/** The `secrets:` of a file, as a part of its text. */
export interface SecretsMap {
  readonly pairs: readonly KeyPair[];
  /** Blanks before each key. */
  readonly indent: string;
  /** Behind the colon of `secrets:`. Absent when the file has no such key. */
  readonly colon: number | undefined;
  /** The lines of its pairs and comments; where there are none, where they would stand. */
  readonly start: number;
  readonly end: number;
  /** Behind the last pair, before comments that follow it. */
  readonly lastPair: number;
  readonly comments: readonly Comment[];
}

/**
 * A text whose `secrets:` is written as a block, and can be changed line by line; the text itself where it is one already.
 *
 * @throws Problem secrets-malformed - the file is written in a way that lines cannot be added to
 */
export function blockForm(tree: Tree): string {
  const { text, file, root } = tree;
  const fix = "write it as block YAML: a key a line, without braces around";
  if (root?.flow) throw malformed(file, "the whole file stands in braces", fix, tree.place(root.range[0]));
  if (tree.closed) throw malformed(file, "it ends with `...`, after which nothing can be added", "take that line out");
  const pair = pairOf(root, "secrets");
  const map = pair?.value;
  if (!isMap(map)) {
    if (map && !(isScalar(map) && map.range[0] === map.range[1]) && !isNull(tree, map.range[0]))
      throw malformed(file, "`secrets` is not a map", "write keys and values under it", tree.place(map.range[0]));
    return map && isScalar(map) && map.range[0] !== map.range[1]
      ? splice(text, [{ start: map.range[0], end: map.range[1], text: "" }])
      : text;
  }
  if (map.anchor !== undefined || map.tag !== undefined)
    throw malformed(file, "`secrets` has a tag or an anchor", "write it without", tree.place(map.range[0]));
  if (!map.flow) return text;
  const lines = map.items.map(
    (each) => `${lineBreak(text)}${indentOf(tree)}${text.slice(each.key.range[0], each.value?.range[1] ?? each.key.range[1])}`,
  );
  return splice(text, [{ start: colonOf(pair) ?? 0, end: map.range[1], text: lines.join("") }]);
}

function isNull({ leaves }: Tree, start: number): boolean {
  return leaves.some((leaf) => leaf.start === start && leaf.value === null);
}

/** @param tree - of a text in block form */
export function secretsMap(tree: Tree): SecretsMap {
  const { text, root } = tree;
  const pair = pairOf(root, "secrets");
  const map = isMap(pair?.value) ? (pair.value as YAMLMap.Parsed) : undefined;
  const indent = indentOf(tree);
  if (pair === undefined) {
    const sops = pairOf(root, "sops");
    const at = sops === undefined ? text.length : lineStart(text, sops.key.range[0]);
    return { pairs: [], indent, colon: undefined, start: at, end: at, lastPair: at, comments: [] };
  }
  const start = nextLine(text, pair.key.range[1]);
  const pairs = map?.items ?? [];
  const last = pairs.at(-1);
  const lastPair = last === undefined ? start : pairEnd(text, last);
  const next = root?.items[root.items.indexOf(pair) + 1];
  const limit = next === undefined ? text.length : lineStart(text, next.key.range[0]);
  const inside = ({ start: at }: Comment): boolean => at >= start && at < limit && (at < lastPair || lineStart(text, at) !== at);
  const comments = tree.comments.filter(inside);
  const end = Math.max(lastPair, ...comments.map((comment) => nextLine(text, comment.end)));
  return { pairs, indent, colon: colonOf(pair), start, end, lastPair, comments };
}

/** Where the line after a pair begins. */
export function pairEnd(text: string, { key, value }: KeyPair): number {
  const end = value?.range[1] ?? key.range[1];
  // A block of text ends with its line break, a list or map with the indent of what follows.
  const trimmed = lineStart(text, end);
  return end > key.range[1] && text.slice(trimmed, end).trim() === "" ? trimmed : nextLine(text, end);
}

/** As deep as other maps of the file, secrets first. */
function indentOf({ text, root }: Tree): string {
  const pairs = [pairOf(root, "secrets"), ...(root?.items ?? [])];
  for (const pair of pairs) {
    const map = pair?.value;
    if (!isMap(map) || map.flow) continue;
    const start = (map as YAMLMap.Parsed).items[0]?.key.range[0];
    if (start !== undefined) return text.slice(lineStart(text, start), start).replace(/[^ ].*/, "");
  }
  return "    ";
}

/** Puts another text in the place of a value; of a block of text, too, whose header may bear a comment. */
export function leafEdit({ start, end, flow }: Leaf, value: string, { text, comments }: Tree, remark: (comment: Comment) => string): Edit {
  const written = text.slice(start, end);
  const remarks = comments.filter((comment) => comment.start > start && comment.end < end).map((comment) => ` #${remark(comment)}`);
  const tail = /\r?\n$/.exec(written)?.[0] ?? "";
  // Right behind a colon, where nothing stood.
  const gap = start === end ? " " : "";
  return { start, end, text: `${gap}${flow || value === "" ? `"${value}"` : value}${remarks.join("")}${tail}` };
}
