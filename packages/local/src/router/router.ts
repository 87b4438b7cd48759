import { createServer, type Server, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Server as SecureServer } from "node:tls";
import type { CertificateFiles } from "@douze/core";
import { Certificates } from "../tls/certificates.ts";
import type { AccessRecord } from "./access.ts";
import { ClientConnection, type ConnectionHost } from "./client-connection.ts";
import { defaultLimits, type Limits } from "./limits.ts";
import type { AppRoute } from "./routes.ts";
import { Sessions, secureServer } from "./secure-server.ts";
import { StreamClient } from "./stream-client.ts";
import { Switchboard } from "./switchboard.ts";

export interface RouterOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** An inherited socket to listen on, in place of host and port. */
  readonly fd?: number;
  readonly limits?: Partial<Limits>;
  /** Addresses whose `X-Forwarded-*` and `Forwarded` are believed. Default none. */
  readonly trusted?: readonly string[];
  /** Told of each request when it is over. */
  readonly onAccess?: (record: AccessRecord) => void;
  /** Speak TLS, with these. Default plain. */
  readonly tls?: readonly CertificateFiles[];
  /** For people: what became of certificates. */
  readonly note?: (text: string) => void;
}

/** How often time-outs are looked at, in milliseconds: one look at all connections costs less than a timer for each. */
const lookMs = 500;

/**
 * One public port for several apps, by host name. HTTP/1.1 to clients and to processes, keep-alive on both sides, bodies streamed
 * both ways, upgrades. No sessions are pinned to a process.
 */
export class Router implements AsyncDisposable {
  readonly #server: Server;
  readonly #board: Switchboard;
  readonly #connections = new Set<ClientConnection>();
  readonly #timer: NodeJS.Timeout;
  readonly #trusted: ReadonlySet<string>;
  readonly #host: ConnectionHost;
  readonly #certificates: Certificates | undefined;
  readonly #secure: SecureServer | undefined;
  readonly #sessions = new Sessions();
  #port = 0;

  private constructor(options: RouterOptions) {
    const { limits, onAccess, tls, note = () => undefined } = options;
    this.#board = new Switchboard({ ...defaultLimits, ...limits });
    this.#trusted = new Set(options.trusted ?? []);
    this.#host = { onAccess, closed: (connection) => void this.#connections.delete(connection) };
    this.#certificates =
      tls && new Certificates({ note, onDefault: (each) => this.#secure?.setSecureContext({ cert: each.cert, key: each.key }) });
    this.#secure = this.#certificates && this.#secureServer(this.#certificates);
    this.#server = this.#secure ?? createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#take(socket, socket, "http"));
    this.#certificates?.set(tls ?? []);
    this.#timer = setInterval(() => this.#look(), lookMs);
  }

  /** @throws Problem port-taken, port-forbidden */
  static async listen(options: RouterOptions): Promise<Router> {
    const router = new Router(options);
    const server = router.#server;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once("error", reject);
    const place = options.fd === undefined ? { host: options.host, port: options.port } : { fd: options.fd };
    server.listen({ ...place, backlog: 1024 }, resolve);
    try {
      await promise;
    } catch (error) {
      clearInterval(router.#timer);
      router.#certificates?.[Symbol.dispose]();
      // What words a problem needs more memory than all the rest of a router.
      const { portProblem } = await import("./port-problem.ts");
      throw portProblem(error as NodeJS.ErrnoException, options);
    }
    const address = server.address();
    router.#port = typeof address === "object" && address !== null ? address.port : options.port;
    return router;
  }

  get port(): number {
    return this.#port;
  }

  /** Other certificates, of a router that speaks TLS. */
  certify(files: readonly CertificateFiles[]): void {
    this.#certificates?.set(files);
  }

  /** Replaces one app's route. A request is claimed by a target in the same turn in which it looks at the route. */
  route(route: AppRoute): void {
    this.#board.routes.set(route);
  }

  remove(app: string): void {
    this.#board.routes.remove(app);
  }

  /** Requests and upgraded connections on their way to a target. */
  inFlight(target: string): number {
    return this.#board.inFlight.of(target);
  }

  /** Resolves when nothing is in flight to a target. */
  async drained(target: string): Promise<void> {
    await this.#board.inFlight.drained(target);
  }

  /** Ends a target's upgraded connections, spread over some milliseconds, so that its clients do not all come back at once. */
  goodbye(target: string, spreadMs: number): void {
    const tunnels = [...this.#connections].flatMap(({ tunnel }) => (tunnel && tunnel.target === target && !tunnel.ended ? [tunnel] : []));
    for (const [index, tunnel] of tunnels.entries()) setTimeout(() => tunnel.goodbye(), (spreadMs * index) / tunnels.length).unref();
  }

  /**
   * Takes no new connections, and resolves when the last of those that there are has ended: each after its next answer, which tells
   * the client so, or when it has been idle for too long. What waits in the queue of an inherited socket is left to others.
   */
  async retire(): Promise<void> {
    this.#board.retiring = true;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    this.#sessions.close();
    await promise;
  }

  /** Takes no new connections, and ends those that there are: at once where they are idle, else after their answer. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#board.closing = true;
    clearInterval(this.#timer);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#certificates?.[Symbol.dispose]();
    this.#server.close(() => resolve());
    this.#sessions.close();
    for (const connection of this.#connections) {
      if (connection.tunnel) connection.tunnel.close();
      else if (connection.idle) connection.client.destroy();
    }
    const patience = setTimeout(() => {
      for (const { client } of this.#connections) client.destroy();
      this.#sessions.destroy();
    }, 5_000);
    await promise;
    clearTimeout(patience);
    this.#board.pool.close();
  }

  #secureServer(certificates: Certificates): SecureServer {
    const { limits } = this.#board;
    return secureServer(certificates, this.#sessions, limits, {
      onSocket: (socket) => this.#take(socket, socket, "https"),
      onStream: (stream, headers, ended, socket) => this.#take(new StreamClient(stream, headers, ended, limits), socket, "https"),
    });
  }

  /** @param client - what a request comes by: the socket itself, or one stream in it */
  #take(client: Duplex, socket: Socket, protocol: "http" | "https"): void {
    if (this.#connections.size >= this.#board.limits.connections) return void client.destroy();
    const address = (socket.remoteAddress ?? "").replace(/^::ffff:/, "");
    const peer = { address, port: this.#port, trusted: this.#trusted.has(address), protocol };
    this.#connections.add(new ClientConnection(client, peer, this.#board, this.#host));
  }

  #look(): void {
    const now = Date.now();
    for (const connection of this.#connections) connection.check(now);
    this.#board.pool.sweep(now, new Set(this.#board.routes.targets().map(({ port }) => port)));
  }
}
