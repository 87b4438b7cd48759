import type { RedisClientType } from "redis";
import { log } from "../log/log.ts";
import { hideSecret } from "../log/secrets.ts";
import { backoffMs } from "./backoff.ts";
import { library } from "./library.ts";
import { type Resource, reason, resource } from "./resource.ts";

export interface RedisOptions {
  /** For messages and readiness. Default `redis`. */
  readonly name?: string;
  /** How long a first use waits for the server, in milliseconds. Default 10_000. */
  readonly waitMs?: number;
}

/** `client()` is node-redis' own client, connected. */
export type Redis = Resource<RedisClientType>;

/**
 * The Redis (or Valkey) at a URL. Another server is another URL, and no change of code. A connection that breaks is made again; what is asked
 * meanwhile waits for it, for a bounded time.
 *
 * @param url - `redis://…`, `rediss://…`
 */
export function redis(url: string, { name = "redis", waitMs = 10_000 }: RedisOptions = {}): Redis {
  hideSecret(url);
  return resource<RedisClientType>({
    name,
    waitMs,
    connect: async () => {
      const { createClient } = await library(["redis"], () => import("redis"));
      let known = false;
      const client = createClient({
        url,
        commandsQueueMaxLength: 10_000,
        socket: { connectTimeout: 5_000, reconnectStrategy: (tries) => (known ? backoffMs(tries + 1, Math.random()) : false) },
      }) as RedisClientType;
      client.on("error", (error: unknown) => {
        if (known) log.warn("the connection broke; it is made again", { resource: name, why: reason(error) });
      });
      await client.connect();
      known = true;
      return client;
    },
    check: async (client, signal) => {
      if (!client.isReady) throw new Error("it is not connected");
      await client.withAbortSignal(signal).ping();
    },
    close: async (client) => {
      if (client.isReady) await client.close();
      else client.destroy();
    },
  });
}
