import { once } from "node:events";
import { readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Problem } from "@douze/core/problem";
import type { OnProgress, Operations } from "@douze/engine";
import type { Message, OperationId } from "./agreement.ts";
import { calls } from "./calls.ts";
import { match } from "./match.ts";
import { readParameters } from "./parameters.ts";
import { defectProblem, problemMessage } from "./problem-message.ts";
import { readBody } from "./read-body.ts";
import { routes } from "./routes.gen.ts";
import { validate } from "./validate.ts";

export interface Answering {
  readonly operations: Operations;
  /** Aborts when the server stops. */
  readonly stopping: AbortSignal;
  readonly onDefect: (error: unknown) => void;
}

/** Answers one request, whatever comes of it. */
export async function answer(answering: Answering, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    await dispatch(answering, request, response);
  } catch (error) {
    fail(answering, response, error);
  }
  if (!response.writableEnded) response.end();
}

async function dispatch(answering: Answering, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const method = request.method ?? "GET";
  const [path = "/", query = ""] = (request.url ?? "/").split(/\?(.*)/s, 2);
  const found = match(method, path);
  switch (found.kind) {
    case "operation":
      return await run(answering, found.id, found.path, query, request, response);
    case "document":
      return sendText(response, 200, "application/json", await readFile(new URL("../openapi.gen.json", import.meta.url), "utf8"));
    case "method-unknown":
      response.setHeader("allow", found.allowed.join(", "));
      throw unknown("request-method-unknown", `\`${path}\` takes no ${method}`, `it takes ${found.allowed.join(", ")}`);
    case "path-unknown":
      throw unknown(
        "request-path-unknown",
        `the API has no path \`${path.slice(0, 200)}\``,
        "this engine may be older or newer than what asks it",
      );
  }
}

async function run(
  answering: Answering,
  id: OperationId,
  path: Readonly<Record<string, string>>,
  query: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const route = routes[id];
  const parts = {
    path: readParameters(route.pathKinds, Object.entries(path)),
    query: readParameters(route.queryKinds, new URLSearchParams(query)),
    ...(route.body && { body: await readBody(request, id) }),
  };
  validate(id, parts);
  // The document was just held against it, and `Calls` holds the document against `Operations`.
  const given = (calls[id].unpack as (message: Message<never>) => readonly unknown[])(parts as Message<never>);
  const operation = answering.operations[id] as (...given: readonly unknown[]) => unknown;
  if (id === "logs") return await sendLines(response, answering, (signal) => operation(...given, signal) as AsyncIterable<unknown>);
  if (route.answer === "lines") return await sendProgress(response, (onProgress) => operation(...given, onProgress) as Promise<unknown>);
  const result = await operation(...given);
  if (route.answer === "nothing") response.writeHead(route.status).end();
  else sendText(response, route.status, "application/json", JSON.stringify(result));
}

/** Goes on when the caller goes away: a release is seen through. */
async function sendProgress(response: ServerResponse, operation: (onProgress: OnProgress) => Promise<unknown>): Promise<void> {
  const result = await operation((event) => writeLine(response, event));
  writeLine(response, { result });
}

async function sendLines(
  response: ServerResponse,
  { stopping }: Answering,
  lines: (signal: AbortSignal) => AsyncIterable<unknown>,
): Promise<void> {
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  const signal = AbortSignal.any([gone.signal, stopping]);
  try {
    for await (const line of lines(signal)) {
      if (!writeLine(response, line)) await once(response, "drain", { signal });
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  startLines(response);
}

/** False when the caller reads more slowly than lines come. */
function writeLine(response: ServerResponse, value: unknown): boolean {
  if (response.destroyed) return true;
  startLines(response);
  return response.write(`${JSON.stringify(value)}\n`);
}

function startLines(response: ServerResponse): void {
  if (!response.headersSent) response.writeHead(200, { "content-type": "application/x-ndjson", "cache-control": "no-store" });
}

function fail({ onDefect }: Answering, response: ServerResponse, error: unknown): void {
  if (!(error instanceof Problem)) onDefect(error);
  const message = problemMessage(error instanceof Problem ? error : defectProblem());
  if (response.headersSent) writeLine(response, { problem: message });
  else sendText(response, message.status, "application/problem+json", JSON.stringify(message));
}

function sendText(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(text), "cache-control": "no-store" }).end(text);
}

function unknown(code: "request-method-unknown" | "request-path-unknown", what: string, why: string): Problem {
  return new Problem({ code, what, why, fix: "docs/reference/api.md lists them all; `GET /v1/openapi.json` answers this engine's own" });
}
