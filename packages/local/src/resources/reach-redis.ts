import { type Attempt, missed, redisMissed } from "./plan/attempt.ts";
import { placeText, type ResourceUrl } from "./plan/resource-url.ts";
import { RespConnection, RespError } from "./resp-connection.ts";

/** Logs in, asks for an answer and for the database that the URL names. */
export async function reachRedis({ places: [place], tls, user, password, path }: ResourceUrl, signal: AbortSignal): Promise<Attempt> {
  const address = placeText(place);
  try {
    using connection = await RespConnection.open({ ...place, tls }, signal);
    if (password !== "") await connection.ask("AUTH", ...(user === "" ? [] : [user]), password);
    await connection.ask("PING");
    if (/^[0-9]+$/.test(path) && path !== "0") await connection.ask("SELECT", path);
    return { kind: "reached", detail: await version(connection) };
  } catch (error) {
    return error instanceof RespError ? redisMissed(error.message, address) : missed(error, address);
  }
}

async function version(connection: RespConnection): Promise<string> {
  try {
    const info = await connection.ask("INFO", "server");
    const valkey = /^valkey_version:(.*)$/m.exec(info)?.[1];
    return valkey === undefined ? `Redis ${/^redis_version:(.*)$/m.exec(info)?.[1]?.trim() ?? ""}`.trim() : `Valkey ${valkey.trim()}`;
  } catch (error) {
    // A user that may not ask can still do its work.
    if (error instanceof RespError) return "answers";
    throw error;
  }
}
