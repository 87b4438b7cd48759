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
    const offer = await askForTls(place, signal);
    if (offer === undefined)
      return { kind: "missed", detail: `what listens at ${address} does not speak PostgreSQL's protocol`, again: false };
    if (offer === "plain" && wantsTls(target))
      return { kind: "missed", detail: `the server at ${address} offers no TLS, and the URL wants it`, again: false };
    using client = await connectPostgres(target, place, signal);
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
 * would try again and again to make sense of it; nor would it notice that it hears no where it needs a yes.
 */
async function askForTls(place: ServerPlace, signal: AbortSignal): Promise<"tls" | "plain" | undefined> {
  const socket = await openSocket({ ...place, tls: false }, signal);
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  socket.once("data", resolve).once("error", reject);
  socket.once("close", () => reject(Object.assign(new Error("the connection was closed"), { code: "ECONNRESET" })));
  try {
    socket.write(Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]));
    const letters = (await promise).toString("latin1");
    return letters === "S" ? "tls" : letters === "N" ? "plain" : undefined;
  } finally {
    socket.on("error", () => undefined).destroy();
  }
}

function wantsTls({ query }: ResourceUrl): boolean {
  return /^(require|verify-ca|verify-full)$/.test(query["sslmode"] ?? "");
}
