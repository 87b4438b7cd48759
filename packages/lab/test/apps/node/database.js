import pg from "pg";
import { databaseUrl } from "./config.js";

/** Connects when it is first asked, and again when the server comes back. Nobody waits for it longer than some seconds. */
export const database = new pg.Pool({
  connectionString: databaseUrl,
  max: 10,
  connectionTimeoutMillis: 6_000,
  query_timeout: 6_000,
  keepAlive: true,
});

// A connection that is lost must not end the process: the next request gets another one.
database.on("connect", (client) => client.on("error", (error) => console.log(`database: ${reason(error)}`)));
// The same for one that idled, which has been told above.
database.on("error", () => undefined);

export async function rows(sql, ...values) {
  const result = await database.query(sql, values);
  return result.rows;
}

/** What went wrong, without anything of the connection's address. */
export function reason(error) {
  return error.code ?? error.message;
}
