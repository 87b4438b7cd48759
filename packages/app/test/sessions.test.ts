import { describe, expect, test } from "vitest";
import { type Postgres, postgres } from "../src/resource/postgres.ts";
import { type Redis, redis } from "../src/resource/redis.ts";
import {
  forgetSessions,
  migrateSessions,
  postgresSessions,
  redisSessions,
  type Session,
  type SessionStore,
  sessions,
} from "../src/sessions.ts";
import { Backing } from "./support/servers.ts";

interface Visitor {
  user: string;
}

const asked = (cookie?: string): Request => new Request("https://shop.example/", cookie === undefined ? {} : { headers: { cookie } });
const sent = (headers: Readonly<Record<string, string>>): string => headers["set-cookie"]?.split(";")[0] ?? "";

describe.each(["postgres", "redis"] as const)("%s", (type) => {
  async function stores(): Promise<{ store: SessionStore; everything: () => Promise<string>; server: Backing; client: Postgres | Redis }> {
    const server = await Backing.start(type);
    if (type === "postgres") {
      const db = postgres(server.url);
      await migrateSessions(db);
      return {
        server,
        client: db,
        store: postgresSessions(db),
        everything: async () => JSON.stringify(await db.sql`select * from douze_sessions`),
      };
    }
    const cache = redis(server.url);
    return {
      server,
      client: cache,
      store: redisSessions(cache),
      everything: async () => JSON.stringify(await (await cache.client()).keys("*")),
    };
  }

  test("a session is there for the next process, and nobody reads its name in the store", async () => {
    const { store, everything, server, client } = await stores();
    await using _server = server;
    await using _client = client;
    const first = sessions<Visitor>({ store });
    const session = await first(asked());
    expect(session.isNew).toBe(true);
    session.values.user = "ana";
    const headers = await session.save();
    expect(headers["set-cookie"]).toMatch(/^__Host-session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=86400; Secure$/);
    const cookie = sent(headers);
    expect(await everything()).not.toContain(cookie.split("=")[1]);
    const other = await sessions<Visitor>({ store })(asked(`theme=dark; ${cookie}`));
    expect(other.isNew).toBe(false);
    expect(other.values).toEqual({ user: "ana" });

    const renewed = await other.renew();
    expect(sent(renewed)).not.toBe(cookie);
    expect((await first(asked(cookie))).isNew).toBe(true);
    const again: Session<Visitor> = await first(asked(sent(renewed)));
    expect(again.values).toEqual({ user: "ana" });

    expect((await again.end())["set-cookie"]).toMatch(/^__Host-session=; .*Max-Age=0/);
    expect((await first(asked(sent(renewed)))).isNew).toBe(true);
  });

  test("a name that the store does not know is not taken on, and what has expired is gone", async () => {
    const { store, server, client } = await stores();
    await using _server = server;
    await using _client = client;
    const open = sessions<Visitor>({ store, secure: false, maxAgeMs: 1 });
    const forged = `session=${"A".repeat(43)}`;
    const session = await open(asked(forged));
    expect(session.isNew).toBe(true);
    const cookie = sent(await session.save());
    expect(cookie).not.toBe(forged);
    while (!(await open(asked(cookie))).isNew);
    if (type === "postgres") expect(await forgetSessions(client as Postgres)).toBe(1);
  });
});
