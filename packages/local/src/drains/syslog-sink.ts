import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { Drain } from "@douze/core";
import { rfc5424 } from "./rfc5424.ts";
import type { DrainLine, Origin, Sink } from "./sink.ts";

const connectMs = 10_000;
const sendMs = 30_000;
const ports: Readonly<Record<string, number>> = { "syslog:": 601, "syslog+tls:": 6514 };

/**
 * Sends messages of RFC 5424 over one connection, plain or TLS. The protocol has no acknowledgement: lines count as taken when the
 * kernel has them all, so that those on their way are lost with a connection that breaks.
 */
export class SyslogSink implements Sink {
  readonly #url: URL;
  readonly #ca: Buffer | undefined;
  readonly #origin: Origin;
  #socket: Socket | undefined;

  /** @throws Error - the file of certificates cannot be read */
  constructor(drain: Drain, origin: Origin) {
    this.#url = new URL(drain.url);
    this.#ca = drain.ca === undefined ? undefined : readFileSync(drain.ca);
    this.#origin = origin;
  }

  async send(lines: readonly DrainLine[], signal: AbortSignal): Promise<{ readonly refused: number }> {
    this.#socket ??= await this.#connect(signal);
    const socket = this.#socket;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const give = AbortSignal.any([signal, AbortSignal.timeout(sendMs)]);
    const end = (): void => reject(give.reason as Error);
    const closed = (): void => reject(new Error("the receiver closed the connection"));
    give.addEventListener("abort", end, { once: true });
    socket.once("error", reject);
    socket.once("close", closed);
    try {
      socket.write(lines.map((line) => rfc5424(line, this.#origin)).join(""), (error) => (error ? reject(error) : resolve()));
      await promise;
      return { refused: 0 };
    } catch (error) {
      this.#drop(socket);
      throw error;
    } finally {
      give.removeEventListener("abort", end);
      socket.off("error", reject);
      socket.off("close", closed);
    }
  }

  async close(): Promise<void> {
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket === undefined || socket.destroyed) return;
    socket.end();
    await once(socket, "close", { signal: AbortSignal.timeout(connectMs) }).catch(() => socket.destroy());
  }

  async #connect(signal: AbortSignal): Promise<Socket> {
    const { protocol, hostname, port } = this.#url;
    const host = hostname.replace(/^\[|\]$/g, "");
    const at = { host, port: port === "" ? (ports[protocol] ?? 0) : Number(port) };
    const isTls = protocol === "syslog+tls:";
    const socket = isTls
      ? connectTls({ ...at, ...(this.#ca && { ca: this.#ca }), ...(!/^[\d.:]+$/.test(host) && { servername: host }) })
      : connect(at);
    try {
      await once(socket, isTls ? "secureConnect" : "connect", { signal: AbortSignal.any([signal, AbortSignal.timeout(connectMs)]) });
    } catch (error) {
      socket.destroy();
      throw error;
    }
    // A receiver says nothing; read all the same, so that its end is noticed.
    socket.resume();
    socket.on("error", () => this.#drop(socket));
    socket.on("end", () => this.#drop(socket));
    socket.on("close", () => this.#drop(socket));
    socket.setKeepAlive(true, connectMs);
    return socket;
  }

  #drop(socket: Socket): void {
    socket.destroy();
    if (this.#socket === socket) this.#socket = undefined;
  }
}
