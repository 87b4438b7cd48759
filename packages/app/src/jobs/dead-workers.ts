import { setTimeout } from "node:timers/promises";
import type { Pool, PoolClient } from "pg";
import { log } from "../log/log.ts";
import { backoffMs } from "../resource/backoff.ts";
import { reason } from "../resource/resource.ts";

/** First half of the keys of advisory locks: `work` in ASCII. */
const lockSpace = 0x776f_726b;
/** How often it is looked for workers that have died, in milliseconds. */
const lookMs = 1_000;
/** So often in a row a worker must be found without its lock: one that has just begun, or reconnects, may be for a moment. */
const strikes = 3;

/**
 * Hands back the jobs of workers that are no more. Each process of workers holds an advisory lock for as long as its connection lasts; a
 * process that was killed has let go of it at that moment, and its jobs are taken up by another within seconds. Without this they would stay
 * locked for the hours that the queue gives to a job that takes long.
 */
export class DeadWorkers implements AsyncDisposable {
  readonly #pool: Pool;
  readonly #schema: string;
  /** Who of this process is locked for. */
  readonly #own: () => string | undefined;
  readonly #ending = new AbortController();
  readonly #looking: Promise<void>;
  readonly #suspects = new Map<string, number>();

  constructor(pool: Pool, schema: string, own: () => string | undefined) {
    this.#pool = pool;
    this.#schema = schema;
    this.#own = own;
    this.#looking = this.#look();
  }

  async #look(): Promise<void> {
    let client: PoolClient | undefined;
    let held: string | undefined;
    for (let failed = 0; !this.#ending.signal.aborted; ) {
      try {
        client ??= await this.#connect();
        const own = this.#own();
        if (own !== undefined && own !== held) {
          await client.query("select pg_advisory_lock($1, hashtext($2))", [lockSpace, own]);
          held = own;
        }
        await this.#handBack(client);
        failed = 0;
      } catch (error) {
        client?.release(true);
        client = undefined;
        held = undefined;
        failed++;
        log.warn("workers cannot be looked after; it is tried again", { why: reason(error) });
      }
      const pauseMs = failed > 0 ? backoffMs(failed, Math.random()) : lookMs;
      await setTimeout(pauseMs, undefined, { signal: this.#ending.signal }).catch(() => undefined);
    }
    client?.release(true);
  }

  async #connect(): Promise<PoolClient> {
    const client = await this.#pool.connect();
    client.on("error", () => undefined);
    return client;
  }

  async #handBack(client: PoolClient): Promise<void> {
    const { rows } = await client.query<{ worker: string }>(
      `select distinct locked_by as worker from ${this.#schema}._private_jobs where locked_by like 'pool-%'
       and not exists (select from pg_locks where locktype = 'advisory' and classid = $1 and objsubid = 2
         and objid::bigint = hashtext(locked_by)::bigint & 4294967295
         and database = (select oid from pg_database where datname = current_database()))`,
      [lockSpace],
    );
    const found = new Set(rows.map(({ worker }) => worker));
    for (const known of this.#suspects.keys()) if (!found.has(known)) this.#suspects.delete(known);
    for (const worker of found) this.#suspects.set(worker, (this.#suspects.get(worker) ?? 0) + 1);
    const dead = [...found].filter((worker) => (this.#suspects.get(worker) ?? 0) >= strikes);
    if (dead.length === 0) return;
    await client.query(`select ${this.#schema}.force_unlock_workers($1)`, [dead]);
    log.warn("workers have died; their jobs are handed back", { workers: dead.length });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#looking;
  }
}
