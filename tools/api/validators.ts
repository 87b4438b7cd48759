import { Ajv } from "ajv";
import standalone from "ajv/dist/standalone/index.js";
import { type Document, type Parameter, places } from "./document.ts";

/**
 * A function for each operation that takes something, which says what is wrong with a request, made here so that neither the document nor a compiler of
 * schemas is loaded when the server starts.
 */
export function validatorsSource(document: Document): string {
  // Lengths in UTF-16 units: counting code points would need a function of ajv's, and thus ajv, when it runs. ajv warns of that option.
  const ajv = new Ajv({
    code: { source: true, esm: true, lines: true, optimize: 1 },
    unicode: false,
    verbose: false,
    messages: true,
    validateFormats: false,
    inlineRefs: false,
    logger: false,
  });
  ajv.addVocabulary(["example"]);
  for (const [name, schema] of Object.entries(document.components.schemas)) ajv.addSchema(absolute(schema) as object, schemaId + name);
  const names: Record<string, string> = {};
  for (const { operation, parameters } of places(document)) {
    if (parameters.length === 0 && !operation.requestBody) continue;
    const body = operation.requestBody?.content["application/json"]?.schema;
    const schema = {
      type: "object",
      required: ["path", "query", ...(operation.requestBody?.required ? ["body"] : [])],
      additionalProperties: false,
      properties: { path: group(parameters, "path"), query: group(parameters, "query"), ...(body && { body }) },
    };
    const id = `http://douze/operation/${operation.operationId}`;
    ajv.addSchema(absolute(schema) as object, id);
    names[operation.operationId] = id;
  }
  return asTypeScript(standaloneCode(ajv, names), Object.keys(names));
}

const schemaId = "http://douze/schemas/";
const standaloneCode = (typeof standalone === "function" ? standalone : (standalone as { default: unknown }).default) as (
  ajv: Ajv,
  names: object,
) => string;

function group(parameters: readonly Parameter[], place: Parameter["in"]): object {
  const own = parameters.filter((each) => each.in === place);
  return {
    type: "object",
    additionalProperties: false,
    required: own.filter((each) => each.required).map((each) => each.name),
    properties: Object.fromEntries(own.map((each) => [each.name, each.schema])),
  };
}

/** Its references name schemas that stand by themselves, so that they hold outside the document too. */
function absolute(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(absolute);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [
      key,
      key === "$ref" && typeof each === "string" ? each.replace("#/components/schemas/", schemaId) : absolute(each),
    ]),
  );
}

function asTypeScript(code: string, names: readonly string[]): string {
  if (/\brequire\(|\bimport\b/.test(code)) throw new Error("the validators would need a library when they run");
  const own = Object.fromEntries([...code.matchAll(/^export const (\w+) = (\w+);$/gm)].map(([, name, local]) => [name, local]));
  const body = code.replace(/^"use strict";\n?/, "").replace(/^export const .*;\n?/gm, "");
  return `// @ts-nocheck
import type { OperationId, Validate } from "./validate.ts";

${body.trim()}

export const validators: Readonly<Partial<Record<OperationId, Validate>>> = {
${names.map((name) => `  ${name}: ${own[name]},`).join("\n")}
};
`;
}
