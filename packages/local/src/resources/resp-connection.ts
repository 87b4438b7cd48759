import type { Socket } from "node:net";
import { command, firstReply, type Reply } from "./plan/resp.ts";
import { openSocket, type SocketPlace } from "./socket.ts";

/** A server of Redis' kind answered that something is wrong. */
export class RespError extends Error {}

/** A connection to a server of Redis' kind, for one question at a time. */
export class RespConnection implements Disposable {
  readonly #socket: Socket;
  #received = "";

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding("latin1");
  }

  /** @throws Error with a `code` - it cannot be reached, or the signal aborted */
  static async open(place: SocketPlace, signal: AbortSignal): Promise<RespConnection> {
    return new RespConnection(await openSocket(place, signal));
  }

  /**
   * The answer as text; of a list its items, one a line.
   *
   * @throws RespError - the server answers with an error
   */
  async ask(...words: readonly string[]): Promise<string> {
    this.#socket.write(command(words));
    const reply = await this.#reply();
    if ("error" in reply) throw new RespError(reply.error);
    return textOf(reply);
  }

  [Symbol.dispose](): void {
    this.#socket.on("error", () => undefined);
    this.#socket.destroy();
  }

  async #reply(): Promise<Reply> {
    for (;;) {
      const first = firstReply(this.#received);
      if (first) {
        this.#received = this.#received.slice(first.end);
        return first.reply;
      }
      this.#received += await this.#more();
    }
  }

  async #more(): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const closed = (): void => reject(Object.assign(new Error("the connection was closed"), { code: "ECONNRESET" }));
    this.#socket.once("data", resolve).once("error", reject).once("close", closed);
    try {
      return await promise;
    } finally {
      this.#socket.off("data", resolve).off("error", reject).off("close", closed);
    }
  }
}

function textOf(reply: Reply): string {
  if ("error" in reply) return reply.error;
  return typeof reply.value === "object" && reply.value !== null ? reply.value.map(textOf).join("\n") : (reply.value ?? "");
}
