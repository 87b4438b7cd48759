import type { Socket } from "node:net";
import type { Duplex } from "node:stream";

/** 1012, service restart: the client should come again. A close frame of a server, which is not masked. @see RFC 6455 */
const closeFrame = Buffer.from([0x88, 0x02, 0x03, 0xf4]);

/** An upgraded connection: bytes go both ways until one side ends. */
export class Tunnel {
  readonly target: string;
  readonly #client: Duplex;
  readonly #upstream: Socket;
  readonly #over: () => void;
  readonly #webSocket: boolean;
  movedAt: number = Date.now();
  #ended = false;

  /** @param over - called once, at the end */
  constructor(client: Duplex, upstream: Socket, target: string, webSocket: boolean, over: () => void) {
    this.#client = client;
    this.#upstream = upstream;
    this.target = target;
    this.#webSocket = webSocket;
    this.#over = over;
    this.#join(client, upstream);
    this.#join(upstream, client);
    client.resume();
    upstream.resume();
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Tells the client to go, in the words of WebSocket where it speaks them; the rest is cut. */
  goodbye(): void {
    if (this.#ended) return;
    if (this.#webSocket) this.#client.end(closeFrame);
    else this.#client.end();
    this.#upstream.end();
  }

  close(): void {
    this.#client.destroy();
    this.#upstream.destroy();
    this.#end();
  }

  #join(from: Duplex, to: Duplex): void {
    from.on("data", (piece: Buffer) => {
      this.movedAt = Date.now();
      if (to.writable && !to.write(piece)) from.pause();
    });
    to.on("drain", () => from.resume());
    from.on("end", () => to.end());
    from.on("close", () => {
      // What is written is still sent.
      to.end();
      if (to.writableFinished) to.destroy();
      else to.once("finish", () => to.destroy());
      this.#end();
    });
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#over();
  }
}
