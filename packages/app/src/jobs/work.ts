import { setTimeout } from "node:timers/promises";
import type { Runner, RunnerOptions, TaskList } from "graphile-worker";
import { withContext } from "../log/context.ts";
import { failureText } from "../log/failure.ts";
import { log } from "../log/log.ts";
import { backoffMs } from "../resource/backoff.ts";
import { library } from "../resource/library.ts";
import type { Postgres } from "../resource/postgres.ts";
import { reason } from "../resource/resource.ts";
import { onStop, stopGraceMs, stopping } from "../stop/stop.ts";
import { gauge, histogram } from "../telemetry/metrics.ts";
import { spanned, traceHeaders } from "../telemetry/trace.ts";
import { DeadWorkers } from "./dead-workers.ts";
import { Handed } from "./handed.ts";
import type { AddOptions, DeadLetter, JobDeclaration, JobDeclarations, PayloadOf } from "./job.ts";

export interface WorkOptions {
  /** Of the queue's tables. Default `graphile_worker`. */
  readonly schema?: string;
}

export interface WorkerOptions {
  /** Jobs at once in this process. Default 5. */
  readonly concurrency?: number;
  /** How often jobs whose time has come are looked for, in milliseconds; those for now are told at once. Default 2_000. */
  readonly pollMs?: number;
}

/** Jobs on PostgreSQL: added in a transaction, acknowledged after the work, tried again, and delivered again when their worker dies. */
export interface Work<J extends JobDeclarations> {
  /** Makes the queue's tables, or brings them up to date: a matter for the release task. */
  migrate(): Promise<void>;
  /** @returns its id */
  add<Name extends keyof J & string>(name: Name, payload: PayloadOf<J[Name]>, options?: AddOptions): Promise<string>;
  /** Works until the process is told to stop; then what is in hand is finished, and what cannot be is handed back. */
  start(options?: WorkerOptions): Promise<void>;
  /** How many jobs are due and wait: what a platform may scale by. */
  waiting(): Promise<number>;
  /** Jobs that were tried as often as they may be, the oldest first. */
  dead(limit?: number): Promise<readonly DeadLetter[]>;
  /** Tries dead letters again, from the first attempt. @returns how many there were */
  revive(ids: readonly string[]): Promise<number>;
}

/** What travels with a job beside its payload: the trace it was added in. */
interface Envelope {
  readonly payload: unknown;
  readonly trace?: Readonly<Record<string, string>>;
}

const duration = histogram("messaging.process.duration", { unit: "s", description: "From a job's start to its end" });
/** So many looks for jobs in a row may fail before the queue is begun anew. */
const mostFailures = 20;
/** At the end of the stop's time there must be some left to hand back in, in milliseconds. */
const handBackMs = 3_000;

/**
 * Declares an app's jobs.
 *
 * @see https://12factor.net/concurrency
 */
export function work<const J extends JobDeclarations>(db: Postgres, jobs: J, { schema = "graphile_worker" }: WorkOptions = {}): Work<J> {
  const waiting = async (): Promise<number> => {
    const { rows } = await db.query<{ count: number }>(
      `select count(*)::int as count from ${schema}._private_jobs where is_available and run_at <= now()`,
    );
    return rows[0]?.count ?? 0;
  };
  return {
    waiting,
    async migrate() {
      const { runMigrations } = await queueLibrary();
      await runMigrations({ pgPool: await db.pool(), schema });
    },
    async add(name, payload, options = {}) {
      const declared = jobs[name] as JobDeclaration<unknown> | undefined;
      if (!declared) throw new TypeError(`there is no job called ${name}`);
      const { queue } = declared;
      const envelope: Envelope = { payload, trace: traceHeaders() };
      const values = [
        name,
        JSON.stringify(envelope),
        (typeof queue === "function" ? queue(payload) : queue) ?? null,
        options.at ?? null,
        options.attempts ?? declared.attempts ?? null,
        options.key ?? null,
        options.priority ?? declared.priority ?? null,
      ];
      const { rows } = await (options.in ?? db).query(
        `select id::text from ${schema}.add_job($1, $2::json, queue_name => $3, run_at => $4::timestamptz, max_attempts => $5::int, job_key => $6, priority => $7::int)`,
        values,
      );
      return (rows[0] as { id: string }).id;
    },
    async start(options = {}) {
      gauge("messaging.queue.waiting", waiting, { unit: "{job}", description: "Jobs that are due" });
      const pool = await db.pool();
      const workers = new Workers(db, jobs, schema, options);
      const dead = new DeadWorkers(pool, schema, () => workers.id);
      await workers.begin();
      onStop("finish", "work", async () => {
        await workers.end();
        await dead[Symbol.asyncDispose]();
      });
    },
    async dead(limit = 100) {
      const { rows } = await db.query<DeadLetter>(
        `select j.id::text, t.identifier as name, j.payload->'payload' as payload, j.attempts::int, coalesce(j.last_error, '') as error, j.updated_at as at
         from ${schema}._private_jobs j join ${schema}._private_tasks t on t.id = j.task_id
         where j.attempts >= j.max_attempts and j.locked_at is null order by j.id limit $1`,
        [limit],
      );
      return rows;
    },
    async revive(ids) {
      const { rows } = await db.query(`select id from ${schema}.reschedule_jobs($1::bigint[], run_at => now(), attempts => 0)`, [ids]);
      return rows.length;
    },
  };
}

async function queueLibrary(): Promise<typeof import("graphile-worker")> {
  return await library(["graphile-worker", "pg"], () => import("graphile-worker"));
}

/** The workers of one process: begun again when the database was away for longer than the queue bears. */
class Workers {
  readonly #db: Postgres;
  readonly #jobs: JobDeclarations;
  readonly #schema: string;
  readonly #options: WorkerOptions;
  readonly #handed = new Handed();
  #runner: Runner | undefined;
  /** As the queue knows them while they work. */
  id: string | undefined;

  constructor(db: Postgres, jobs: JobDeclarations, schema: string, options: WorkerOptions) {
    this.#db = db;
    this.#jobs = jobs;
    this.#schema = schema;
    this.#options = options;
  }

  async begin(): Promise<void> {
    const { run, Logger } = await queueLibrary();
    const { EventEmitter } = await import("node:events");
    const { concurrency = 5, pollMs = 2_000 } = this.#options;
    const events = new EventEmitter() as NonNullable<RunnerOptions["events"]>;
    events.on("pool:create", ({ workerPool }) => {
      this.id = workerPool.id;
    });
    let failures = 0;
    for (const event of ["worker:getJob:empty", "job:start"] as const)
      events.on(event, () => {
        failures = 0;
      });
    // A queue whose first look failed keeps that failure for all later ones: it has to be begun anew.
    events.on("worker:getJob:error", ({ error }) => {
      if (++failures % mostFailures === 0) void this.#anew(error);
    });
    this.#runner = await run({
      pgPool: await this.#db.pool(),
      schema: this.#schema,
      concurrency,
      pollInterval: pollMs,
      noHandleSignals: true,
      gracefulShutdownAbortTimeout: Math.max(0, stopGraceMs() - handBackMs),
      taskList: this.#tasks(),
      crontab: "",
      events,
      // What a job rejects with is told where it is run.
      logger: new Logger(() => (level, message, meta) => {
        if ((level === "error" || level === "warning") && !meta?.["failure"]) log.warn("work", { why: message });
      }),
    });
    const runner = this.#runner;
    runner.promise.catch((error: unknown) => {
      if (this.#runner === runner) this.#again(error);
    });
  }

  async #anew(error: unknown): Promise<void> {
    const runner = this.#runner;
    if (stopping.aborted || runner === undefined) return;
    this.#runner = undefined;
    // Its own end tells of what made it end; so does the line below.
    await runner.stop().catch(() => undefined);
    this.#again(error);
  }

  #again(error: unknown): void {
    if (stopping.aborted) return;
    this.#runner = undefined;
    log.error("the workers have stopped; they are started again", { why: reason(error) });
    const start = async (): Promise<void> => {
      for (let tries = 1; !stopping.aborted; tries++) {
        await setTimeout(backoffMs(tries, Math.random()), undefined, { signal: stopping }).catch(() => undefined);
        try {
          if (!stopping.aborted) await this.begin();
          return;
        } catch (failed) {
          log.warn("the workers could not be started; it is tried again", { tries, why: reason(failed) });
        }
      }
    };
    void start();
  }

  async end(): Promise<void> {
    await this.#runner?.stop();
    await this.#handed.back(this.#db, this.#schema);
  }

  #tasks(): TaskList {
    return Object.fromEntries(
      Object.entries(this.#jobs).map(([name, declared]): [string, TaskList[string]] => [
        name,
        async (given, { job, abortSignal }) => {
          const { payload, trace } = given as Envelope;
          const signal = abortSignal ?? new AbortController().signal;
          const begun = performance.now();
          let failed = false;
          try {
            await withContext({ job: name, job_id: String(job.id) }, () =>
              spanned(
                `${name} process`,
                { "messaging.system": "graphile-worker", "messaging.destination.name": name },
                async () => await declared.run(payload, { id: String(job.id), attempt: job.attempts, signal }),
                { kind: "CONSUMER", ...(trace && { carrier: trace }) },
              ),
            );
          } catch (error) {
            failed = true;
            if (signal.aborted) this.#handed.give(String(job.id), job.attempts);
            else
              log.error("a job failed", {
                job: name,
                job_id: String(job.id),
                attempt: job.attempts,
                of: job.max_attempts,
                error: failureText(error),
              });
            throw error;
          } finally {
            duration.record((performance.now() - begun) / 1000, { "messaging.destination.name": name, failed });
          }
        },
      ]),
    );
  }
}
