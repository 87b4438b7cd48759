import { readFile } from "node:fs/promises";
import type { Socket } from "node:net";
import type { Options, Sql } from "postgres";
import type { ResourceUrl, ServerPlace } from "../plan/resource-url.ts";
import { openSocket } from "../socket.ts";

/** A connection that is made at the first query, and ends with the signal or with its scope. */
export interface PostgresConnection extends Disposable {
  readonly sql: Sql;
}

/**
 * A single connection to one place of a URL; a host that begins with `/` is a socket itself. The client library gets its sockets
 * from here: its own way to make them takes the address apart at colons, even that of IPv6, and its own way to end them leaves a
 * promise that never settles.
 */
export async function connectPostgres(
  target: Omit<ResourceUrl, "places">,
  place: ServerPlace,
  signal: AbortSignal,
): Promise<PostgresConnection> {
  signal.throwIfAborted();
  // Loaded only where there is a PostgreSQL to talk to.
  const { default: postgres } = await import("postgres");
  let socket: Socket | undefined;
  let ended = false;
  const connect = async (): Promise<Socket> => {
    if (ended) throw new Error("the connection has been ended");
    // By `host` it knows which name to ask for in TLS.
    socket = Object.assign(await openSocket({ ...place, tls: false }, signal), { host: place.host });
    return socket;
  };
  const sql = postgres(await optionsFor(target, place, connect));
  return {
    sql,
    [Symbol.dispose]: () => {
      ended = true;
      socket?.on("error", () => undefined).destroy();
    },
  };
}

type Connecting = Options<Record<string, never>>;

/** Part by part: what other clients add to a URL would be passed on to the server, which refuses it. */
async function optionsFor(
  { user, password, path, query }: Omit<ResourceUrl, "places">,
  { host }: ServerPlace,
  socket: () => Promise<Socket>,
): Promise<Connecting & { readonly socket: () => Promise<Socket> }> {
  return {
    socket,
    ...(user !== "" && { user }),
    password,
    database: path || user,
    ssl: host.startsWith("/") ? false : await sslFor(query["sslmode"] ?? "prefer", query["sslrootcert"], host),
    max: 1,
    connect_timeout: 30,
    idle_timeout: 0,
    max_lifetime: null,
    fetch_types: false,
    onnotice: () => undefined,
    connection: { application_name: "douze" },
  };
}

type Ssl = NonNullable<Connecting["ssl"]>;

/** As libpq means them. @see https://www.postgresql.org/docs/current/libpq-ssl.html */
async function sslFor(mode: string, rootCertificate: string | undefined, host: string): Promise<Ssl> {
  const ca = rootCertificate === undefined || rootCertificate === "system" ? undefined : await certificates(rootCertificate);
  switch (mode) {
    case "disable":
      return false;
    case "allow":
    case "prefer":
    case "require":
      return mode;
    case "verify-ca":
      return { ...(ca !== undefined && { ca }), checkServerIdentity: () => undefined };
    default:
      // The host is what the certificate must be for: an address has no name to ask for.
      return { host, ...(ca !== undefined && { ca }) };
  }
}

async function certificates(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw Object.assign(new Error("the certificates cannot be read", { cause }), { code: "CA_UNREADABLE" });
  }
}
