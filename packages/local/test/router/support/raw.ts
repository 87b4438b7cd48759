import { once } from "node:events";
import { createServer as createHttp, type Server as HttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { Router, type RouterOptions } from "../../../src/router/router.ts";

/** A process's side: an HTTP server on a free port. */
export class Upstream implements AsyncDisposable {
  readonly server: HttpServer | Server;
  readonly port: number;

  private constructor(server: HttpServer | Server) {
    this.server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  static async http(listener: (request: IncomingMessage, response: ServerResponse) => unknown): Promise<Upstream> {
    const server = createHttp({ keepAliveTimeout: 95_000 }, (request, response) => void listener(request, response));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new Upstream(server);
  }

  /** One that answers each connection as it likes, be it HTTP or not. */
  static async raw(onSocket: (socket: Socket) => void): Promise<Upstream> {
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      onSocket(socket);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new Upstream(server);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if ("closeAllConnections" in this.server) this.server.closeAllConnections();
    this.server.close();
  }
}

export async function routerTo(
  targets: readonly { readonly name: string; readonly port: number }[],
  options: Partial<RouterOptions> = {},
): Promise<Router> {
  const router = await Router.listen({ host: "127.0.0.1", port: 0, ...options });
  router.route({ app: "shop", hosts: [], fallback: true, targets, maintenance: false });
  return router;
}

/** Says bytes to a port and gives back all that comes until the other side ends. */
export async function say(port: number, ...pieces: readonly string[]): Promise<string> {
  const socket = connect({ host: "127.0.0.1", port });
  socket.on("error", () => undefined);
  let heard = "";
  socket.setEncoding("latin1").on("data", (text: string) => {
    heard += text;
  });
  for (const piece of pieces) {
    socket.write(piece, "latin1");
    await new Promise((resolve) => setImmediate(resolve));
  }
  await once(socket, "close");
  return heard;
}

/** Stays connected, and reads until what has come holds a text. */
export class Talk implements Disposable {
  readonly socket: Socket;
  heard = "";
  #wake: () => void = () => undefined;

  constructor(port: number) {
    this.socket = connect({ host: "127.0.0.1", port });
    this.socket.on("error", () => undefined);
    this.socket.setEncoding("latin1").on("data", (text: string) => {
      this.heard += text;
      this.#wake();
    });
    this.socket.on("close", () => this.#wake());
  }

  say(text: string): void {
    this.socket.write(text, "latin1");
  }

  async until(text: string | RegExp): Promise<string> {
    const holds = (): boolean => (typeof text === "string" ? this.heard.includes(text) : text.test(this.heard));
    while (!holds()) {
      if (this.socket.closed) throw new Error(`the connection ended after ${JSON.stringify(this.heard)}`);
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
    return this.heard;
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}
