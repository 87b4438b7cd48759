import type { OpenApiDocument } from "./document.ts";

export type Part = Readonly<Record<string, unknown>>;

/** What a reference within the document points to. */
export function resolved(part: unknown, document: OpenApiDocument): Part {
  const reference = (part as { readonly $ref?: string } | undefined)?.$ref;
  if (reference === undefined || !reference.startsWith("#/")) return (part ?? {}) as Part;
  const names = reference.slice(2).split("/");
  return names.reduce<unknown>(
    (at, name) => (at as Part | undefined)?.[name.replaceAll("~1", "/").replaceAll("~0", "~")],
    document,
  ) as Part;
}

const deepest = 6;
const bounds = ["minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "pattern", "default"] as const;

/** A JSON Schema as people write a shape down: `{ id: integer, text?: string (minLength 1) }`, a property a line. Pure. */
export function shapeOf(schema: unknown, document: OpenApiDocument, indent = "", depth = 0): string {
  if (schema === true || schema === undefined) return "anything";
  if (schema === false || depth > deepest) return "…";
  const part = resolved(schema, document);
  const inner = (each: unknown): string => shapeOf(each, document, `${indent}  `, depth + 1);
  const either = (part["oneOf"] ?? part["anyOf"]) as readonly unknown[] | undefined;
  if (either) return either.map(inner).join(" | ");
  if (Array.isArray(part["allOf"])) return part["allOf"].map(inner).join(" & ");
  if (Array.isArray(part["enum"])) return part["enum"].map((each) => JSON.stringify(each)).join(" | ");
  if ("const" in part) return JSON.stringify(part["const"]);
  const types = [part["type"] ?? (part["properties"] ? "object" : "anything")].flat().map(String);
  return types.map((type) => ofType(type, part, indent, inner)).join(" | ") + notes(part);
}

function ofType(type: string, part: Part, indent: string, inner: (schema: unknown) => string): string {
  if (type === "array") return `list of ${inner(part["items"])}`;
  const properties = Object.entries((part["properties"] ?? {}) as Part);
  if (type !== "object" || properties.length === 0) return type;
  const required = new Set((part["required"] ?? []) as readonly string[]);
  const lines = properties.map(([name, each]) => `${indent}  ${name}${required.has(name) ? "" : "?"}: ${inner(each)}\n`);
  return `{\n${lines.join("")}${indent}}`;
}

function notes(part: Part): string {
  const said = [
    part["format"],
    ...bounds.filter((name) => part[name] !== undefined).map((name) => `${name} ${JSON.stringify(part[name])}`),
  ];
  const all = said.filter((each) => each !== undefined).join(", ");
  return all === "" ? "" : ` (${all})`;
}
