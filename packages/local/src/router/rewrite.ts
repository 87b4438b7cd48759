import type { Request } from "./request.ts";

/** What is known of the connection a request came by. */
export interface Peer {
  readonly address: string;
  readonly port: number;
  /** Its `X-Forwarded-*` and `Forwarded` are believed. */
  readonly trusted: boolean;
  /** `http`, or `https` where the router ends TLS itself. */
  readonly protocol: "http" | "https";
}

/** Of this hop alone, whatever `Connection` says. */
const hopByHop = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "transfer-encoding",
  "upgrade",
  "proxy-authenticate",
  "proxy-authorization",
  "trailer",
]);
/** Written by the router. */
const own = new Set([
  "x-forwarded-for",
  "x-forwarded-proto",
  "x-forwarded-host",
  "x-forwarded-port",
  "forwarded",
  "x-request-id",
  "x-request-start",
  "via",
  "content-length",
  "expect",
]);

export interface Rewritten {
  readonly text: string;
  readonly requestId: string;
}

/** The request's head as the process gets it. Pure: time and chance are handed in. */
export function upstreamHead(request: Request, peer: Peer, now: number, makeId: () => string): Rewritten {
  const { method, target, fields, hop, framing, upgrade, minor } = request;
  let text = `${method} ${target} HTTP/1.1\r\n`;
  let host = "";
  let requestId = "";
  let forwardedFor = "";
  let forwarded = "";
  let via = "";
  let proto = "";
  let forwardedHost = "";
  let forwardedPort = "";
  let upgradeTo = "";
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index] ?? "";
    const value = fields[index + 1] ?? "";
    const lower = name.toLowerCase();
    if (lower === "host") host = value;
    else if (lower === "upgrade") upgradeTo = value;
    if (hopByHop.has(lower) || hop.has(lower)) continue;
    if (!own.has(lower)) {
      text += `${name}: ${value}\r\n`;
      continue;
    }
    switch (lower) {
      case "x-forwarded-for":
        forwardedFor += forwardedFor === "" ? value : `, ${value}`;
        break;
      case "forwarded":
        forwarded += forwarded === "" ? value : `, ${value}`;
        break;
      case "via":
        via += via === "" ? value : `, ${value}`;
        break;
      case "x-forwarded-proto":
        proto = value;
        break;
      case "x-forwarded-host":
        forwardedHost = value;
        break;
      case "x-forwarded-port":
        forwardedPort = value;
        break;
      case "x-request-id":
        requestId = /^[A-Za-z0-9_.:=+/-]{20,200}$/.test(value) ? value : "";
        break;
    }
  }
  const believed = <T>(value: T, otherwise: T): T => (peer.trusted && value ? value : otherwise);
  requestId ||= makeId();
  const address = peer.address.includes(":") ? `"[${peer.address}]"` : peer.address;
  const element = `for=${address};host="${host.replaceAll('"', "")}";proto=${peer.protocol}`;
  const port = /:(\d+)$/.exec(host)?.[1] ?? String(peer.port);
  text += `X-Forwarded-For: ${believed(forwardedFor && `${forwardedFor}, ${peer.address}`, peer.address)}\r\n`;
  text += `X-Forwarded-Proto: ${believed(proto, peer.protocol)}\r\n`;
  text += `X-Forwarded-Host: ${believed(forwardedHost, host)}\r\n`;
  text += `X-Forwarded-Port: ${believed(forwardedPort, port)}\r\n`;
  text += `Forwarded: ${believed(forwarded && `${forwarded}, ${element}`, element)}\r\n`;
  text += `X-Request-Id: ${requestId}\r\nX-Request-Start: ${now}\r\nVia: ${via && `${via}, `}1.${minor} douze\r\n`;
  if (framing.kind === "length") text += `Content-Length: ${framing.bytes}\r\n`;
  else if (framing.kind === "chunked") text += "Transfer-Encoding: chunked\r\n";
  else if (method === "POST" || method === "PUT" || method === "PATCH") text += "Content-Length: 0\r\n";
  if (request.expectsContinue && framing.kind !== "none") text += "Expect: 100-continue\r\n";
  text += upgrade ? `Connection: Upgrade\r\nUpgrade: ${upgradeTo}\r\n\r\n` : "Connection: keep-alive\r\n\r\n";
  return { text, requestId };
}

export interface Answered {
  readonly status: number;
  readonly reason: string;
  readonly fields: readonly string[];
  readonly hop: ReadonlySet<string>;
  /** `chunked` goes on as it came; a client of HTTP/1.0 gets the content until the close. */
  readonly chunked: boolean;
  readonly close: boolean;
  readonly requestId: string;
}

/** The answer's head as the client gets it. Pure. */
export function downstreamHead({ status, reason, fields, hop, chunked, close, requestId }: Answered): string {
  let text = `HTTP/1.1 ${status} ${reason}\r\n`;
  let answeredId = false;
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index] ?? "";
    const lower = name.toLowerCase();
    if (lower === "trailer" && chunked) text += `${name}: ${fields[index + 1]}\r\n`;
    if (hopByHop.has(lower) || hop.has(lower)) continue;
    if (lower === "x-request-id") answeredId = true;
    text += `${name}: ${fields[index + 1]}\r\n`;
  }
  if (!answeredId) text += `X-Request-Id: ${requestId}\r\n`;
  if (chunked) text += "Transfer-Encoding: chunked\r\n";
  return `${text}Connection: ${close ? "close" : "keep-alive"}\r\n\r\n`;
}
