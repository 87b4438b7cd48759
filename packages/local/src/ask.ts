import { request } from "node:http";
import { connect } from "node:net";

/** Whether 127.0.0.1 accepts connections on the port. */
export async function accepts(port: number, timeoutMs: number, signal: AbortSignal): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ host: "127.0.0.1", port, timeout: timeoutMs, signal });
  socket.once("connect", () => resolve(true));
  socket.once("timeout", () => resolve(false));
  socket.once("error", () => resolve(false));
  try {
    return await promise;
  } finally {
    // An error after the answer, such as that of the abort, has nobody to tell any more.
    socket.on("error", () => undefined);
    socket.destroy();
  }
}

export interface HttpQuestion {
  readonly port: number;
  readonly path: string;
  /** For the whole answer's head, from the first attempt to connect. */
  readonly timeoutMs: number;
  /** Frameworks refuse a `Host` they do not know. */
  readonly host: string;
}

/** Whether the path answers 2xx. Redirects are not followed: an app that sends its probes elsewhere has not said that it is well. */
export async function answersWell({ port, path, timeoutMs, host }: HttpQuestion, signal: AbortSignal): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const probe = request({
    host: "127.0.0.1",
    port,
    path,
    agent: false,
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    headers: { host, "user-agent": "douze-probe", accept: "*/*", connection: "close" },
  });
  probe.once("response", ({ statusCode = 0 }) => resolve(statusCode >= 200 && statusCode < 300));
  probe.once("error", () => resolve(false));
  probe.end();
  try {
    return await promise;
  } finally {
    probe.on("error", () => undefined);
    probe.destroy();
  }
}
