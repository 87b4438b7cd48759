import { readFileSync } from "node:fs";
import { Problem } from "../problem.ts";
import { library } from "../resource/library.ts";

/** An operation of a document, as far as it is read here. */
export interface DocumentOperation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly unknown[];
  readonly requestBody?: { readonly content?: Readonly<Record<string, unknown>>; readonly required?: boolean };
  readonly responses?: Readonly<Record<string, unknown>>;
  readonly security?: readonly SecurityRequirement[];
  /** Who has one of these roles may ask. */
  readonly "x-roles"?: readonly string[];
  /** Workloads that may ask, as their certificates name them. */
  readonly "x-callers"?: readonly string[];
}

/** Scopes by the name of a security scheme; all of them together are asked for. */
export type SecurityRequirement = Readonly<Record<string, readonly string[]>>;

/** An OpenAPI 3.1 document, as far as it is read here. */
export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string; readonly description?: string };
  readonly paths?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly security?: readonly SecurityRequirement[];
  readonly components?: { readonly securitySchemes?: Readonly<Record<string, unknown>>; readonly [part: string]: unknown };
}

export const methods = ["get", "put", "post", "delete", "options", "head", "patch", "trace"] as const;

export interface ListedOperation {
  readonly path: string;
  readonly method: (typeof methods)[number];
  readonly operation: DocumentOperation;
  /** It has no parameters and takes no body. */
  readonly asksNothing: boolean;
}

/** All operations in the document's order. */
export function operationsOf({ paths = {} }: OpenApiDocument): readonly ListedOperation[] {
  return Object.entries(paths).flatMap(([path, item]) =>
    methods.flatMap((method) => {
      const operation = item[method] as DocumentOperation | undefined;
      if (!operation) return [];
      const asksNothing = !item["parameters"] && !operation.parameters && !operation.requestBody;
      return [{ path, method, operation, asksNothing }];
    }),
  );
}

/**
 * Reads the contract: a file of JSON or YAML, or a document that was read.
 *
 * @throws Problem contract-invalid - it cannot be read, or is no OpenAPI 3
 * @throws Problem library-missing - YAML, and `yaml` is not installed
 */
export async function readDocument(source: string | URL | OpenApiDocument): Promise<OpenApiDocument> {
  if (typeof source === "object" && !(source instanceof URL)) return checked(source, "the document");
  let text: string;
  try {
    text = readFileSync(source, "utf8");
  } catch (cause) {
    throw invalid(String(source), "it cannot be read", cause);
  }
  if (!/\.ya?ml$/.test(String(source))) return checked(parsedJson(text, String(source)), String(source));
  const { parse } = await library(["yaml"], () => import("yaml"));
  try {
    return checked(parse(text), String(source));
  } catch (cause) {
    if (cause instanceof Problem) throw cause;
    throw invalid(String(source), cause instanceof Error ? cause.message : "it is no YAML", cause);
  }
}

function parsedJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalid(name, "it is no JSON", cause);
  }
}

function checked(document: unknown, name: string): OpenApiDocument {
  if (typeof document !== "object" || document === null || !("openapi" in document) || !String(document.openapi).startsWith("3."))
    throw invalid(name, "it is no OpenAPI 3 document");
  const whole = document as OpenApiDocument;
  const nameless = operationsOf(whole).filter(({ operation }) => !operation.operationId);
  if (nameless.length > 0)
    throw invalid(
      name,
      `operations have no operationId: ${nameless.map(({ method, path }) => `${method.toUpperCase()} ${path}`).join(", ")}`,
    );
  return whole;
}

export function invalid(name: string, why: string, cause?: unknown): Problem {
  return new Problem({
    code: "contract-invalid",
    what: `the contract ${name} cannot be used`,
    why,
    fix: "mend it where it says so",
    cause,
  });
}
