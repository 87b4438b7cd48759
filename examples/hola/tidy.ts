// A cron entry, and by hand: `douze run -- node tidy.ts`
import { sql } from "./database.ts";
import { log } from "./log.ts";

const gone = await sql`delete from ticks where at < now() - interval '1 hour'`;
log("old ticks removed", { count: gone.count });
await sql.end();
