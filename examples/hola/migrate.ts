// The release task: it must leave the schema fit for the running release and for the new one.
import { sql } from "./database.ts";
import { log } from "./log.ts";

await sql.begin(async (tx) => {
  await tx`create table if not exists visits (id boolean primary key default true check (id), count bigint not null default 0)`;
  await tx`insert into visits default values on conflict do nothing`;
  await tx`create table if not exists jobs (id bigserial primary key, name text not null, done_at timestamptz, done_by text)`;
  await tx`create table if not exists ticks (at timestamptz primary key)`;
});
log("the schema is up to date");
await sql.end();
