import { setTimeout } from "node:timers/promises";
import { Cron } from "croner";
import { withContext } from "../log/context.ts";
import { log } from "../log/log.ts";
import { backoffMs } from "../resource/backoff.ts";
import type { Postgres, Transaction } from "../resource/postgres.ts";
import { reason } from "../resource/resource.ts";
import { onStop, stopping } from "../stop/stop.ts";
import { spanned } from "../telemetry/trace.ts";

export interface ScheduleEntry {
  /** Five fields, six with seconds in front, or `@daily` and its like. */
  readonly cron: string;
  /** IANA. Default `UTC`. */
  readonly timeZone?: string;
  /**
   * Within the transaction that claims the time: what is written or added there is done exactly once, however many clocks there are. What
   * is done beside it is done at most once.
   */
  readonly run: (transaction: Transaction, at: Date) => Promise<void>;
  /** Whether the last time that passed while no clock ran is made up for at the start. Default false. */
  readonly catchUp?: boolean;
}

export interface Schedule {
  /** Makes the table of times: a matter for the release task. */
  migrate(): Promise<void>;
  /** Keeps time until the process is told to stop. */
  start(): Promise<void>;
}

const table = `create table if not exists douze_schedule (
  entry text not null,
  at timestamptz not null,
  primary key (entry, at)
)`;
/** How long claimed times are remembered, for clocks that are behind. */
const kept = "1 day";
/** Node's timers go no further. */
const longestMs = 2 ** 31 - 1;

/**
 * What is done by the clock, once for each time, however many clocks there are: while a release is replaced there are two.
 *
 * @throws TypeError - an entry's cron expression or time zone is none
 */
export function schedule(db: Postgres, entries: Readonly<Record<string, ScheduleEntry>>): Schedule {
  const crons = Object.entries(entries).map(([name, entry]) => ({ name, entry, cron: cronOf(entry) }));
  return {
    async migrate() {
      await db.query(table);
    },
    async start() {
      const keeping = crons.map(({ name, entry, cron }) => keepTime(db, name, entry, cron));
      onStop("finish", "schedule", async () => void (await Promise.all(keeping)));
      log.info("keeping time", { entries: crons.map(({ name }) => name) });
      await Promise.resolve();
    },
  };
}

function cronOf({ cron, timeZone = "UTC" }: ScheduleEntry): Cron {
  // Else a zone that is none would be found out at the first time that it is asked for.
  new Intl.DateTimeFormat("en", { timeZone });
  return new Cron(cron, { timezone: timeZone, paused: true });
}

async function keepTime(db: Postgres, name: string, entry: ScheduleEntry, cron: Cron): Promise<void> {
  let from = entry.catchUp ? await lastClaimed(db, name) : new Date();
  while (!stopping.aborted) {
    const missed = entry.catchUp ? lastBefore(cron, from, new Date()) : undefined;
    const next = missed ?? cron.nextRun(from);
    if (!next) return;
    while (!stopping.aborted && next.getTime() > Date.now()) {
      const waitMs = Math.min(longestMs, next.getTime() - Date.now());
      await setTimeout(waitMs, undefined, { signal: stopping }).catch(() => undefined);
    }
    if (stopping.aborted) return;
    await claimAndRun(db, name, entry, cron, next);
    from = next;
  }
}

/** The last of the times that have passed, where there are some; the others are left out. */
function lastBefore(cron: Cron, from: Date, now: Date): Date | undefined {
  const [last] = cron.previousRuns(1, now);
  return last && last > from ? last : undefined;
}

async function lastClaimed(db: Postgres, name: string): Promise<Date> {
  const [row] = await db.sql<{ at: Date | null }>`select max(at) as at from douze_schedule where entry = ${name}`;
  return row?.at ?? new Date();
}

/** The clocks race for the row; what they write in the same transaction is there once or not at all. Tried again until the next time. */
async function claimAndRun(db: Postgres, name: string, entry: ScheduleEntry, cron: Cron, at: Date): Promise<void> {
  for (let tries = 1; !stopping.aborted; tries++) {
    try {
      await withContext({ entry: name }, () =>
        spanned(`schedule ${name}`, {}, () =>
          db.transaction(async (transaction) => {
            const [own] = await transaction.sql`
              insert into douze_schedule (entry, at) values (${name}, ${at}) on conflict do nothing returning at`;
            if (!own) return;
            await transaction.query(`delete from douze_schedule where entry = $1 and at < now() - interval '${kept}'`, [name]);
            await entry.run(transaction, at);
          }),
        ),
      );
      return;
    } catch (error) {
      const next = cron.nextRun(at);
      const pauseMs = backoffMs(tries, Math.random());
      const why = error instanceof Error && !("code" in error) ? error.message : reason(error);
      if (next && Date.now() + pauseMs >= next.getTime()) {
        log.error("a scheduled time was missed", { entry: name, at, tries, why });
        return;
      }
      log.warn("a scheduled run failed; it is tried again", { entry: name, at, tries, why });
      await setTimeout(pauseMs, undefined, { signal: stopping }).catch(() => undefined);
    }
  }
}
