import { type Authenticators, authorize } from "../auth/policy.ts";
import { contextFields } from "../log/context.ts";
import { failureFields } from "../log/failure.ts";
import { log } from "../log/log.ts";
import { platform } from "../platform.ts";
import { readBody } from "./body.ts";
import { invalid, type ListedOperation, type OpenApiDocument, operationsOf, readDocument } from "./document.ts";
import { HttpProblem } from "./http-problem.ts";
import { page } from "./page.ts";
import type { Handlers, OperationTypes } from "./types.ts";
import { type Validator, validatorOf } from "./validate.ts";

export interface ContractOptions {
  /** Who lets whom in, by the name of the document's security scheme. */
  readonly auth?: Authenticators;
  /**
   * What becomes of an answer that is not as the contract says. `refuse`: it is not sent, but 500. `log`: it is sent, and told. Default:
   * `log` where `DOUZE_ENVIRONMENT` or `NODE_ENV` is `production`, `refuse` elsewhere.
   */
  readonly responses?: "refuse" | "log";
  /** Where the document is served. Default `/openapi.json`. */
  readonly documentPath?: string;
  /** Where a page of it is served for people. Default `/docs`. */
  readonly pagePath?: string;
}

/** An app that answers as its document says. */
export interface Contract {
  readonly document: OpenApiDocument;
  readonly fetch: (request: Request) => Promise<Response>;
}

const isProduction = platform.environment === "production" || process.env["NODE_ENV"] === "production";

type Handler = (call: unknown) => unknown;

/**
 * Serves an OpenAPI 3.1 document: the document is the source, and the handlers fill it. Requests are checked before a handler sees them, and
 * answers before they are sent; what goes wrong is told as RFC 9457 has it.
 *
 * @param source - the document, or its file
 * @param handlers - one for each `operationId`; their types come from what openapi-typescript writes of the same document
 * @throws Problem contract-invalid - the document is none, or an operation has no handler
 */
export async function contract<Operations extends OperationTypes<Operations>>(
  source: string | URL | OpenApiDocument,
  handlers: Handlers<Operations>,
  options: ContractOptions = {},
): Promise<Contract> {
  const document = await readDocument(source);
  complete(document, handlers, options.auth ?? {});
  const site = new ContractSite(document, handlers as Readonly<Record<string, Handler>>, await validatorOf(document), options);
  return { document, fetch: site.fetch };
}

/** Tells at the start what would be found out at a request. */
function complete(document: OpenApiDocument, handlers: object, auth: Authenticators): void {
  const operations = operationsOf(document).map(({ operation }) => operation);
  const missing = operations.filter(({ operationId }) => !Object.hasOwn(handlers, operationId ?? ""));
  if (missing.length > 0) throw invalid(document.info.title, `no handler: ${missing.map(({ operationId }) => operationId).join(", ")}`);
  const schemes = new Set([document, ...operations].flatMap(({ security = [] }) => security.flatMap((each) => Object.keys(each))));
  const nobody = [...schemes].filter((scheme) => !Object.hasOwn(auth, scheme));
  if (nobody.length > 0) log.warn("nobody is let in by a scheme that has no authenticator", { schemes: nobody });
}

class ContractSite {
  readonly #document: OpenApiDocument;
  readonly #handlers: Readonly<Record<string, Handler>>;
  readonly #validator: Validator;
  readonly #options: ContractOptions;
  readonly #refusing: boolean;

  constructor(document: OpenApiDocument, handlers: Readonly<Record<string, Handler>>, validator: Validator, options: ContractOptions) {
    this.#document = document;
    this.#handlers = handlers;
    this.#validator = validator;
    this.#options = options;
    this.#refusing = (options.responses ?? (isProduction ? "log" : "refuse")) === "refuse";
  }

  readonly fetch = async (request: Request): Promise<Response> => {
    try {
      return await this.#answer(request);
    } catch (error) {
      if (error instanceof HttpProblem) return error.response();
      log.error("a request failed", {
        method: request.method,
        path: partsOf(request.url).pathname,
        ...failureFields(error),
      });
      return new HttpProblem(500, "Internal Server Error", { request_id: contextFields()?.["request_id"] }).response();
    }
  };

  async #answer(request: Request): Promise<Response> {
    const { pathname, search } = partsOf(request.url);
    const { documentPath = "/openapi.json", pagePath = "/docs", auth = {} } = this.#options;
    if (request.method === "GET" && pathname === documentPath) return Response.json(this.#document);
    if (request.method === "GET" && pathname === pagePath)
      return new Response(page(this.#document, documentPath), { headers: { "content-type": "text/html; charset=utf-8" } });
    const found = this.#validator.match(request.method, pathname);
    if (found === undefined) throw new HttpProblem(404, "Not Found");
    if (!("operation" in found)) throw new HttpProblem(405, "Method Not Allowed", { headers: { allow: found.join(", ") } });
    const { operation } = found;
    const handler = this.#handlers[operation.operationId ?? ""] as Handler;
    const identity = await authorize(request, operation, this.#document, auth);
    const body = await readBody(request, operation);
    const query = search === "" ? {} : queryOf(new URLSearchParams(search));
    const headers = found.asksNothing ? {} : Object.fromEntries(request.headers);
    const given = { method: request.method, path: pathname, query, headers, body };
    const understood = this.#validator.request(given, found);
    if (!("path" in understood))
      throw new HttpProblem(400, "Bad Request", { detail: "it is not as the contract says", errors: understood });
    const reply = (await handler({ ...understood, identity, request })) as Response | ReplyParts;
    return reply instanceof Response ? reply : this.#respond(reply, found);
  }

  #respond({ status, headers = {}, body }: ReplyParts, operation: ListedOperation): Response {
    const flaws = this.#validator.response(status, body, operation);
    if (flaws.length > 0) {
      log.error("an answer is not as the contract says", { operation: operation.operation.operationId, status, flaws });
      if (this.#refusing) throw new HttpProblem(500, "Internal Server Error", { detail: "the answer is not as the contract says" });
    }
    if (body === undefined) return new Response(null, { status, headers });
    const type = headers["content-type"] ?? mediaType(operation, status);
    const text = typeof body === "string" && !/json/.test(type) ? body : JSON.stringify(body);
    return new Response(text, { status, headers: { "content-type": type, ...headers } });
  }
}

interface ReplyParts {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** Of an absolute URL; making a `URL` of it would cost more than most answers. */
function partsOf(url: string): { readonly pathname: string; readonly search: string } {
  const from = url.indexOf("/", url.indexOf("://") + 3);
  const end = url.indexOf("#", from);
  const whole = from < 0 ? "/" : url.slice(from, end < 0 ? undefined : end);
  const query = whole.indexOf("?");
  return query < 0 ? { pathname: whole, search: "" } : { pathname: whole.slice(0, query), search: whole.slice(query) };
}

function queryOf(params: URLSearchParams): Readonly<Record<string, string | readonly string[]>> {
  return Object.fromEntries(
    [...new Set(params.keys())].map((name) => {
      const all = params.getAll(name);
      return [name, all.length === 1 ? (all[0] ?? "") : all];
    }),
  );
}

/** What the document says first for this status. */
function mediaType({ operation }: ListedOperation, status: number): string {
  const declared = (operation.responses?.[String(status)] ?? {}) as { readonly content?: Readonly<Record<string, unknown>> };
  return Object.keys(declared.content ?? {})[0] ?? "application/json";
}
