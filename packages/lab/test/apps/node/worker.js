import { setTimeout as sleep } from "node:timers/promises";
import { database, reason } from "./database.js";

const stopping = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => stopping.abort());

/** The job is locked while it is worked on, and done with the commit: whoever dies in between has not touched it. */
async function workOnce() {
  const client = await database.connect();
  let broken = true;
  try {
    await client.query("begin");
    const { rows } = await client.query("select id from jobs where done_at is null order by id limit 1 for update skip locked");
    for (const { id } of rows) {
      await sleep(300);
      await client.query("update jobs set done_at = now() where id = $1", [id]);
    }
    await client.query("commit");
    for (const { id } of rows) console.log(`job ${id} done`);
    broken = false;
    return rows.length > 0;
  } finally {
    client.release(broken);
  }
}

async function idle(ms) {
  await sleep(ms, undefined, { signal: stopping.signal }).catch(() => undefined);
}

console.log("waiting for jobs");
while (!stopping.signal.aborted) {
  try {
    if (!(await workOnce())) await idle(250);
  } catch (error) {
    console.log(`error: ${reason(error)}`);
    await idle(1_000);
  }
}
console.log("stopped");
process.exit(0);
