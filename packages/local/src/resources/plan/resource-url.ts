import type { ResourceType } from "@douze/core";

/** Where a server listens; a host that begins with `/` is the folder of a Unix socket. */
export interface ServerPlace {
  readonly host: string;
  readonly port: number;
}

/** A resource's URL taken apart. Holds its password: never printed as a whole. */
export interface ResourceUrl {
  /** In lower case, without the colon. */
  readonly scheme: string;
  readonly tls: boolean;
  /** At least one; several as PostgreSQL and MongoDB allow. */
  readonly places: readonly [ServerPlace, ...ServerPlace[]];
  readonly user: string;
  readonly password: string;
  /** Without its first slash, decoded: the database, the virtual host, the bucket. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
}

/** What is wrong with a URL, in words that hold nothing of it. */
export interface MalformedUrl {
  readonly malformed: string;
}

const defaultPorts: Readonly<Record<string, number>> = {
  amqp: 5672,
  amqps: 5671,
  grpc: 4317,
  grpcs: 4317,
  http: 80,
  https: 443,
  mongodb: 27017,
  "mongodb+srv": 27017,
  mysql: 3306,
  mysql2: 3306,
  mariadb: 3306,
  postgis: 5432,
  postgres: 5432,
  postgresql: 5432,
  redis: 6379,
  rediss: 6379,
  s3: 443,
  smtp: 587,
  smtps: 465,
};

const tlsSchemes: ReadonlySet<string> = new Set(["amqps", "grpcs", "https", "rediss", "s3", "smtps", "tls"]);

/** Reads a URL as clients of backing services do: passwords with `@` in them, several hosts, sockets, no port. */
export function resourceUrl(url: string, type?: ResourceType): ResourceUrl | MalformedUrl {
  const match = /^([a-z][a-z0-9+.-]*):\/\/(?:([^/?#]*)@)?([^/?#]*)([^?#]*)(?:\?([^#]*))?(#.*)?$/i.exec(url);
  if (!match) return { malformed: "it does not look like `scheme://user:password@host:port/name`" };
  const [, schemeText = "", userInfo, hosts = "", pathText = "", queryText = "", fragment] = match;
  const scheme = schemeText.toLowerCase();
  // A `/`, `?` or `#` inside the password ends the host too soon: what then looks like the host would be part of the secret. An `@`
  // that comes later gives it away.
  if (fragment !== undefined || `${pathText}${queryText}`.includes("@")) {
    return { malformed: "user and password must be percent-encoded: `/` is %2F, `?` is %3F, `#` is %23, `@` is %40" };
  }
  const colon = userInfo?.indexOf(":") ?? -1;
  const user = decoded(colon < 0 ? (userInfo ?? "") : (userInfo ?? "").slice(0, colon));
  const password = decoded(colon < 0 ? "" : (userInfo ?? "").slice(colon + 1));
  const path = decoded(pathText.replace(/^\//, ""));
  if (user === undefined || password === undefined || path === undefined) {
    return { malformed: "a `%` in it is not followed by two hexadecimal digits" };
  }
  const query = Object.fromEntries(new URLSearchParams(queryText));
  const port = defaultPort(scheme, type);
  const written = scheme === "s3" ? s3Hosts(hosts, query) : hosts || hostsInQuery(query);
  const places = written.split(",").map((text) => serverPlace(text, port));
  const [first, ...others] = places;
  if (!isPlace(first) || !others.every(isPlace)) return places.find((each) => !isPlace(each)) as MalformedUrl;
  return { scheme, tls: tlsSchemes.has(scheme), places: [first, ...others], user, password, path, query };
}

/** `host:port` of a URL, several with commas; nothing of its user, password, path and query. Empty when it cannot be read. */
export function addressOf(url: string): string {
  const read = resourceUrl(url);
  return "malformed" in read ? "" : read.places.map(placeText).join(",");
}

export function placeText({ host, port }: ServerPlace): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function serverPlace(text: string, defaultTo: number | undefined): ServerPlace | MalformedUrl {
  const match = /^(\[[0-9a-f:.%]+\]|[^:[\]@\s]*)(?::([0-9]*))?$/i.exec(text);
  const host = decoded((match?.[1] ?? "").replace(/^\[|\]$/g, ""));
  if (!match || host === undefined) return { malformed: "its host and port cannot be read" };
  if (host === "") return { malformed: "it names no host" };
  const port = match[2] ? Number(match[2]) : defaultTo;
  if (port === undefined) return { malformed: "it names no port" };
  return port >= 1 && port <= 65_535 ? { host, port } : { malformed: "its port is none: ports go from 1 to 65535" };
}

function isPlace(place: ServerPlace | MalformedUrl | undefined): place is ServerPlace {
  return place !== undefined && "host" in place;
}

function defaultPort(scheme: string, type: ResourceType | undefined): number | undefined {
  // OTLP over HTTP has a port of its own.
  if (type === "otlp" && (scheme === "http" || scheme === "https")) return scheme === "http" ? 4318 : 443;
  return defaultPorts[scheme];
}

/** libpq also takes the host as a parameter: the only way to write a socket's folder without percent signs. */
function hostsInQuery({ host = "", port }: Readonly<Record<string, string>>): string {
  return host && port ? `${host}:${port}` : host;
}

/** `s3://bucket` names no host: it is the endpoint's, or Amazon's of the region. */
function s3Hosts(hosts: string, { endpoint, region = "us-east-1" }: Readonly<Record<string, string>>): string {
  if (endpoint) return endpoint.replace(/^[a-z]+:\/\//i, "").replace(/\/.*$/, "");
  return /[.:]/.test(hosts) || hosts === "localhost" ? hosts : `s3.${region}.amazonaws.com`;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
