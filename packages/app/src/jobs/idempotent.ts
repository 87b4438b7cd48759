import type { Postgres, Transaction } from "../resource/postgres.ts";

/** What {@link idempotent} keeps its keys in. */
export const idempotencyTable = `create table if not exists douze_idempotency (
  key text primary key,
  result jsonb,
  at timestamptz not null default now()
)`;

/** Makes the table of keys: a matter for the release task. */
export async function migrateIdempotency(db: Postgres): Promise<void> {
  await db.query(idempotencyTable);
}

/**
 * Does something once for a key, however often it is asked: the effect and the key are one transaction. Who asks again, or at the same time,
 * gets the first one's result.
 *
 * @param key - of a job its id; of a request its `Idempotency-Key` with whoever sent it
 * @param act - its effects must go through the transaction; its result must be JSON
 */
export async function idempotent<Result>(db: Postgres, key: string, act: (transaction: Transaction) => Promise<Result>): Promise<Result> {
  return await db.transaction(async (transaction) => {
    // Whoever comes at the same time waits here until the first one has ended.
    const [first] = await transaction.sql`insert into douze_idempotency (key) values (${key}) on conflict do nothing returning key`;
    if (!first) {
      const [known] = await transaction.sql<{ result: Result }>`select result from douze_idempotency where key = ${key}`;
      return (known as { result: Result }).result;
    }
    const result = await act(transaction);
    await transaction.sql`update douze_idempotency set result = ${JSON.stringify(result ?? null)}::jsonb where key = ${key}`;
    return result;
  });
}

/** Forgets keys that nobody will ask for again. @returns how many */
export async function forgetIdempotency(db: Postgres, olderThanMs: number): Promise<number> {
  const { rowCount } = await db.query("delete from douze_idempotency where at < now() - $1 * interval '1 millisecond'", [olderThanMs]);
  return rowCount ?? 0;
}
