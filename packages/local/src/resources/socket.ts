import { once } from "node:events";
import { isIP, type NetConnectOpts, connect as netConnect, type Socket } from "node:net";
import { connect as tlsConnect } from "node:tls";
import type { ServerPlace } from "./plan/resource-url.ts";

export interface SocketPlace extends ServerPlace {
  /** Speak TLS, and verify the certificate. */
  readonly tls: boolean;
}

/** Connects; a host that begins with `/` is a Unix socket itself. @throws Error with a `code` */
export async function openSocket({ host, port, tls }: SocketPlace, signal: AbortSignal): Promise<Socket> {
  const place: NetConnectOpts = host.startsWith("/") ? { path: host } : { host, port };
  const socket = tls ? tlsConnect({ ...place, ...(isIP(host) === 0 && { servername: host }) }) : netConnect(place);
  const abort = (): void => void socket.destroy(Object.assign(new Error("no answer in time"), { code: "ETIMEDOUT" }));
  signal.addEventListener("abort", abort);
  try {
    signal.throwIfAborted();
    await once(socket, tls ? "secureConnect" : "connect");
    return socket;
  } catch (error) {
    socket.on("error", () => undefined);
    socket.destroy();
    throw error;
  } finally {
    // What waits for an answer on it ends with the signal as well.
    socket.once("close", () => signal.removeEventListener("abort", abort));
  }
}
