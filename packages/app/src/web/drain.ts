import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { Server as NetServer, type Socket } from "node:net";
import { setTimeout } from "node:timers/promises";

/**
 * Lets a server end without losing a request. Connections that are kept are not closed under their clients: each is answered once more, with
 * `Connection: close`, and its client then knows. One that nobody uses is closed after a while.
 */
export class Drain {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #leaving = false;

  constructor(server: Server) {
    this.#server = server;
    server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
  }

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
   * Waits until all is answered.
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
