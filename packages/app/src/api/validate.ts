import type { ErrorObject } from "ajv";
import type { ParsedRequest } from "openapi-backend";
import { library } from "../resource/library.ts";
import { invalid, type ListedOperation, methods, type OpenApiDocument, operationsOf } from "./document.ts";

/** What is wrong with a message, and where: no values. */
export interface Flaw {
  /** `/body/name`, `/query/limit`. */
  readonly at: string;
  readonly is: string;
}

/** A request as the validator takes it. */
export interface GivenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string | readonly string[]>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

export interface Understood {
  readonly path: Readonly<Record<string, unknown>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly body: unknown;
}

/** What a contract says of messages. */
export interface Validator {
  /** Which operation is asked for; else the methods that the path has, or nothing for a path that is not there. */
  match(method: string, path: string): ListedOperation | readonly string[] | undefined;
  /** The request's parts in the types that the contract gives them, or what is wrong. */
  request(given: GivenRequest, operation: ListedOperation): Understood | readonly Flaw[];
  /** What is wrong with an answer. */
  response(status: number, body: unknown, operation: ListedOperation): readonly Flaw[];
}

/** @throws Problem contract-invalid, library-missing */
export async function validatorOf(document: OpenApiDocument): Promise<Validator> {
  const names = ["openapi-backend", "ajv", "ajv-formats"];
  const { OpenAPIBackend } = await library(names, () => import("openapi-backend"));
  const { Ajv2020 } = await library(names, () => import("ajv/dist/2020.js"));
  const { default: formats } = await library(names, () => import("ajv-formats"));
  const backend = new OpenAPIBackend({
    definition: structuredClone(document) as never,
    quick: true,
    validate: true,
    coerceTypes: true,
    // OpenAPI 3.1 speaks JSON Schema 2020-12.
    customizeAjv: (_original, options) => formats.default(new Ajv2020({ ...options, strict: false, allErrors: true }) as never) as never,
  });
  try {
    await backend.init();
  } catch (cause) {
    throw invalid("of the app", cause instanceof Error ? cause.message : String(cause), cause);
  }
  const known = new Map(operationsOf(document).map((each) => [each.operation.operationId, each]));
  // Most paths are written as they are asked for: those are looked up, and only the others matched.
  const plain = new Map(
    operationsOf(document)
      .filter(({ path }) => !path.includes("{"))
      .map((each) => [`${each.method.toUpperCase()} ${each.path}`, each]),
  );
  const find = (method: string, path: string): ListedOperation | undefined => {
    const found = backend.router.matchOperation({ method, path, headers: {} }) as { method: string; operationId: string } | undefined;
    return found?.method === method.toLowerCase() ? known.get(found.operationId) : undefined;
  };
  return {
    match(method, path) {
      const found = plain.get(`${method} ${path}`) ?? find(method, path);
      if (found) return found;
      const others = methods.filter((each) => find(each, path));
      return others.length === 0 ? undefined : others.map((each) => each.toUpperCase());
    },
    request(given, { operation, asksNothing }) {
      if (asksNothing && Object.keys(given.query).length === 0) return { path: {}, query: {}, body: undefined };
      const asked = { ...given, query: given.query as Record<string, string | string[]>, headers: { ...given.headers } };
      const target = backend.router.getOperation(operation.operationId ?? "");
      const { errors, coerced } = backend.validator.validateRequest(asked as never, target);
      if (errors && errors.length > 0) return errors.map((error) => flawOf(error));
      const parsed: ParsedRequest = backend.router.parseRequest(asked as never, target);
      const { params = parsed.params, query = parsed.query } = (coerced ?? {}) as Partial<ParsedRequest>;
      return { path: params, query, body: given.body };
    },
    response(status, body, { operation }) {
      const declared = operation.responses ?? {};
      const key = [String(status), `${String(status)[0]}XX`, "default"].find((each) => Object.hasOwn(declared, each));
      if (key === undefined) return [{ at: "/status", is: `${status} is not in the contract` }];
      const { errors } = backend.validator.validateResponse(body ?? null, operation.operationId ?? "", status);
      return (errors ?? []).map((error) => flawOf(error, "/body"));
    },
  };
}

function flawOf({ instancePath, message = "is not as the contract says", keyword, params }: ErrorObject, under = ""): Flaw {
  const at = `${under}${instancePath.replace(/^\/requestBody/, "/body")}` || "/body";
  const extra = keyword === "additionalProperties" ? `: ${String((params as { additionalProperty?: string }).additionalProperty)}` : "";
  return { at, is: `${message}${extra}` };
}
