import { type Framing, requestFraming } from "./framing.ts";
import type { Head } from "./head.ts";
import { badRequest, type Refusal } from "./refusal.ts";

/** A request's head, understood. */
export interface Request {
  readonly method: string;
  /** As it goes on: origin form, or `*`. */
  readonly target: string;
  readonly minor: 0 | 1;
  /** Lower case, without port. Empty when the client named none. */
  readonly host: string;
  readonly framing: Framing;
  readonly keepAlive: boolean;
  readonly upgrade: boolean;
  readonly said: RequestFields;
}

const line = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) (\S+) HTTP\/(\d)\.(\d)$/;
const none: ReadonlySet<string> = new Set();

/** What a request's fields say of its framing and its way. */
export interface RequestFields {
  /** Names as they were sent, and values, in turn. */
  readonly fields: readonly string[];
  readonly lengths: readonly string[];
  readonly codings: readonly string[];
  readonly hosts: readonly string[];
  /** The same without port, in lower case; what is wrong with it is a refusal. */
  readonly host: string | Refusal;
  /** Lower-case names that the client's `Connection` header says concern this hop alone. */
  readonly hop: ReadonlySet<string>;
  readonly upgrade: boolean;
  readonly expectsContinue: boolean;
}

/** Understands a head, or says why it is refused. Pure. */
export function readRequest({ start, fields }: Head, said: RequestFields = requestFields(fields)): Request | Refusal {
  const [, method, target, major, minorText] = line.exec(start) ?? [];
  if (method === undefined || target === undefined) return badRequest("its first line is no request line");
  if (major !== "1" || (minorText !== "0" && minorText !== "1"))
    return { status: 505, code: "version-unsupported", why: "only HTTP/1.0 and HTTP/1.1 are spoken here" };
  if (method === "CONNECT") return { status: 405, code: "method-unsupported", why: "this is no proxy for other places" };
  const minor = minorText === "0" ? 0 : 1;
  const framing = requestFraming(said, minor);
  if (typeof framing === "string") return badRequest(framing);
  const place = destination(method, target, said, minor);
  if ("code" in place) return place;
  const { hop, upgrade } = said;
  return {
    method,
    minor,
    framing,
    keepAlive: minor === 1 ? !hop.has("close") : hop.has("keep-alive"),
    said,
    upgrade: upgrade && hop.has("upgrade") && minor === 1,
    target: place.target,
    host: place.host,
  };
}

/** Pure: of equal fields the same. */
export function requestFields(fields: readonly string[]): RequestFields {
  const lengths: string[] = [];
  const codings: string[] = [];
  const hosts: string[] = [];
  let connection = "";
  let upgrade = false;
  let expectsContinue = false;
  for (let index = 0; index < fields.length; index += 2) {
    const value = fields[index + 1] ?? "";
    switch (fields[index]?.toLowerCase()) {
      case "content-length":
        lengths.push(value);
        break;
      case "transfer-encoding":
        codings.push(value);
        break;
      case "host":
        hosts.push(value);
        break;
      case "connection":
        connection += connection === "" ? value : `,${value}`;
        break;
      case "upgrade":
        upgrade = true;
        break;
      case "expect":
        expectsContinue = value.toLowerCase() === "100-continue";
        break;
      default:
        break;
    }
  }
  return { fields, lengths, codings, hosts, host: onlyHost(hosts), hop: hopNames(connection), upgrade, expectsContinue };
}

/** The names in `Connection` headers, in lower case. */
export function hopNames(connection: string): ReadonlySet<string> {
  if (connection === "") return none;
  return new Set(
    connection
      .toLowerCase()
      .split(",")
      .map((each) => each.trim()),
  );
}

function onlyHost(hosts: readonly string[]): string | Refusal {
  if (hosts.length > 1) return badRequest("it has more than one Host");
  const [sent = ""] = hosts;
  if (!/^[A-Za-z0-9.\-_~!$&'()*+,;=%[\]:]*$/.test(sent)) return badRequest("its Host is none");
  return hostName(sent);
}

function destination(
  method: string,
  target: string,
  { hosts: [sent], host }: RequestFields,
  minor: number,
): { target: string; host: string } | Refusal {
  if (typeof host !== "string") return host;
  if (sent === undefined && minor === 1) return badRequest("it has no Host");
  if (target.startsWith("/") || (target === "*" && method === "OPTIONS")) return { target, host };
  const [, authority, path] = /^https?:\/\/([^/?#]+)([/?].*)?$/i.exec(target) ?? [];
  if (authority === undefined) return badRequest("its target is none");
  if (sent !== undefined && authority.toLowerCase() !== sent.toLowerCase())
    return badRequest("its target and its Host name different places");
  const origin = path === undefined ? "/" : path.startsWith("?") ? `/${path}` : path;
  return { target: origin, host: hostName(authority) };
}

/** Without port, in lower case: names of hosts know no case. */
export function hostName(host: string): string {
  const bare = host.startsWith("[") ? host.replace(/\]:\d+$/, "]") : host.replace(/:\d+$/, "");
  return bare.toLowerCase().replace(/\.$/, "");
}
