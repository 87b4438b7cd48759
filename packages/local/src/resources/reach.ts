import { resolveSrv } from "node:dns/promises";
import type { ResourceType } from "@douze/core";
import type { Reachability } from "@douze/engine";
import { pause } from "./pause.ts";
import { type Attempt, missed, pauseMs } from "./plan/attempt.ts";
import { placeText, type ResourceUrl, resourceUrl, type ServerPlace } from "./plan/resource-url.ts";
import { reachPostgres } from "./reach-postgres.ts";
import { reachRedis } from "./reach-redis.ts";
import { openSocket } from "./socket.ts";

/** How long one try may take, in milliseconds; there is always time for another one then. */
const tryMs = 5_000;

/**
 * Tries to reach a resource until it answers, until it is clear that it will not, or until the time is over. Never throws for one
 * that cannot be reached, and never tells more of its URL than host, port and database.
 */
export async function reach(type: ResourceType, url: string, signal: AbortSignal, timeoutMs: number): Promise<Reachability> {
  const target = resourceUrl(url, type);
  if ("malformed" in target) return { reachable: false, detail: `the URL cannot be read: ${target.malformed}` };
  const over = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  let last = "it was not tried: the time was over at once";
  for (let tries = 1; !over.aborted; tries++) {
    const startedAt = performance.now();
    const attempt = await tryOnce(type, target, AbortSignal.any([over, AbortSignal.timeout(tryMs)]));
    if (attempt.kind === "reached")
      return { reachable: true, detail: attempt.detail, latencyMs: Math.round(performance.now() - startedAt) };
    // A try that the end of the time cut off says less than the one before.
    if (tries === 1 || !over.aborted) last = attempt.detail;
    if (!attempt.again) break;
    await pause(pauseMs(tries), over).catch(() => undefined);
  }
  return { reachable: false, detail: last };
}

async function tryOnce(type: ResourceType, target: ResourceUrl, signal: AbortSignal): Promise<Attempt> {
  switch (type) {
    case "postgres":
      return await reachPostgres(target, signal);
    case "redis":
      return await reachRedis(target, signal);
    case "mysql":
    case "mongodb":
    case "amqp":
    case "s3":
    case "smtp":
    case "otlp":
    case "http":
    case "tcp":
    case "llm":
      return await reachSocket(target, signal);
  }
}

/** Whether any of its places accepts connections. */
async function reachSocket(target: ResourceUrl, signal: AbortSignal): Promise<Attempt> {
  let attempt: Attempt | undefined;
  try {
    for (const place of await placesOf(target)) {
      attempt = await reachPlace(place, target.tls, signal);
      if (attempt.kind === "reached") return attempt;
    }
  } catch (error) {
    attempt = missed(error, placeText(target.places[0]));
  }
  return attempt ?? { kind: "missed", detail: `${placeText(target.places[0])} names no server`, again: true };
}

async function reachPlace(place: ServerPlace, tls: boolean, signal: AbortSignal): Promise<Attempt> {
  const address = placeText(place);
  try {
    const socket = await openSocket({ ...place, tls }, signal);
    socket.on("error", () => undefined);
    socket.destroy();
    return { kind: "reached", detail: tls ? "accepts connections over TLS" : "accepts connections" };
  } catch (error) {
    return missed(error, address);
  }
}

/** MongoDB's `+srv` names a service; its servers are in the DNS. */
async function placesOf({ scheme, places }: ResourceUrl): Promise<readonly ServerPlace[]> {
  if (scheme !== "mongodb+srv") return places;
  const records = await resolveSrv(`_mongodb._tcp.${places[0].host}`);
  return records.map(({ name, port }) => ({ host: name, port }));
}
