import type { ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import { createServer, type Server, type TLSSocket } from "node:tls";
import type { Certificates } from "../tls/certificates.ts";
import type { Limits } from "./limits.ts";

/** HTTP/2 as it is spoken here. Streams at once and a client's window, in bytes, bound what one connection may hold. */
const settings = { maxConcurrentStreams: 128, initialWindowSize: 256 * 1024, enableConnectProtocol: false };
/** The flag of a frame that is the last of its side. */
const endStream = 0x1;

export interface SecureEvents {
  /** A connection that speaks HTTP/1.1. */
  readonly onSocket: (socket: TLSSocket) => void;
  /** A request of HTTP/2. `ended`: it has no body. */
  readonly onStream: (stream: ServerHttp2Stream, headers: readonly string[], ended: boolean, socket: TLSSocket) => void;
}

/** What of a secure port is not one client alone: connections from before their handshake on, and sessions of HTTP/2. */
export class Sessions {
  readonly #all = new Set<ServerHttp2Session>();
  readonly #sockets = new Set<Socket>();

  /** Tells all to open no more requests, and ends each after those that it has. */
  close(): void {
    for (const session of this.#all) session.close();
  }

  destroy(): void {
    for (const session of this.#all) session.destroy();
    for (const socket of this.#sockets) socket.destroy();
  }

  /** A connection, before its handshake. */
  meet(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
  }

  begin(socket: TLSSocket, { idleMs }: Limits, onStream: SecureEvents["onStream"]): void {
    const session = process.getBuiltinModule("node:http2").performServerHandshake(socket, { settings });
    this.#all.add(session);
    session.on("close", () => this.#all.delete(session));
    session.on("error", () => undefined);
    session.setTimeout(idleMs, () => session.close());
    session.on("stream", (stream, _headers, flags, raw: readonly string[]) => onStream(stream, raw, (flags & endStream) !== 0, socket));
  }
}

/** Ends TLS, and leads on what is in it. Its certificates may change while it runs. */
export function secureServer(certificates: Certificates, sessions: Sessions, limits: Limits, { onSocket, onStream }: SecureEvents): Server {
  const server = createServer({
    allowHalfOpen: true,
    noDelay: true,
    minVersion: "TLSv1.2",
    handshakeTimeout: limits.headMs,
    ALPNProtocols: ["h2", "http/1.1"],
    SNICallback: (host, done) => done(null, certificates.contextFor(host.toLowerCase())),
  });
  // A handshake that fails is the client's matter.
  server.on("tlsClientError", (_error, socket) => socket.destroy());
  server.on("connection", (socket: Socket) => sessions.meet(socket));
  server.on("secureConnection", (socket) => {
    if (socket.alpnProtocol === "h2") sessions.begin(socket, limits, onStream);
    else onSocket(socket);
  });
  return server;
}
