import type { Pool, PoolClient, PoolConfig, QueryResult, QueryResultRow } from "pg";
import { log } from "../log/log.ts";
import { hideSecret } from "../log/secrets.ts";
import { platform } from "../platform.ts";
import { spanned } from "../telemetry/trace.ts";
import { library } from "./library.ts";
import { reason, resource } from "./resource.ts";

/** Asks a database. A text between backticks is a query whose values travel apart from it, so that no value is ever read as SQL. */
export interface Queries {
  /** @returns the rows */
  sql<Row extends QueryResultRow = QueryResultRow>(text: TemplateStringsArray, ...values: readonly unknown[]): Promise<Row[]>;
  query<Row extends QueryResultRow = QueryResultRow>(text: string, values?: readonly unknown[]): Promise<QueryResult<Row>>;
}

export interface Transaction extends Queries {
  /** The connection that the transaction is on, for libraries that take one. */
  readonly client: PoolClient;
}

export interface Postgres extends Queries, AsyncDisposable {
  readonly name: string;
  /** Commits when `act` resolves, and takes everything back when it rejects. */
  transaction<Result>(act: (transaction: Transaction) => Promise<Result>): Promise<Result>;
  /** The pool of node-postgres, for libraries that take one. */
  pool(): Promise<Pool>;
}

export interface PostgresOptions {
  /** For messages and readiness. Default `postgres`. */
  readonly name?: string;
  /** Connections at once. Default 10. */
  readonly max?: number;
  /** How long a first use waits for the server, in milliseconds. Default 10_000. */
  readonly waitMs?: number;
  /** After which the server ends a statement, in milliseconds. Default 30_000; 0 is never. */
  readonly statementMs?: number;
  /** Of the pool, for what has no name here. */
  readonly pool?: PoolConfig;
}

/** Told by a server that may answer the next time: class 08 is connections, 57P03 a server that is starting. */
const passing = /^(08|57P0[123]|53300|ECONN|ENOTFOUND|EAI_AGAIN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)/;

/**
 * The PostgreSQL at a URL. Another server is another URL, and no change of code.
 *
 * @param url - `postgres://…`
 */
export function postgres(url: string, options: PostgresOptions = {}): Postgres {
  hideSecret(url);
  const { name = "postgres", waitMs = 10_000, max = 10, statementMs = 30_000 } = options;
  const attached = resource<Pool>({
    name,
    waitMs,
    connect: async () => {
      const { default: pg } = await library(["pg"], () => import("pg"));
      const pool = new pg.Pool({
        connectionString: url,
        max,
        connectionTimeoutMillis: 5_000,
        idleTimeoutMillis: 30_000,
        application_name: platform.process ?? "app",
        ...(statementMs > 0 && { statement_timeout: statementMs }),
        ...options.pool,
      });
      // A connection that breaks while it lies idle is replaced at its next use; without a listener it would end the process.
      pool.on("error", (error) => log.warn("an idle connection broke", { resource: name, why: reason(error) }));
      // One that breaks in somebody's hands fails their query; the event is nobody's.
      pool.on("connect", (client) => void client.on("error", () => undefined));
      try {
        (await pool.connect()).release();
        return pool;
      } catch (error) {
        await pool.end();
        throw error;
      }
    },
    mayRetry: (error) => passing.test(reason(error)) || !(error instanceof Error && "severity" in error),
    // Where all connections are in use the server is there; to wait for one would take a busy process out of service.
    check: async (pool) => void (pool.idleCount === 0 && pool.totalCount >= max ? undefined : await pool.query("select 1")),
    close: async (pool) => await pool.end(),
  });
  const query = async <Row extends QueryResultRow>(text: string, values: readonly unknown[] = []): Promise<QueryResult<Row>> =>
    await spanned(`${name} query`, { "db.system.name": "postgresql", "db.query.text": text }, async () =>
      (await attached.client()).query<Row>(text, [...values]),
    );
  return {
    name,
    query,
    sql: async <Row extends QueryResultRow>(text: TemplateStringsArray, ...values: readonly unknown[]) =>
      (await query<Row>(numbered(text), values)).rows,
    transaction: async (act) => await inTransaction(name, await attached.client(), act),
    pool: () => attached.client(),
    [Symbol.asyncDispose]: () => attached[Symbol.asyncDispose](),
  };
}

/** `select $1, $2` of a text in pieces. */
function numbered(text: TemplateStringsArray): string {
  return text.reduce((whole, piece, index) => (index === 0 ? piece : `${whole}$${index}${piece}`), "");
}

async function inTransaction<Result>(name: string, pool: Pool, act: (transaction: Transaction) => Promise<Result>): Promise<Result> {
  const client = await pool.connect();
  let broken: Error | undefined;
  const onError = (error: Error): void => {
    broken = error;
  };
  client.on("error", onError);
  const query = async <Row extends QueryResultRow>(text: string, values: readonly unknown[] = []): Promise<QueryResult<Row>> =>
    await client.query<Row>(text, [...values]);
  try {
    return await spanned(`${name} transaction`, { "db.system.name": "postgresql" }, async () => {
      await client.query("begin");
      try {
        const result = await act({
          client,
          query,
          sql: async <Row extends QueryResultRow>(text: TemplateStringsArray, ...values: readonly unknown[]) =>
            (await query<Row>(numbered(text), values)).rows,
        });
        await client.query("commit");
        return result;
      } catch (error) {
        // Where the connection is gone the server takes it back by itself.
        await client.query("rollback").catch((failed: Error) => {
          broken ??= failed;
        });
        throw error;
      }
    });
  } finally {
    client.off("error", onError);
    client.release(broken);
  }
}
