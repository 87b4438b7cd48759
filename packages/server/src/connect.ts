import type { LogLine } from "@douze/core/log";
import type { OnProgress, Operations } from "@douze/engine";
import type { Last, Message, OperationId } from "./agreement.ts";
import { calls } from "./calls.ts";
import { readLines } from "./lines.ts";
import { problemOf } from "./problem-message.ts";
import { engineLost, readJson, send } from "./request.ts";
import { routes } from "./routes.gen.ts";

/**
 * The operations of an engine that listens on a Unix socket. Nothing is opened before the first is called.
 *
 * @throws Problem engine-not-running, engine-forbidden, engine-lost - from each operation, beside the engine's own
 */
export function connect(socketPath: string): Operations {
  const asked = Object.fromEntries(
    (Object.keys(routes) as OperationId[]).map((id) => {
      if (id === "logs") return [id, (...given: unknown[]) => lines(socketPath, id, given)];
      const ask = routes[id].answer === "lines" ? progress : whole;
      return [id, (...given: unknown[]) => ask(socketPath, id, given)];
    }),
  );
  // `Calls` holds the document against `Operations`, and the server holds what it is sent against the document.
  return asked as unknown as Operations;
}

async function whole(socketPath: string, id: OperationId, given: readonly unknown[]): Promise<unknown> {
  const response = await send(socketPath, routes[id], pack(id, given));
  if (routes[id].answer !== "nothing") return await readJson(response);
  response.resume();
  return undefined;
}

async function progress(socketPath: string, id: OperationId, given: readonly unknown[]): Promise<unknown> {
  const onProgress = given.at(-1) as OnProgress;
  const response = await send(socketPath, routes[id], pack(id, given.slice(0, -1)));
  for await (const line of guarded(readLines(response))) {
    if (line.problem) throw problemOf(line.problem);
    if ("result" in line) return line.result;
    onProgress(line as unknown as Parameters<OnProgress>[0]);
  }
  throw engineLost(undefined);
}

async function* lines(socketPath: string, id: OperationId, given: readonly unknown[]): AsyncIterable<LogLine> {
  const signal = given.at(-1) as AbortSignal;
  try {
    const response = await send(socketPath, routes[id], pack(id, given.slice(0, -1)), signal);
    for await (const line of guarded(readLines(response))) {
      if (line.problem) throw problemOf(line.problem);
      yield line as unknown as LogLine;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

function pack(id: OperationId, given: readonly unknown[]): Message<OperationId> {
  return (calls[id].pack as (...given: readonly unknown[]) => Message<OperationId>)(...given);
}

/** A stream that breaks off is a lost engine. */
async function* guarded(values: AsyncGenerator<unknown>): AsyncGenerator<Last> {
  try {
    for await (const value of values) yield value as Last;
  } catch (error) {
    throw engineLost(error);
  }
}
