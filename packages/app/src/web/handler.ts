import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { library } from "../resource/library.ts";

/** A function from a request to its answer, in the words of the web. */
export type FetchHandler = (request: Request, ...rest: never[]) => Response | Promise<Response>;

/** An object with a `fetch`, such as a Hono app. */
export interface FetchApp {
  readonly fetch: FetchHandler;
}

/** What of Fastify is used here. */
export interface FastifyApp {
  ready(): PromiseLike<unknown>;
  close(): PromiseLike<unknown>;
  readonly routing: (request: IncomingMessage, response: ServerResponse) => void;
}

/** What `serve` takes: a fetch handler, a Hono app, a Fastify app, an Express app, or a listener of `node:http`. */
export type WebApp = FetchHandler | FetchApp | FastifyApp | RequestListener;

/** A listener, and what is to be closed with it. */
export interface Answering {
  readonly listener: (request: IncomingMessage, response: ServerResponse) => unknown;
  readonly close?: () => Promise<void>;
}

/**
 * Tells which of them it is. A function of one parameter or none is a fetch handler, one of two or three a listener.
 *
 * @throws Problem library-missing - a fetch handler, and `@hono/node-server` is not installed
 */
export async function answeringOf(app: WebApp): Promise<Answering> {
  if (isFastify(app)) {
    await app.ready();
    return { listener: (request, response) => app.routing(request, response), close: async () => void (await app.close()) };
  }
  if (typeof app !== "function") return await fetching((request, ...rest) => app.fetch(request, ...rest));
  return app.length >= 2 ? { listener: app as RequestListener } : await fetching(app as FetchHandler);
}

function isFastify(app: WebApp): app is FastifyApp {
  return "routing" in app && "ready" in app && "close" in app;
}

async function fetching(handler: FetchHandler): Promise<Answering> {
  const { getRequestListener } = await library(["@hono/node-server", "hono"], () => import("@hono/node-server"));
  const failures = new WeakMap<object, unknown>();
  const noting = (request: Request, around: { readonly outgoing: object }, ...rest: never[]): Response | Promise<Response> => {
    const fail = (error: unknown): never => {
      failures.set(around.outgoing, error);
      throw error;
    };
    try {
      const answer = handler(request, ...([around, ...rest] as never[]));
      // What is answered at once goes the adapter's short way.
      return answer instanceof Promise ? answer.catch(fail) : answer;
    } catch (error) {
      return fail(error);
    }
  };
  // With no answer the adapter leaves it to us.
  // The adapter's own `Response`, which it puts in place of Node's, is written as it is; Node's has to be read as a stream.
  const listener = getRequestListener(noting as never, { errorHandler: () => undefined as never });
  return {
    listener: async (request, response) => {
      await listener(request, response);
      if (failures.has(response)) throw failures.get(response);
    },
  };
}
