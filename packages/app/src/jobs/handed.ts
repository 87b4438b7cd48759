import { setTimeout } from "node:timers/promises";
import { log } from "../log/log.ts";
import type { Postgres } from "../resource/postgres.ts";
import { reason } from "../resource/resource.ts";

/** Jobs that were given up because the process ends: once the queue has noted their failure, they are made due again, as if it had not been. */
export class Handed {
  readonly #given = new Map<string, number>();

  /** @param attempt - which one was given up; it is not counted */
  give(id: string, attempt: number): void {
    this.#given.set(id, attempt - 1);
  }

  /** To be called when no more are given. */
  async back(db: Postgres, schema: string): Promise<void> {
    for (const [id, attempts] of this.#given) {
      try {
        if (await due(db, schema, id, attempts)) log.info("a job is handed back", { job_id: id });
      } catch (error) {
        // It stays a failed attempt, and is tried again after the queue's own pause.
        log.warn("a job could not be handed back", { job_id: id, why: reason(error) });
      }
    }
  }
}

/** The queue notes a failure a moment later than it says that it has ended; until then the job is locked. */
async function due(db: Postgres, schema: string, id: string, attempts: number): Promise<boolean> {
  for (let tries = 0; tries < 100; tries++) {
    const { rowCount } = await db.query(`select from ${schema}.reschedule_jobs(array[$1::bigint], run_at => now(), attempts => $2::int)`, [
      id,
      attempts,
    ]);
    if (rowCount === 1) return true;
    await setTimeout(20);
  }
  return false;
}
