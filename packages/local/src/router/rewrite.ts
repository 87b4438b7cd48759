import type { Framing } from "./framing.ts";
import type { Request, RequestFields } from "./request.ts";
import type { ResponseFields } from "./response.ts";

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

/** What a client says in the headers that the router writes itself. */
interface Told {
  /** All other lines, as they go on. */
  passed: string;
  host: string;
  upgradeTo: string;
  readonly own: Map<string, string>;
}

/** The lines of a request's head that do not differ from one request to the next of the same kind. */
interface ForwardedLines {
  readonly text: string;
  /** The client's own, where it can be taken on. */
  readonly requestId: string | undefined;
}

/**
 * The request's head as the process gets it. Pure: time and chance are handed in.
 *
 * @param lines - {@link forwardedLines}, or a form of it that remembers
 */
export function upstreamHead(
  request: Request,
  peer: Peer,
  now: number,
  makeId: () => string,
  lines: typeof forwardedLines = forwardedLines,
): Rewritten {
  const { method, target, said, framing, minor, upgrade } = request;
  const { text, requestId = makeId() } = lines(said, framing, method, minor, upgrade, peer);
  return { text: `${method} ${target} HTTP/1.1\r\n${text}X-Request-Id: ${requestId}\r\nX-Request-Start: ${now}\r\n\r\n`, requestId };
}

/** Pure: of the same arguments the same. */
export function forwardedLines(
  request: RequestFields,
  framing: Framing,
  method: string,
  minor: number,
  upgrade: boolean,
  peer: Peer,
): ForwardedLines {
  const { passed, host, upgradeTo, own } = told(request);
  const said = (name: string): string => own.get(name) ?? "";
  const believed = (value: string, otherwise: string): string => (peer.trusted && value !== "" ? value : otherwise);
  const added = (name: string, value: string): string => (said(name) === "" ? "" : `${said(name)}, ${value}`);
  const requestId = /^[A-Za-z0-9_.:=+/-]{20,200}$/.test(said("x-request-id")) ? said("x-request-id") : undefined;
  const address = peer.address.includes(":") ? `"[${peer.address}]"` : peer.address;
  const element = `for=${address};host="${host.replaceAll('"', "")}";proto=${peer.protocol}`;
  const port = /:(\d+)$/.exec(host)?.[1] ?? String(peer.port);
  const via = `1.${minor} douze`;
  const text = `${passed}X-Forwarded-For: ${believed(added("x-forwarded-for", peer.address), peer.address)}\r
X-Forwarded-Proto: ${believed(said("x-forwarded-proto"), peer.protocol)}\r
X-Forwarded-Host: ${believed(said("x-forwarded-host"), host)}\r
X-Forwarded-Port: ${believed(said("x-forwarded-port"), port)}\r
Forwarded: ${believed(added("forwarded", element), element)}\r
Via: ${added("via", via) || via}\r
${framingLines(request, framing, method)}${upgrade ? `Connection: Upgrade\r\nUpgrade: ${upgradeTo}` : "Connection: keep-alive"}\r\n`;
  return { text, requestId };
}

function told({ fields, hop }: RequestFields): Told {
  const result: Told = { passed: "", host: "", upgradeTo: "", own: new Map() };
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index] ?? "";
    const value = fields[index + 1] ?? "";
    const lower = name.toLowerCase();
    if (lower === "host") result.host = value;
    else if (lower === "upgrade") result.upgradeTo = value;
    if (hopByHop.has(lower) || hop.has(lower)) continue;
    if (!own.has(lower)) {
      result.passed += `${name}: ${value}\r\n`;
      continue;
    }
    const before = result.own.get(lower);
    // Of what adds up, all is kept; of the rest the last one counts.
    const sum = before !== undefined && summed.has(lower) ? `${before}, ${value}` : value;
    result.own.set(lower, sum);
  }
  return result;
}

const summed = new Set(["x-forwarded-for", "forwarded", "via"]);

function framingLines({ expectsContinue }: RequestFields, framing: Framing, method: string): string {
  const expect = expectsContinue && framing.kind !== "none" ? "Expect: 100-continue\r\n" : "";
  if (framing.kind === "length") return `Content-Length: ${framing.bytes}\r\n${expect}`;
  if (framing.kind === "chunked") return `Transfer-Encoding: chunked\r\n${expect}`;
  return method === "POST" || method === "PUT" || method === "PATCH" ? "Content-Length: 0\r\n" : "";
}

export interface Answered {
  readonly status: number;
  readonly reason: string;
  readonly said: ResponseFields;
  /** `chunked` goes on as it came; a client of HTTP/1.0 gets the content until the close. */
  readonly chunked: boolean;
  readonly close: boolean;
  readonly requestId: string;
  /** Said unless the app says something else. */
  readonly hstsSeconds: number | undefined;
}

/**
 * The answer's head as the client gets it. Pure.
 *
 * @param lines - {@link answeredLines}, or a form of it that remembers
 */
export function downstreamHead(answered: Answered, lines: typeof answeredLines = answeredLines): string {
  const { status, reason, said, chunked, close, requestId, hstsSeconds } = answered;
  const { text, answeredId } = lines(said, chunked, hstsSeconds);
  const id = answeredId ? "" : `X-Request-Id: ${requestId}\r\n`;
  return `HTTP/1.1 ${status} ${reason}\r\n${text}${id}Connection: ${close ? "close" : "keep-alive"}\r\n\r\n`;
}

/** The lines that do not differ from one answer to the next of the same kind. Pure: of the same arguments the same. */
export function answeredLines(
  { fields, hop }: ResponseFields,
  chunked: boolean,
  hstsSeconds: number | undefined,
): { readonly text: string; readonly answeredId: boolean } {
  let text = "";
  let answeredId = false;
  let strict = hstsSeconds === undefined;
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index] ?? "";
    const lower = name.toLowerCase();
    if (lower === "trailer" && chunked) text += `${name}: ${fields[index + 1]}\r\n`;
    if (hopByHop.has(lower) || hop.has(lower)) continue;
    if (lower === "x-request-id") answeredId = true;
    if (lower === "strict-transport-security") strict = true;
    text += `${name}: ${fields[index + 1]}\r\n`;
  }
  if (!strict) text += `Strict-Transport-Security: max-age=${hstsSeconds}\r\n`;
  if (chunked) text += "Transfer-Encoding: chunked\r\n";
  return { text, answeredId };
}
