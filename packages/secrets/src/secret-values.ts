import { isMap, isSeq } from "yaml";
import { malformed } from "./problems.ts";
import type { OpenLeaf } from "./sops/opened.ts";
import { type Plain, plain, plainText } from "./yaml/plain.ts";
import { type Leaf, pairOf, type Tree } from "./yaml/tree.ts";

/** A secret and where it stands. */
export interface SecretValue {
  readonly text: string;
  readonly open: OpenLeaf;
}

/**
 * The secrets of a file by key, in its order.
 *
 * @throws Problem secrets-malformed - `secrets` is no map, or a secret no single text
 */
export function secretValues(tree: Tree, leaves: readonly OpenLeaf[]): Map<string, SecretValue> {
  checkFlat(tree);
  const found = new Map<string, SecretValue>();
  for (const open of leaves) {
    const { leaf } = open;
    const [top, key = ""] = leaf.path;
    if (top !== "secrets" || leaf.path.length === 1) continue;
    const text = open.plain === null ? "" : plainText(open.encrypted || open.plain.type === "str" ? open.plain : plain("str", leaf.text));
    if (text === undefined)
      throw malformed(tree.file, `\`${leaf.label}\` is no UTF-8 text`, "encode it, in base64 for example", tree.place(leaf.start));
    found.set(key, { text, open });
  }
  return found;
}

/** Config is text by key; there is no right way to make one text of a list or a map. */
export function checkFlat(tree: Tree): void {
  const value = pairOf(tree.root, "secrets")?.value;
  if (isMap(value)) {
    for (const { key, value: each } of value.items) {
      if (isMap(each) || isSeq(each)) throw nested(tree, `secrets:${String(key)}`, each.range?.[0] ?? 0);
    }
  }
  for (const leaf of tree.leaves) {
    if (leaf.path[0] !== "secrets" || leaf.path.length === 2) continue;
    if (leaf.path.length === 1 && leaf.value === null && leaf.label === "secrets") continue;
    if (leaf.path.length === 1)
      throw malformed(tree.file, "`secrets` is not a map", "write keys and values under it", tree.place(leaf.start));
    throw nested(tree, leaf.label, leaf.start);
  }
}

function nested({ file, place }: Tree, label: string, offset: number): Error {
  const fix = "give each value a key of its own, or write the whole as one JSON text; `sops edit` opens the file as it is";
  return malformed(file, `\`${label}\` is a list or a map, and a secret is one text`, fix, place(offset));
}

/**
 * What is to be encrypted for a value that a person wrote: a number stays a number for other readers of the file, unless its digits would
 * not come back as they were written.
 */
export function writtenPlain({ value, text }: Leaf): Plain {
  return value !== null && /^(int|float|bool)$/.test(value.type) && plainText(value) === text ? value : plain("str", text);
}

/** @throws Problem secrets-malformed - UTF-8 cannot hold it, or YAML cannot hold the key */
export function checkSecret(key: string, value: string, file: string): void {
  if (key === "" || !key.isWellFormed() || key.length > 100) {
    throw malformed(
      file,
      "a key is empty, over 100 characters long, or no Unicode text",
      "name it as an environment variable: `DATABASE_URL`",
    );
  }
  if (!value.isWellFormed()) throw malformed(file, `the value of \`${key}\` is no Unicode text`, "encode it, in base64 for example");
}
