import { sql } from "./database.ts";
import { log } from "./log.ts";
import { onStop } from "./stop.ts";

// However many clocks there are, for instance while a release is replaced, a tick is counted once.
const timer = setInterval(async () => {
  const ticks = await sql`insert into ticks (at) values (date_bin('5 seconds', now(), 'epoch')) on conflict do nothing returning at`;
  if (ticks.length > 0) log("tick");
}, 5_000);
log("ticking every 5 s");

onStop(async () => {
  clearInterval(timer);
  await sql.end();
});
