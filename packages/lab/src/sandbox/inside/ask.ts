import { request as httpRequest } from "node:http";
import { instant } from "./clock.ts";
import type { Answer, Request } from "./orders.ts";

const bodyBytes = 1 << 20;

/** One request on a connection of its own, and its whole answer. */
export async function ask({
  port,
  address = "127.0.0.1",
  path,
  body,
  headers = {},
  timeoutMs = 10_000,
  ...rest
}: Request): Promise<Answer> {
  const began = instant();
  const { promise, resolve } = Promise.withResolvers<Answer>();
  const fail = (error: string): void => resolve({ ok: false, error, tookMs: instant() - began });
  const request = httpRequest({
    host: address,
    port,
    path,
    method: rest.method ?? (body === undefined ? "GET" : "POST"),
    agent: false,
    headers: { host: `127.0.0.1:${port}`, ...headers, ...(body !== undefined && { "content-length": Buffer.byteLength(body) }) },
  });
  const timer = setTimeout(() => request.destroy(new Error("timeout")), timeoutMs);
  request.on("error", (error: NodeJS.ErrnoException) => fail(error.code ?? error.message));
  request.on("response", (response) => {
    const chunks: Buffer[] = [];
    let size = 0;
    response.on("data", (chunk: Buffer) => {
      if (size < bodyBytes) chunks.push(chunk);
      size += chunk.length;
    });
    response.on("error", (error: NodeJS.ErrnoException) => fail(error.code ?? error.message));
    response.on("aborted", () => fail("cut off"));
    response.on("end", () => {
      const all = Object.entries(response.headersDistinct).map(([name, values]) => [name, values ?? []] as const);
      const text = Buffer.concat(chunks).subarray(0, bodyBytes).toString("utf8");
      resolve({ ok: true, status: response.statusCode ?? 0, headers: Object.fromEntries(all), body: text, tookMs: instant() - began });
    });
  });
  request.end(body);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    request.destroy();
  }
}
