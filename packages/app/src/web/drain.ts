import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { Server as NetServer, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout } from "node:timers/promises";

/** 1012, service restart: the client should come again. A close frame of a server, which is not masked. @see RFC 6455, section 5.5.1 */
const closeFrame = Buffer.from([0x88, 0x02, 0x03, 0xf4]);

/**
 * Lets a server end without losing a request. Connections that are kept are not closed under their clients: each is answered once more, with
 * `Connection: close`, and its client then knows. One that nobody uses is closed after a while.
 */
export class Drain {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #webSockets = new Set<Socket>();
  #leaving = false;

  constructor(server: Server) {
    this.#server = server;
    server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => {
        this.#sockets.delete(socket);
        this.#webSockets.delete(socket);
      });
    });
    // A listener for upgrades changes what a server does with them: ours comes with the app's own, never alone.
    const found = (event: string | symbol): void => {
      if (event !== "upgrade") return;
      server.off("newListener", found);
      process.nextTick(() => server.prependListener("upgrade", this.#mark));
    };
    server.on("newListener", found);
  }

  readonly #mark = ({ headers }: IncomingMessage, socket: Duplex): void => {
    if (headers.upgrade?.toLowerCase() === "websocket") this.#webSockets.add(socket as Socket);
  };

  get leaving(): boolean {
    return this.#leaving;
  }

  /** Tells a client that its connection ends with this answer. */
  mark(_request: IncomingMessage, response: ServerResponse): void {
    if (this.#leaving) response.shouldKeepAlive = false;
  }

  /** From now on answers end their connections. */
  leave(): void {
    this.#leaving = true;
    // Those that are being made do so too, where their head is not out yet.
    for (const socket of this.#sockets) {
      const { _httpMessage: response } = socket as { _httpMessage?: ServerResponse };
      if (response && !response.headersSent) response.shouldKeepAlive = false;
    }
  }

  /** Takes no connection more. `http.Server`'s own `close` would end idle connections at once, with the request that is on its way there. */
  stopAccepting(): void {
    if (this.#server.listening) NetServer.prototype.close.call(this.#server);
  }

  /**
   * Waits until all is answered. WebSockets are told to come again, and end when their clients say so too.
   *
   * @param idleMs - how long connections that lie idle are kept for the request that may be on its way
   * @param deadline - after it the rest is cut
   */
  async finished(idleMs: number, deadline: AbortSignal): Promise<void> {
    const closed = Promise.withResolvers<void>();
    const wait = (): void => {
      if (this.#sockets.size === 0) closed.resolve();
      else for (const socket of this.#sockets) socket.once("close", () => this.#sockets.size === 0 && closed.resolve());
    };
    wait();
    for (const socket of this.#webSockets) if (socket.writable) socket.write(closeFrame);
    const cut = (): void => {
      for (const socket of this.#sockets) socket.destroy();
    };
    deadline.addEventListener("abort", cut, { once: true });
    const idle = new AbortController();
    const patience = setTimeout(idleMs, undefined, { signal: AbortSignal.any([idle.signal, deadline]), ref: false }).then(
      () => this.#server.closeIdleConnections(),
      () => undefined,
    );
    await closed.promise;
    idle.abort();
    await patience;
    deadline.removeEventListener("abort", cut);
  }
}
