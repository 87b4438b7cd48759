import { sql } from "./database.ts";
import { log } from "./log.ts";
import { onStop } from "./stop.ts";

const me = process.env.DOUZE_PROCESS ?? "by hand";
let stopping = false;
let working: Promise<void> = Promise.resolve();

/** Takes one job, does it, and only then says so: a worker that is killed leaves the job to another. */
async function workOne(): Promise<boolean> {
  return await sql.begin(async (tx) => {
    const [job] = await tx`select id, name from jobs where done_at is null order by id limit 1 for update skip locked`;
    if (!job) return false;
    await tx`select pg_sleep(0.2)`; // the work
    await tx`update jobs set done_at = now(), done_by = ${me} where id = ${job.id}`;
    log("job done", { job: job.id });
    return true;
  });
}

function workOff(): void {
  working = working.then(async () => {
    while (!stopping && (await workOne()));
  });
  working.catch((error: unknown) => {
    log("job failed", { level: "error", error: String(error) });
    process.exit(1); // the platform starts it again, with a pause
  });
}

await sql.listen("jobs", workOff, workOff);
log("waiting for jobs");

onStop(async () => {
  stopping = true;
  await working;
  await sql.end();
});
