import { readFile } from "node:fs/promises";
import { parse } from "yaml";

/** The part of an OpenAPI document that is looked at here. */
export interface Document {
  readonly info: { readonly title: string; readonly description: string };
  readonly servers: readonly { readonly url: string; readonly description: string }[];
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly parameters: Readonly<Record<string, Parameter>>;
    readonly responses: Readonly<Record<string, Response>>;
    readonly schemas: Readonly<Record<string, Schema>>;
  };
}

export interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly (Parameter | Reference)[];
  readonly requestBody?: { readonly required: boolean; readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
  readonly responses: Readonly<Record<string, Response | Reference>>;
}

export interface Parameter {
  readonly name: string;
  readonly in: "path" | "query";
  readonly required?: boolean;
  readonly description: string;
  readonly example?: unknown;
  readonly schema: Schema;
}

export interface Response {
  readonly description: string;
  readonly content?: Readonly<Record<string, { readonly schema: Schema }>>;
}

export interface Reference {
  readonly $ref: string;
}

export interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly pattern?: string;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly oneOf?: readonly Schema[];
  readonly examples?: readonly unknown[];
}

/** One operation with where it is found. */
export interface Place {
  readonly path: string;
  readonly method: string;
  readonly operation: Operation;
  readonly parameters: readonly Parameter[];
}

export async function readDocument(file: URL): Promise<Document> {
  return parse(await readFile(file, "utf8")) as Document;
}

/** All operations, in the document's order. */
export function places(document: Document): Place[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      path,
      method: method.toUpperCase(),
      operation,
      parameters: (operation.parameters ?? []).map((each) => resolve<Parameter>(document, each)),
    })),
  );
}

/** Follows a `$ref` within the document. */
export function resolve<T extends object>(document: Document, value: T | Reference): T {
  if (!("$ref" in value) || typeof value.$ref !== "string") return value as T;
  const found = value.$ref
    .slice(2)
    .split("/")
    .reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], document);
  if (found === undefined) throw new Error(`${value.$ref} is not in the document`);
  return resolve(document, found as T | Reference);
}

/** The response that is no problem, with its status. */
export function answerOf(
  document: Document,
  operation: Operation,
): { readonly status: number; readonly response: Response; readonly mediaType?: string; readonly schema?: Schema } {
  const [status, response] = Object.entries(operation.responses).find(([key]) => key.startsWith("2")) ?? [];
  if (status === undefined || !response) throw new Error(`${operation.operationId} has no 2xx response`);
  const resolved = resolve<Response>(document, response);
  const [media] = Object.entries(resolved.content ?? {});
  return { status: Number(status), response: resolved, ...(media && { mediaType: media[0], schema: media[1].schema }) };
}
