import type { Request } from "./request.ts";
import type { AppRoute } from "./routes.ts";

/** An answer that the router gives by itself, in the place of the app's. */
export interface OwnAnswer {
  readonly status: number;
  readonly reason: string;
  readonly fields: readonly (readonly [string, string])[];
  readonly body: string;
}

const challengePath = "/.well-known/acme-challenge/";

/**
 * What the router itself says to a request for an app, if anything: the answer to an authority that asks whose name it is, and on a plain
 * port the way to the one that speaks TLS.
 */
export function ownAnswer(
  { target, host }: Request,
  { challenges = {}, redirectPort }: AppRoute,
  protocol: "http" | "https",
): OwnAnswer | undefined {
  const token = target.startsWith(challengePath) ? target.slice(challengePath.length) : undefined;
  if (token !== undefined && Object.hasOwn(challenges, token))
    return { status: 200, reason: "OK", fields: [["Content-Type", "application/octet-stream"]], body: challenges[token] ?? "" };
  if (redirectPort === undefined || protocol === "https") return undefined;
  const location = `https://${host}${redirectPort === 443 ? "" : `:${redirectPort}`}${target === "*" ? "/" : target}`;
  return {
    status: 308,
    reason: "Permanent Redirect",
    fields: [
      ["Location", location],
      ["Content-Type", "text/plain"],
    ],
    body: `${location}\n`,
  };
}

export function ownAnswerText({ status, reason, fields, body }: OwnAnswer, close: boolean, head: boolean): string {
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return `HTTP/1.1 ${status} ${reason}\r\n${lines}Content-Length: ${Buffer.byteLength(body)}\r\nConnection: ${close ? "close" : "keep-alive"}\r\n\r\n${head ? "" : body}`;
}
