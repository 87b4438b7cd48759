import type { ResourceUrl } from "./resource-url.ts";

const named: Readonly<Record<string, string>> = { application_name: "PGAPPNAME", connect_timeout: "PGCONNECT_TIMEOUT" };
const taken: ReadonlySet<string> = new Set([
  "application_name",
  "channel_binding",
  "connect_timeout",
  "gssencmode",
  "options",
  "sslcert",
  "sslcrl",
  "sslkey",
  "sslmode",
  "sslnegotiation",
  "sslrootcert",
  "target_session_attrs",
]);

/** A URL as the variables that PostgreSQL's own programs read: on their command line everybody would see the password. */
export function postgresEnvironment({ places, user, password, path, query }: ResourceUrl): Record<string, string> {
  const parameters = Object.entries(query).flatMap(([key, value]) =>
    taken.has(key) ? [[named[key] ?? `PG${key.replaceAll("_", "").toUpperCase()}`, value] as const] : [],
  );
  return {
    ...Object.fromEntries(parameters),
    PGHOST: places.map(({ host }) => host).join(","),
    PGPORT: places.map(({ port }) => port).join(","),
    PGUSER: user,
    PGPASSWORD: password,
    PGDATABASE: path || user,
  };
}
