import { setTimeout } from "node:timers/promises";
import { backoffMs } from "../resource/backoff.ts";
import { reason } from "../resource/resource.ts";
import type { LiveSource } from "./live-values.ts";
import type { Texts } from "./sources.ts";

export interface ConsulOptions {
  /** `http://127.0.0.1:8500`. */
  readonly url: string;
  /** The keys below it are those of the config: `shop/production/` has `shop/production/GREETING`. */
  readonly prefix: string;
  readonly token?: string;
  /** How long the server may hold a question, in milliseconds. Default 300_000. */
  readonly waitMs?: number;
}

interface Pair {
  readonly Key: string;
  readonly Value: string | null;
}

/**
 * Live values in a key-value store with Consul's interface, by blocking queries: the server answers when something changes. What it has is
 * there a moment after the start; until then, and while it is away, the values are those of the environment or the last good ones.
 *
 * @see https://developer.hashicorp.com/consul/api-docs/features/blocking
 */
export function consulLive({ url, prefix, token, waitMs = 300_000 }: ConsulOptions): LiveSource {
  const folder = prefix.endsWith("/") ? prefix : `${prefix}/`;
  const address = new URL(`/v1/kv/${folder.split("/").map(encodeURIComponent).join("/")}`, url);
  return {
    name: `${address.origin}${address.pathname}`,
    initial: () => ({}),
    watch(tell, flaw, signal) {
      void follow({ address, folder, token, waitMs }, tell, flaw, signal);
    },
  };
}

interface Place {
  readonly address: URL;
  readonly folder: string;
  readonly token: string | undefined;
  readonly waitMs: number;
}

async function follow(place: Place, tell: (texts: Texts) => void, flaw: (text: string) => void, signal: AbortSignal): Promise<void> {
  let index = 0;
  for (let failed = 0; !signal.aborted; ) {
    try {
      const answer = await ask(place, index, signal);
      failed = 0;
      // An index that went back is of a store that was restored: what it held before says nothing.
      index = answer.index < index ? 0 : answer.index;
      if (answer.texts) tell(answer.texts);
    } catch (error) {
      if (signal.aborted) return;
      failed++;
      index = 0;
      if (failed === 1) flaw(`it cannot be read (${error instanceof StatusError ? error.message : reason(error)}); it is tried again`);
      await setTimeout(backoffMs(failed, Math.random()), undefined, { signal, ref: false }).catch(() => undefined);
    }
  }
}

class StatusError extends Error {}

async function ask(
  { address, folder, token, waitMs }: Place,
  index: number,
  signal: AbortSignal,
): Promise<{ index: number; texts?: Texts }> {
  const url = new URL(address);
  url.searchParams.set("recurse", "true");
  if (index > 0) {
    url.searchParams.set("index", String(index));
    url.searchParams.set("wait", `${waitMs}ms`);
  }
  // The server adds up to a sixteenth of the wait.
  const patience = AbortSignal.timeout(waitMs + waitMs / 16 + 10_000);
  const response = await fetch(url, {
    signal: AbortSignal.any([signal, patience]),
    ...(token && { headers: { "x-consul-token": token } }),
  });
  const next = Math.max(1, Number(response.headers.get("x-consul-index") ?? 0) || 0);
  // No key is there: 404 has an index, too.
  if (response.status === 404) return { index: next };
  if (!response.ok) throw new StatusError(`it answered ${response.status}`);
  const pairs = (await response.json()) as readonly Pair[];
  const entries = pairs.filter(({ Key, Value }) => Value !== null && Key.length > folder.length);
  return {
    index: next,
    texts: Object.fromEntries(entries.map(({ Key, Value }) => [Key.slice(folder.length), Buffer.from(Value ?? "", "base64").toString()])),
  };
}
