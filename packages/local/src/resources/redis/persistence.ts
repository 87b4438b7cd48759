import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { pause } from "../pause.ts";
import { infoField, journalState } from "../plan/redis.ts";
import type { ServerSettings } from "../resource-folder.ts";
import { lookMs } from "../server-process.ts";
import { connectRedis } from "./ask.ts";

/**
 * Has the server write all its data into `dump.rdb`.
 *
 * @throws Error - it cannot
 */
export async function snapshot(settings: ServerSettings, data: string, signal: AbortSignal): Promise<void> {
  const file = join(data, "dump.rdb");
  using connection = await connectRedis(settings, signal);
  await rm(file, { force: true });
  // After a journal that is just being rewritten, when there is one.
  await connection.ask("BGSAVE", "SCHEDULE");
  while (!existsSync(file)) {
    const info = await connection.ask("INFO", "persistence");
    const busy = infoField(info, "rdb_bgsave_in_progress") === "1" || infoField(info, "aof_rewrite_in_progress") === "1";
    if (!busy && infoField(info, "rdb_last_bgsave_status") !== "ok") throw new Error("the server could not write a snapshot");
    await pause(lookMs, signal);
  }
}

/**
 * Has a server that has read a snapshot keep a journal from now on. Returns when the journal holds everything.
 *
 * @throws Error - it cannot
 */
export async function beginJournal(settings: ServerSettings, data: string, signal: AbortSignal): Promise<void> {
  using connection = await connectRedis(settings, signal);
  await connection.ask("CONFIG", "SET", "appendonly", "yes");
  for (;;) {
    const state = journalState(await connection.ask("INFO", "persistence"));
    if (state === "failed") throw new Error("the server could not write its journal");
    if (state === "written") break;
    await pause(lookMs, signal);
  }
  await rm(join(data, "dump.rdb"), { force: true });
}
