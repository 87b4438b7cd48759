import { once } from "node:events";
import { type Attempt, missed, postgresMissed } from "./plan/attempt.ts";
import { placeText, type ResourceUrl, type ServerPlace } from "./plan/resource-url.ts";
import { connectPostgres } from "./postgres/connection.ts";
import { openSocket } from "./socket.ts";

/** Connects as the app would, to the first of its places that answers, and asks for the server's version. */
export async function reachPostgres(target: ResourceUrl, signal: AbortSignal): Promise<Attempt> {
  let attempt = await reachPlace(target, target.places[0], signal);
  for (const place of target.places.slice(1)) {
    if (attempt.kind === "reached") return attempt;
    attempt = await reachPlace(target, place, signal);
  }
  return attempt;
}

async function reachPlace(target: ResourceUrl, written: ServerPlace, signal: AbortSignal): Promise<Attempt> {
  const place = socketFile(written);
  const address = placeText(written);
  try {
    if (!(await speaksPostgres(place, signal))) {
      return { kind: "missed", detail: `what listens at ${address} does not speak PostgreSQL's protocol`, again: false };
    }
    await using client = await connectPostgres(target, place, signal);
    const [row] = await client.sql`select current_setting('server_version') as version`;
    return { kind: "reached", detail: `PostgreSQL ${String(row?.["version"]).split(" ")[0]}` };
  } catch (error) {
    const { name, code, message } = error as { readonly name?: string; readonly code?: string; readonly message?: string };
    if (signal.aborted) return missed({ code: "ETIMEDOUT" }, address);
    if (name === "PostgresError" && code !== undefined) return postgresMissed(code, message ?? "", address, target.path || target.user);
    return missed(error, address);
  }
}

/** libpq names a Unix socket by its folder and port. */
function socketFile({ host, port }: ServerPlace): ServerPlace {
  return { host: host.startsWith("/") && !host.includes(".s.PGSQL.") ? `${host}/.s.PGSQL.${port}` : host, port };
}

/**
 * Asks for TLS as each client may: the answer is one letter, `S` or `N`. Anything else is not PostgreSQL, and the client library
 * would try again and again to make sense of it.
 */
async function speaksPostgres(place: ServerPlace, signal: AbortSignal): Promise<boolean> {
  const socket = await openSocket({ ...place, tls: false }, signal);
  try {
    const closed = once(socket, "close");
    socket.write(Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]));
    const [letters] = (await Promise.race([once(socket, "data"), closed.then(() => [])])) as readonly Buffer[];
    if (letters === undefined) throw Object.assign(new Error("closed"), { code: signal.aborted ? "ETIMEDOUT" : "ECONNRESET" });
    return letters.length === 1 && (letters[0] === 0x53 || letters[0] === 0x4e);
  } finally {
    socket.on("error", () => undefined);
    socket.destroy();
  }
}
