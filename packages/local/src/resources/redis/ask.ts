import { infoField } from "../plan/redis.ts";
import type { ServerSettings } from "../resource-folder.ts";
import { RespConnection, RespError } from "../resp-connection.ts";
import { type ServerProcess, serverProcess } from "../server-process.ts";

/** How long one of our own servers may take to answer, in milliseconds. */
const answerMs = 2_000;

/** A connection to the server of these settings, logged in. @throws Error - nothing answers, or it is another server */
export async function connectRedis({ port, password }: ServerSettings, signal: AbortSignal): Promise<RespConnection> {
  const connection = await RespConnection.open({ host: "127.0.0.1", port, tls: false }, signal);
  try {
    await connection.ask("AUTH", password);
    return connection;
  } catch (error) {
    connection[Symbol.dispose]();
    throw error;
  }
}

/** The server that runs on the data: who takes the password, which nobody else has, and works in this folder. */
export async function findRedis(settings: ServerSettings, data: string): Promise<ServerProcess | undefined> {
  try {
    using connection = await connectRedis(settings, AbortSignal.timeout(answerMs));
    const [, folder] = (await connection.ask("CONFIG", "GET", "dir")).split("\n");
    const pid = Number(infoField(await connection.ask("INFO", "server"), "process_id"));
    return folder === data && pid > 1 ? serverProcess(pid) : undefined;
  } catch (error) {
    if (error instanceof RespError || typeof (error as NodeJS.ErrnoException).code === "string") return undefined;
    throw error;
  }
}

/** Whether it has read its data and takes commands. */
export async function isReady(settings: ServerSettings): Promise<boolean> {
  try {
    using connection = await connectRedis(settings, AbortSignal.timeout(answerMs));
    return (await connection.ask("PING")) === "PONG";
  } catch (error) {
    if (error instanceof RespError || typeof (error as NodeJS.ErrnoException).code === "string") return false;
    throw error;
  }
}
