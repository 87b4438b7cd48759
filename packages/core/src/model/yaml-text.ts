import { type Document, isAlias, isMap, isPair, isScalar, isSeq, LineCounter, type Node, parseAllDocuments, visit } from "yaml";
import { type Flaw, flawed } from "./issues.ts";
import { type Place, Problem } from "./problem.ts";
import type { ProblemCode } from "./problem-codes.ts";
import { isInherited } from "./variable.ts";

export type Path = readonly (string | number)[];

/** A YAML or JSON text as a value, and where each part of it stands. */
export interface YamlText {
  readonly value: unknown;
  /** Where the value at a path begins; of a path that is not there, the nearest part above it. */
  readonly place: (path: Path) => Place;
  /** Where the key itself stands, for a path that ends in one. */
  readonly keyPlace: (path: Path) => Place;
  /** A scalar as it was written: `1.10` stays `1.10`. */
  readonly source: (path: Path) => string | undefined;
}

/** Deeper than anything that is read here, and far from what a parser's stack can bear. */
const deepest = 50;

/**
 * Reads one YAML document.
 *
 * @param code - of the Problem that is thrown
 * @throws Problem - not YAML, several documents, a key twice, an alias bomb, a tag; with every place
 */
export function yamlText(text: string, file: string, code: ProblemCode): YamlText {
  const lines = new LineCounter();
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(1, line), column: Math.max(1, col) };
  };
  const refused = (why: string, place: Place): Problem =>
    new Problem({ code, what: `${file}:${place.line}:${place.column} cannot be read`, why, fix: fixFor(why), places: [place] });
  const documents = parsed(text, lines, () => refused("it is nested too deeply", at(0)));
  const [document, second] = documents;
  if (!document) return located(undefined, {}, at);
  if (second) throw refused("it holds more than one document", at(second.range[0]));
  // What follows the first mistake is mostly its echo.
  const [wrong] = document.errors;
  if (wrong) throw refused(sentence(wrong.message), at(wrong.pos[0]));
  const flaws = [...structure(document, at)];
  if (flaws.length > 0) throw flawed(code, file, flaws);
  const [odd] = document.warnings;
  if (odd) throw refused(sentence(odd.message), at(odd.pos[0]));
  try {
    return located(document, document.toJS({ maxAliasCount: 100 }) ?? {}, at);
  } catch (error) {
    // What is left to fail: aliases of aliases that would fill the memory.
    if (error instanceof ReferenceError) throw refused(sentence(error.message), at(0));
    throw error;
  }
}

function parsed(text: string, lines: LineCounter, tooDeep: () => Problem): readonly Document.Parsed[] {
  const options = { lineCounter: lines, uniqueKeys: false, prettyErrors: false, logLevel: "silent", version: "1.2" } as const;
  try {
    const documents = parseAllDocuments(text, options);
    if ("empty" in documents) return [];
    if (documents.some(({ errors }) => errors.some(({ message }) => /call stack/i.test(message)))) throw tooDeep();
    return documents;
  } catch (error) {
    if (error instanceof RangeError) throw tooDeep();
    throw error;
  }
}

/** What YAML allows and a file that people read should not hold. */
function structure(document: Document, at: (offset: number) => Place): readonly Flaw[] {
  const flaws: Flaw[] = [];
  visit(document, {
    Collection(_key, node, path) {
      if (path.length < 2 * deepest) return undefined;
      flaws.push({ place: at(node.range?.[0] ?? 0), text: `it is nested more than ${deepest} levels deep` });
      return visit.BREAK;
    },
    Alias(_key, alias) {
      if (!alias.resolve(document))
        flaws.push({ place: at(offsetOf(alias)), text: `\`*${alias.source}\` stands for nothing: no \`&${alias.source}\` is before it` });
    },
    Map(_key, map) {
      const seen = new Map<string, Place>();
      for (const { key } of map.items) {
        const place = at(offsetOf(key));
        const name = isScalar(key) && key.value !== null ? String(key.value) : undefined;
        const before = name === undefined ? undefined : seen.get(name);
        if (name === undefined) flaws.push({ place, text: "a key should be a name" });
        else if (isInherited(name)) flaws.push({ place, text: `\`${name}\` cannot be a key: choose another name` });
        else if (before) flaws.push({ place, text: `\`${name}\` stands here twice, on line ${before.line} too: leave one of them out` });
        else seen.set(name, place);
      }
    },
  });
  return flaws;
}

function offsetOf(node: unknown): number {
  return typeof node === "object" && node !== null && "range" in node && Array.isArray(node.range) ? Number(node.range[0]) : 0;
}

function located(document: Document | undefined, value: unknown, at: (offset: number) => Place): YamlText {
  return {
    value,
    place: (path) => at(offsetOf(nearestNode(document, path))),
    keyPlace: (path) => {
      const parent = find(document, path.slice(0, -1));
      const key = isMap(parent) ? pairOf(parent.items, path.at(-1))?.key : undefined;
      return at(offsetOf(key ?? nearestNode(document, path)));
    },
    source: (path) => {
      const found = find(document, path);
      return isScalar(found) ? (found.source ?? String(found.value)) : undefined;
    },
  };
}

function nearestNode(document: Document | undefined, path: Path): Node | undefined {
  for (let length = path.length; length >= 0; length -= 1) {
    const found = find(document, path.slice(0, length));
    if (found) return found;
  }
  return undefined;
}

/** The node at a path, through aliases; keys are compared as texts, as the value has them. */
function find(document: Document | undefined, path: Path): Node | undefined {
  let node: unknown = document?.contents;
  for (const part of path) {
    if (isMap(node)) node = pairOf(node.items, part)?.value;
    else if (isSeq(node)) node = node.items[Number(part)];
    else return undefined;
    if (document && isAlias(node)) node = node.resolve(document);
  }
  return typeof node === "object" && node !== null ? (node as Node) : undefined;
}

function pairOf(
  items: readonly unknown[],
  name: string | number | undefined,
): { readonly key: unknown; readonly value: unknown } | undefined {
  const pair = items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(name));
  return isPair(pair) ? pair : undefined;
}

function sentence(message: string): string {
  const first = message.split("\n")[0] ?? message;
  return first.charAt(0).toLowerCase() + first.slice(1).replace(/\.$/, "");
}

function fixFor(why: string): string {
  if (why.startsWith("tabs")) return "indent with spaces";
  if (why.includes("more than one document")) return "leave one document in the file, without a line `---` between two";
  return "mend the text at the place that is named";
}
