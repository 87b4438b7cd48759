import { type Document, isMap, isPair, isScalar, LineCounter, type Node, parseAllDocuments } from "yaml";
import { type Place, Problem } from "./problem.ts";
import type { ProblemCode } from "./problem-codes.ts";

/** A YAML or JSON text as a value, and where each part of it stands. */
export interface YamlText {
  readonly value: unknown;
  /** Where the value at a path begins; of a path that is not there, the nearest part above it. */
  readonly place: (path: readonly (string | number)[]) => Place;
  /** Where the key itself stands, for a path that ends in one. */
  readonly keyPlace: (path: readonly (string | number)[]) => Place;
  /** A scalar as it was written: `1.10` stays `1.10`. */
  readonly source: (path: readonly (string | number)[]) => string | undefined;
}

/**
 * Reads one YAML document; JSON is YAML.
 *
 * @param code - of the Problem that is thrown
 * @throws Problem - not YAML, more than one document, a duplicate key, an alias bomb; with every place
 */
export function yamlText(text: string, file: string, code: ProblemCode): YamlText {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, uniqueKeys: true, prettyErrors: false, version: "1.2" });
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(1, line), column: Math.max(1, col) };
  };
  if ("empty" in documents || documents.length === 0) return empty(file);
  const [document, second] = documents;
  if (!document) return empty(file);
  if (second) throw malformed(code, file, "it holds more than one document", [at(second.range[0])]);
  const [first] = document.errors;
  if (first)
    throw malformed(
      code,
      file,
      sentence(first.message),
      document.errors.map((error) => at(error.pos[0])),
    );
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    throw malformed(code, file, cause instanceof Error ? sentence(cause.message) : "it cannot be read", [at(0)]);
  }
  const node = (path: readonly (string | number)[]): Node | undefined => {
    for (let length = path.length; length >= 0; length -= 1) {
      const found = document.getIn(path.slice(0, length), true);
      if (found && typeof found === "object" && "range" in found) return found as Node;
    }
    return undefined;
  };
  return {
    value: value ?? {},
    place: (path) => at(node(path)?.range?.[0] ?? 0),
    keyPlace: (path) => at(keyOffset(document, path) ?? node(path)?.range?.[0] ?? 0),
    source: (path) => {
      const found = document.getIn(path, true);
      return isScalar(found) ? (found.source ?? String(found.value)) : undefined;
    },
  };
}

function keyOffset(document: Document, path: readonly (string | number)[]): number | undefined {
  const parent = path.length > 1 ? document.getIn(path.slice(0, -1), true) : document.contents;
  if (!isMap(parent)) return undefined;
  const pair = parent.items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(path.at(-1)));
  return isScalar(pair?.key) ? pair.key.range?.[0] : undefined;
}

function empty(file: string): YamlText {
  const place = (): Place => ({ file, line: 1, column: 1 });
  return { value: {}, place, keyPlace: place, source: () => undefined };
}

function malformed(code: ProblemCode, file: string, why: string, places: readonly Place[]): Problem {
  return new Problem({ code, what: `${file} cannot be read`, why, fix: "mend the text at the place that is named", places });
}

function sentence(message: string): string {
  const first = message.split("\n")[0] ?? message;
  return first.charAt(0).toLowerCase() + first.slice(1).replace(/\.$/, "");
}
