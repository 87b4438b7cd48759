import type { Postgres } from "../resource/postgres.ts";
import type { Redis } from "../resource/redis.ts";

/** Where sessions are kept: never in the process, which another one may follow at any moment. */
export interface SessionStore {
  /** @returns JSON, or nothing when there is none or it has expired */
  read(key: string): Promise<string | undefined>;
  write(key: string, text: string, maxAgeMs: number): Promise<void>;
  /** Lets it live on for so long. */
  touch(key: string, maxAgeMs: number): Promise<void>;
  remove(key: string): Promise<void>;
}

const prefix = "session:";

/** Sessions in Redis, which forgets them by itself. */
export function redisSessions(redis: Redis): SessionStore {
  return {
    read: async (key) => (await (await redis.client()).get(prefix + key)) ?? undefined,
    write: async (key, text, maxAgeMs) =>
      void (await (await redis.client()).set(prefix + key, text, { expiration: { type: "PX", value: maxAgeMs } })),
    touch: async (key, maxAgeMs) => void (await (await redis.client()).pExpire(prefix + key, maxAgeMs)),
    remove: async (key) => void (await (await redis.client()).del(prefix + key)),
  };
}

/** Makes the table of {@link postgresSessions}: a matter for the release task. */
export async function migrateSessions(db: Postgres): Promise<void> {
  await db.query("create table if not exists douze_sessions (key text primary key, data text not null, expires timestamptz not null)");
  await db.query("create index if not exists douze_sessions_expires on douze_sessions (expires)");
}

/** Sessions in PostgreSQL. What has expired is not read, and goes with `forgetSessions`. */
export function postgresSessions(db: Postgres): SessionStore {
  return {
    read: async (key) => (await db.sql<{ data: string }>`select data from douze_sessions where key = ${key} and expires > now()`)[0]?.data,
    write: async (key, text, maxAgeMs) =>
      void (await db.sql`insert into douze_sessions (key, data, expires) values (${key}, ${text}, now() + ${maxAgeMs} * interval '1 millisecond')
        on conflict (key) do update set data = excluded.data, expires = excluded.expires`),
    touch: async (key, maxAgeMs) =>
      void (await db.sql`update douze_sessions set expires = now() + ${maxAgeMs} * interval '1 millisecond' where key = ${key} and expires > now()`),
    remove: async (key) => void (await db.sql`delete from douze_sessions where key = ${key}`),
  };
}

/** Deletes what has expired: a matter for a schedule. @returns how many */
export async function forgetSessions(db: Postgres): Promise<number> {
  return (await db.query("delete from douze_sessions where expires <= now()")).rowCount ?? 0;
}
