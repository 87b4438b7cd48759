import { createHash, randomBytes } from "node:crypto";
import type { SessionStore } from "./store.ts";

export interface SessionOptions {
  readonly store: SessionStore;
  /** Default `session`; over TLS `__Host-` is put in front, which keeps other hosts of the domain from setting it. */
  readonly cookie?: string;
  /** How long a session lives after its last use, in milliseconds. Default a day. */
  readonly maxAgeMs?: number;
  /** Sent over TLS alone. Default true: off only for a laptop without TLS. */
  readonly secure?: boolean;
  /** Default `Lax`. */
  readonly sameSite?: "Strict" | "Lax" | "None";
}

/** What is kept of one visitor between two requests. */
export interface Session<Values extends object> {
  /** As it was read; what is changed here is kept by `save`. */
  values: Partial<Values>;
  /** Whether there was one. */
  readonly isNew: boolean;
  /** Keeps the values. @returns headers for the answer */
  save(): Promise<Readonly<Record<string, string>>>;
  /** The same, under a new name: after a login, so that a name which somebody else knew is worth nothing. */
  renew(): Promise<Readonly<Record<string, string>>>;
  /** Ends it. @returns headers for the answer */
  end(): Promise<Readonly<Record<string, string>>>;
}

/**
 * Sessions by a cookie that holds nothing but a name by chance; the store knows its hash alone, so that who reads the store cannot take one
 * over.
 *
 * @see https://12factor.net/processes
 */
export function sessions<Values extends object>(options: SessionOptions): (request: Request) => Promise<Session<Values>> {
  const { store, secure = true, maxAgeMs = 86_400_000, sameSite = "Lax" } = options;
  const cookie = `${secure ? "__Host-" : ""}${options.cookie ?? "session"}`;
  const header = (name: string, seconds: number): Readonly<Record<string, string>> => ({
    "set-cookie": `${cookie}=${name}; Path=/; HttpOnly; SameSite=${sameSite}; Max-Age=${seconds}${secure ? "; Secure" : ""}`,
    // An answer with somebody's session is nobody else's.
    "cache-control": "no-store",
  });
  const maxAgeS = Math.floor(maxAgeMs / 1000);
  return async (request) => {
    const sent = cookieOf(request, cookie);
    const text = sent === undefined ? undefined : await store.read(keyOf(sent));
    if (sent !== undefined && text !== undefined) await store.touch(keyOf(sent), maxAgeMs);
    // A name that the store does not know is not taken on: anybody could have put it there.
    let name = text === undefined ? undefined : sent;
    const session: Session<Values> = {
      values: text === undefined ? {} : (JSON.parse(text) as Partial<Values>),
      isNew: text === undefined,
      async save() {
        name ??= randomBytes(32).toString("base64url");
        await store.write(keyOf(name), JSON.stringify(session.values), maxAgeMs);
        return header(name, maxAgeS);
      },
      async renew() {
        if (name !== undefined) await store.remove(keyOf(name));
        name = undefined;
        return await session.save();
      },
      async end() {
        if (name !== undefined) await store.remove(keyOf(name));
        name = undefined;
        session.values = {};
        return header("", 0);
      },
    };
    return session;
  };
}

function keyOf(name: string): string {
  return createHash("sha256").update(name).digest("base64url");
}

function cookieOf(request: Request, name: string): string | undefined {
  for (const pair of (request.headers.get("cookie") ?? "").split(";")) {
    const at = pair.indexOf("=");
    if (pair.slice(0, at).trim() === name) return /^[A-Za-z0-9_-]{43}$/.exec(pair.slice(at + 1).trim())?.[0];
  }
  return undefined;
}
