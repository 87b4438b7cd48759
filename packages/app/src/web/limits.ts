import type { IncomingMessage, ServerResponse } from "node:http";

/** What a request may ask for, and for how long. */
export interface WebLimits {
  /** Of a request's body, in bytes. Default 10 MiB. */
  readonly bodyBytes?: number;
  /** For a request's head to arrive, in milliseconds. Default 30_000. */
  readonly headMs?: number;
  /** For a whole request to arrive, in milliseconds. Default 300_000. */
  readonly requestMs?: number;
  /** How long a connection may lie idle, in milliseconds. Default 95_000: longer than any router's, so that the app is never the first to close. */
  readonly idleMs?: number;
  /** Connections at once. Default: as many as there are. */
  readonly connections?: number;
  /** Requests at once; those above it are told to come again. Default: as many as there are. */
  readonly inFlight?: number;
}

export const defaultBodyBytes: number = 10 * 1024 * 1024;

/** What a handler that reads a body sees when it grows over the limit. */
export class BodyTooLarge extends Error {
  override readonly name = "BodyTooLarge";

  constructor() {
    super("the request's body is larger than it may be");
  }
}

/** Refuses a body that is too large: at once where its length is told, and otherwise where it grows over the limit. */
export function boundBody(request: IncomingMessage, response: ServerResponse, limit: number): boolean {
  const told = Number(request.headers["content-length"] ?? 0);
  if (told > limit) {
    refuse(response, 413);
    return false;
  }
  if (request.headers["transfer-encoding"] === undefined) return true;
  let bytes = 0;
  const push = request.push.bind(request);
  request.push = (piece: Buffer | null, encoding?: BufferEncoding): boolean => {
    bytes += piece?.length ?? 0;
    if (bytes <= limit) return push(piece, encoding);
    if (response.headersSent) request.destroy(new BodyTooLarge());
    else {
      response.once("finish", () => request.destroy(new BodyTooLarge()));
      refuse(response, 413);
    }
    return false;
  };
  return true;
}

const reasons = { 413: "Content Too Large", 503: "Service Unavailable", 500: "Internal Server Error" } as const;

/** An answer of the kit's own, as RFC 9457 has it. */
export function refuse(response: ServerResponse, status: keyof typeof reasons, headers: Readonly<Record<string, string>> = {}): void {
  const body = JSON.stringify({ type: "about:blank", title: reasons[status], status });
  response.writeHead(status, {
    "content-type": "application/problem+json",
    "content-length": Buffer.byteLength(body),
    ...(status === 413 && { connection: "close" }),
    ...headers,
  });
  response.end(body);
}
