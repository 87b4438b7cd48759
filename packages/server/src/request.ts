import type { IncomingMessage } from "node:http";
import { Problem } from "@douze/core/problem";
import type { ProblemMessage } from "./agreement.ts";
import { pathText, queryText } from "./parameters.ts";
import { problemOf } from "./problem-message.ts";
import type { Route } from "./route.ts";
import type { Parts } from "./validate.ts";

// Not imported: an import of node:http reads all its names, among them WebSocket, which loads far more than it takes to ask.
const { request } = process.getBuiltinModule("node:http");

/**
 * Sends a request and waits for its answer to begin.
 *
 * @throws Problem engine-not-running - nothing listens on the socket
 * @throws Problem engine-lost - the connection ended before there was an answer
 * @throws Problem - the engine's own, when it could not do what was asked
 */
export async function send(socketPath: string, route: Route, { path, query, body }: Parts, signal?: AbortSignal): Promise<IncomingMessage> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const sent = request({
    socketPath,
    method: route.method,
    path: pathText(route.path, path) + queryText(query),
    headers: text === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(text) },
    agent: false,
    ...(signal && { signal }),
  });
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    sent.once("response", resolve);
    sent.once("error", (error: NodeJS.ErrnoException) => reject(signal?.aborted ? error : notAnswered(socketPath, error)));
    sent.end(text);
  });
  if ((response.statusCode ?? 500) < 300) return response;
  throw await refusal(response);
}

/** @throws Problem engine-lost - the connection ended in the middle of the answer, or it is no JSON */
export async function readJson(response: IncomingMessage): Promise<unknown> {
  const text = await readText(response);
  try {
    return JSON.parse(text);
  } catch {
    throw noEngine("its answer is no JSON");
  }
}

async function readText(response: IncomingMessage): Promise<string> {
  try {
    response.setEncoding("utf8");
    let text = "";
    for await (const part of response as AsyncIterable<string>) text += part;
    return text;
  } catch (error) {
    throw engineLost(error);
  }
}

export function engineLost(cause: unknown): Problem {
  return new Problem({
    code: "engine-lost",
    what: "the engine went away while it was answering",
    why: "it was ended, or it has crashed; what it had begun may be done or not",
    fix: "`douze status` shows what runs, `douze releases` what became of the last release; `douze up` starts the engine again where it was",
    cause,
  });
}

async function refusal(response: IncomingMessage): Promise<Problem> {
  if (response.headers["content-type"] === "application/problem+json") return problemOf((await readJson(response)) as ProblemMessage);
  response.resume();
  return noEngine(`it answered with status ${response.statusCode}`);
}

function noEngine(why: string): Problem {
  return new Problem({
    code: "engine-lost",
    what: "what listens on the engine's socket does not answer as an engine does",
    why,
    fix: "look at what listens there: `ss -xlp`",
  });
}

function notAnswered(socketPath: string, error: NodeJS.ErrnoException): Problem {
  const absent = error.code === "ENOENT" || error.code === "ECONNREFUSED" || error.code === "ENOTSOCK";
  if (error.code === "EACCES" || error.code === "EPERM") return forbidden(socketPath, error);
  if (!absent) return engineLost(error);
  return new Problem({
    code: "engine-not-running",
    what: "no engine runs for this environment",
    why: `nothing listens on ${socketPath}`,
    fix: "`douze up` starts one",
    cause: error,
  });
}

function forbidden(socketPath: string, cause: unknown): Problem {
  return new Problem({
    code: "engine-forbidden",
    what: "this user may not talk to the engine",
    why: `${socketPath} belongs to another user`,
    fix: "run the command as the user who started the engine: `ls -l` of that file names them",
    cause,
  });
}
