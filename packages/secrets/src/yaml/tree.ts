import type { Place } from "@douze/core";
import {
  Composer,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  type ParsedNode,
  Parser,
  type Scalar,
  type YAMLMap,
} from "yaml";
import { malformed } from "../problems.ts";
import { type Comment, commentsOf } from "./comments.ts";
import type { Plain } from "./plain.ts";
import { scalar } from "./scalar.ts";

/** A document with the offsets of all that may be replaced in it. */
export interface Tree {
  readonly text: string;
  /** For messages. */
  readonly file: string;
  /** Absent when the document holds nothing. */
  readonly root: YAMLMap.Parsed | undefined;
  /** Whether it ends with `...`, after which nothing can be added. */
  readonly closed: boolean;
  /** In document order, without what was skipped. An alias stands for what it names, as often as it stands. */
  readonly leaves: readonly Leaf[];
  readonly comments: readonly Comment[];
  /** Key paths of all maps, the root's too: a comment is bound to that of its map. */
  readonly maps: readonly (readonly string[])[];
  place(offset: number): Place;
}

export interface Leaf {
  /** Keys from the root; lists add nothing, as in sops. */
  readonly path: readonly string[];
  /** `secrets:LIST[0]` */
  readonly label: string;
  /** `null` is YAML's own null. */
  readonly value: Plain | null;
  /** What a person would say it is: digits as written, without quotes. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** Within `{}` or `[]`, where a bare text may hold no comma. */
  readonly flow: boolean;
  /** With a tag or an anchor, or reached through an alias: it cannot be replaced alone. */
  readonly bound: boolean;
}

export type KeyPair = Pair<ParsedNode, ParsedNode | null>;

/** Bounds what a few aliases of aliases can unfold to. */
const mostLeaves = 100_000;

/**
 * @param skipped - a top-level key whose part is no leaf of the tree; null for none
 * @throws Problem secrets-malformed - no YAML, several documents, no map at its root, a key that is no text
 */
export function tree(text: string, file: string, skipped: string | null = "sops"): Tree {
  const lines = new LineCounter();
  const tokens = [...new Parser(lines.addNewLine).parse(text)];
  const documents = [...new Composer({ schema: "failsafe", keepSourceTokens: true, logLevel: "silent" }).compose(tokens)];
  const place = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col };
  };
  const [document] = documents;
  check(document, documents.length, file, place);
  const root = document?.contents ?? undefined;
  const empty = root === undefined || (isScalar(root) && root.source === "");
  if (!empty && !isMap(root))
    throw malformed(file, "it is a list or a single value", "it has to be a map, such as `config:`", place(root.range[0]));
  const walked: Walk = { leaves: [], maps: [], skipped, document, file, place };
  if (isMap(root)) walkMap(root, { path: [], label: "", flow: false, bound: false, depth: 0, colon: undefined }, walked);
  const { leaves, maps } = walked;
  const closed = document?.directives.docEnd === true;
  return { text, file, root: isMap(root) ? root : undefined, closed, leaves, comments: commentsOf(tokens), maps, place };
}

function check(document: Document.Parsed | undefined, count: number, file: string, place: (offset: number) => Place): void {
  const [error] = document?.errors ?? [];
  if (error) throw malformed(file, yamlError(error.code), "mend the YAML at that place", place(error.pos[0]));
  if (count > 1) throw malformed(file, "it holds several YAML documents", "leave one; drop the lines `---` after the first");
}

/** In words of our own: the library's quote the source, which may be a secret. */
function yamlError(code: string): string {
  return code === "DUPLICATE_KEY" ? "a key stands there twice" : `it is no valid YAML (${code.toLowerCase().replaceAll("_", " ")})`;
}

interface Walk {
  readonly leaves: Leaf[];
  readonly maps: (readonly string[])[];
  readonly skipped: string | null;
  readonly document: Document.Parsed | undefined;
  readonly file: string;
  place(offset: number): Place;
}

interface Where {
  readonly path: readonly string[];
  readonly label: string;
  readonly flow: boolean;
  readonly bound: boolean;
  readonly depth: number;
  /** Where a value that is not written would stand: the library has it behind a comment. */
  readonly colon: number | undefined;
}

function walkMap(map: YAMLMap.Parsed, where: Where, walk: Walk): void {
  walk.maps.push(where.path);
  for (const pair of map.items) {
    const key = keyText(pair, walk);
    if (where.path.length === 0 && key === walk.skipped) continue;
    const label = where.label === "" ? key : `${where.label}:${key}`;
    const flow = where.flow || map.flow === true;
    walkNode(pair.value, { ...where, path: [...where.path, key], label, flow, colon: colonOf(pair) }, walk);
  }
}

function walkNode(node: ParsedNode | null, outer: Where, walk: Walk): void {
  if (node === null) return;
  if (outer.depth > 200 || walk.leaves.length > mostLeaves)
    throw malformed(walk.file, "its aliases unfold without end", "write the values out", walk.place(node.range[0]));
  const where = { ...outer, bound: outer.bound || hasProperties(node), depth: outer.depth + 1 };
  if (isAlias(node)) {
    const named = walk.document && node.resolve(walk.document);
    if (named === undefined) throw malformed(walk.file, "an alias names nothing", "write the value out", walk.place(node.range[0]));
    walkNode(named as ParsedNode, { ...where, bound: true }, walk);
  } else if (isMap(node)) {
    walkMap(node, where, walk);
  } else if (isSeq(node)) {
    const flow = where.flow || node.flow === true;
    for (const [index, item] of node.items.entries()) {
      walkNode(item, { ...where, label: `${where.label}[${index}]`, flow, colon: undefined }, walk);
    }
  } else {
    walk.leaves.push(leafOf(node, where, walk));
  }
}

function leafOf(node: Scalar.Parsed, { path, label, flow, bound, colon }: Where, { file, place }: Walk): Leaf {
  const [from, to] = node.range;
  const [start, end] = from === to && colon !== undefined ? [colon, colon] : [from, to];
  const text = node.source ?? "";
  const value = scalar({ text, bare: node.type === "PLAIN", tag: node.tag });
  if (value !== undefined) return { path, label, value, text, start, end, flow, bound };
  throw malformed(file, `\`${label}\` is a number too large, or its tag does not fit`, "write it in quotes, without a tag", place(start));
}

function hasProperties(node: ParsedNode): boolean {
  return node.tag !== undefined || ("anchor" in node && node.anchor !== undefined);
}

/** sops takes no other keys than texts, so neither do we: it could not open what we write. */
function keyText({ key }: KeyPair, { file, place }: Walk): string {
  const wrong = "sops takes no key but a text";
  if (!isScalar(key)) throw malformed(file, wrong, "write a plain text as the key", place(key.range[0]));
  const text = String(key.value ?? "");
  const value = scalar({ text, bare: key.type === "PLAIN", tag: key.tag });
  if (value?.type === "str") return text;
  throw malformed(
    file,
    `the key \`${text}\` is not a text to YAML, and ${wrong}`,
    `write it in quotes: \`"${text}":\``,
    place(key.range[0]),
  );
}

/** The pair of a key in a map. */
export function pairOf(map: YAMLMap.Parsed | undefined, key: string): KeyPair | undefined {
  return map?.items.find((pair) => isScalar(pair.key) && pair.key.value === key);
}

/** Where a value would begin that is not written. */
export function colonOf(pair: KeyPair | undefined): number | undefined {
  const tokens = pair?.srcToken && "sep" in pair.srcToken ? pair.srcToken.sep : undefined;
  const colon = tokens?.find(({ type }) => type === "map-value-ind");
  return colon && colon.offset + 1;
}
