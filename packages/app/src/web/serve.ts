import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout } from "node:timers/promises";
import { withContext } from "../log/context.ts";
import { failureFields } from "../log/failure.ts";
import { log } from "../log/log.ts";
import { platform } from "../platform.ts";
import { Problem } from "../problem.ts";
import { health } from "../resource/health.ts";
import { onStop } from "../stop/stop.ts";
import { histogram } from "../telemetry/metrics.ts";
import { spanned } from "../telemetry/trace.ts";
import { Drain } from "./drain.ts";
import { type Answering, answeringOf, type WebApp } from "./handler.ts";
import { BodyTooLarge, boundBody, defaultBodyBytes, refuse, type WebLimits } from "./limits.ts";
import { type Listening, listeningPlace } from "./place.ts";
import { requestContext } from "./request-context.ts";

export interface ServeOptions {
  /** Default `PORT`, or 3000. */
  readonly port?: number;
  /** Default `HOST`, or all addresses. */
  readonly host?: string;
  /** Answers 200 while requests may come, and 503 while a resource is away or the process is ending. Default `/readyz`. */
  readonly readiness?: string;
  /** Answers 200 while the process lives: it asks nobody else, or one database would end all processes. Default `/livez`. */
  readonly liveness?: string;
  readonly limits?: WebLimits;
  /**
   * How long requests are still taken after the process is told to stop, in milliseconds, until nobody sends any more. Default 5_000 in
   * Kubernetes, whose endpoints follow late, and 0 elsewhere.
   */
  readonly unreadyMs?: number;
  /**
   * How long connections that lie idle are kept at the end, for the request that may be on its way, in milliseconds. Default 5_000, and 500
   * under Douze, which leads nobody here any more by then.
   */
  readonly lingerMs?: number;
}

/** What serves. It ends with the process, or, for a test, when it is disposed of. */
export interface Web extends AsyncDisposable {
  readonly port: number;
  readonly server: Server;
}

const duration = histogram("http.server.request.duration", { unit: "s", description: "From a request's head to the end of its answer" });

/**
 * Serves an app at `PORT`, or at the socket that the platform hands over (`LISTEN_FDS`), until the process is told to stop; then it loses no
 * request.
 *
 * @see https://12factor.net/port-binding
 * @throws Problem listen-failed
 */
export async function serve(app: WebApp, options: ServeOptions = {}): Promise<Web> {
  const {
    limits = {},
    lingerMs = platform.process ? 500 : 5_000,
    unreadyMs = process.env["KUBERNETES_SERVICE_HOST"] ? 5_000 : 0,
  } = options;
  const answering = await answeringOf(app);
  const server = createServer({
    keepAliveTimeout: limits.idleMs ?? 95_000,
    headersTimeout: limits.headMs ?? 30_000,
    requestTimeout: limits.requestMs ?? 300_000,
    connectionsCheckingInterval: 5_000,
  });
  if (limits.connections !== undefined) server.maxConnections = limits.connections;
  const drain = new Drain(server);
  server.on("request", new Site(answering, drain, options).onRequest);
  const port = await listening(server, listeningPlace(options, process.env, process.pid));
  const givenBack = [
    onStop("unready", "web", async (deadline) => {
      drain.leave();
      await setTimeout(unreadyMs, undefined, { signal: deadline }).catch(() => undefined);
    }),
    onStop("accept", "web", () => drain.stopAccepting()),
    onStop("finish", "web", (deadline) => drain.finished(lingerMs, deadline)),
    onStop("close", "web", () => answering.close?.()),
  ];
  log.info("listening", { port });
  return {
    port,
    server,
    [Symbol.asyncDispose]: async () => {
      for (const giveBack of givenBack) giveBack();
      drain.leave();
      drain.stopAccepting();
      await drain.finished(0, AbortSignal.timeout(lingerMs));
      await answering.close?.();
    },
  };
}

async function listening(server: Server, place: Listening): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(place, resolve);
  try {
    await promise;
  } catch (cause) {
    throw listenFailed(place, cause);
  }
  server.off("error", reject);
  const address = server.address() as AddressInfo | string | null;
  return typeof address === "object" && address ? address.port : 0;
}

function listenFailed(place: Listening, cause: unknown): Problem {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown";
  return new Problem({
    code: "listen-failed",
    what: "fd" in place ? `the socket at descriptor ${place.fd} cannot be listened on` : `port ${place.port} cannot be listened on`,
    why: code === "EADDRINUSE" ? "another process listens there" : code,
    fix: "set PORT to another one, or end what listens there",
    cause,
  });
}

/** What becomes of each request. */
class Site {
  readonly #answering: Answering;
  readonly #drain: Drain;
  readonly #readiness: string;
  readonly #liveness: string;
  readonly #bodyBytes: number;
  readonly #mostInFlight: number;
  #inFlight = 0;

  constructor(answering: Answering, drain: Drain, { readiness = "/readyz", liveness = "/livez", limits = {} }: ServeOptions) {
    this.#answering = answering;
    this.#drain = drain;
    this.#readiness = readiness;
    this.#liveness = liveness;
    this.#bodyBytes = limits.bodyBytes ?? defaultBodyBytes;
    this.#mostInFlight = limits.inFlight ?? Number.POSITIVE_INFINITY;
  }

  readonly onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    this.#drain.mark(request, response);
    const { url = "/", method = "GET" } = request;
    const query = url.indexOf("?");
    const path = query < 0 ? url : url.slice(0, query);
    if (path === this.#liveness) return void response.writeHead(200, plain).end("alive\n");
    if (path === this.#readiness) return void this.#answerReadiness(response);
    if (this.#inFlight >= this.#mostInFlight) return refuse(response, 503, { "retry-after": "1" });
    if (!boundBody(request, response, this.#bodyBytes)) return;
    this.#inFlight++;
    const begun = performance.now();
    response.once("close", () => {
      this.#inFlight--;
      duration.record((performance.now() - begun) / 1000, {
        "http.request.method": method,
        "http.response.status_code": response.statusCode,
      });
    });
    const context = requestContext(request);
    withContext(context, () => void this.#answer(request, response, method, path));
  };

  async #answer(request: IncomingMessage, response: ServerResponse, method: string, path: string): Promise<void> {
    try {
      await spanned(
        method,
        { "http.request.method": method, "url.path": path },
        async (span) => {
          await this.#answering.listener(request, response);
          if (span && !response.writableFinished && !response.destroyed) await ended(response);
          span?.setAttribute("http.response.status_code", response.statusCode);
        },
        { kind: "SERVER", carrier: request.headers },
      );
    } catch (error) {
      if (error instanceof BodyTooLarge) return;
      log.error("a request failed", {
        method,
        path,
        ...failureFields(error),
      });
      if (response.headersSent) response.destroy();
      else refuse(response, 500);
    }
  }

  async #answerReadiness(response: ServerResponse): Promise<void> {
    const { well, checks } = this.#drain.leaving ? { well: false, checks: { process: "stopping" } } : await health();
    response.writeHead(well ? 200 : 503, { "content-type": "application/json", "cache-control": "no-store" });
    response.end(`${JSON.stringify({ ready: well, checks })}\n`);
  }
}

const plain = { "content-type": "text/plain", "cache-control": "no-store" } as const;

async function ended(response: ServerResponse): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  response.once("close", resolve);
  await promise;
}
