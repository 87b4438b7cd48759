import { readFile } from "node:fs/promises";
import type { Options, Sql } from "postgres";
import type { ResourceUrl, ServerPlace } from "../plan/resource-url.ts";

/** One connection, made at the first query; it ends with the signal. A host that begins with `/` is a socket itself. */
export async function connectPostgres(
  target: Omit<ResourceUrl, "places">,
  place: ServerPlace,
  signal: AbortSignal,
): Promise<AsyncDisposable & { readonly sql: Sql }> {
  signal.throwIfAborted();
  // Loaded only where there is a PostgreSQL to talk to.
  const { default: postgres } = await import("postgres");
  const sql = postgres(await optionsFor(target, place));
  const end = (): void => void sql.end({ timeout: 0 });
  signal.addEventListener("abort", end);
  if (signal.aborted) end();
  return {
    sql,
    [Symbol.asyncDispose]: async () => {
      signal.removeEventListener("abort", end);
      await sql.end({ timeout: 1 });
    },
  };
}

type Connecting = Options<Record<string, never>>;

/** Part by part: what a client library adds to its own URLs would be passed on to the server, which refuses it. */
async function optionsFor({ user, password, path, query }: Omit<ResourceUrl, "places">, { host, port }: ServerPlace): Promise<Connecting> {
  const onSocket = host.startsWith("/");
  return {
    // As lists, which its types do not know: it takes a text apart at colons, and those of an IPv6 address too.
    ...(onSocket ? { path: host } : ({ host: [host], port: [port] } as unknown as Connecting)),
    ...(user !== "" && { user }),
    password,
    database: path || user,
    ssl: onSocket ? false : await sslFor(query["sslmode"] ?? "prefer", query["sslrootcert"]),
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
async function sslFor(mode: string, rootCertificate: string | undefined): Promise<Ssl> {
  const ca = rootCertificate === undefined || rootCertificate === "system" ? undefined : await readFile(rootCertificate, "utf8");
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
      return { ...(ca !== undefined && { ca }) };
  }
}
