import { database } from "./database.js";

const steps = [
  "create table notes (id bigserial primary key, text text not null)",
  "create table sessions (id text primary key, visits integer not null)",
  "create table jobs (id bigserial primary key, done_at timestamptz)",
];

const client = await database.connect();
await client.query("begin");
// Two releases at once: the second waits here, and finds everything done.
await client.query("select pg_advisory_xact_lock(12)");
const { rows } = await client.query("select to_regclass('migrations') as there");
if (!rows[0].there) await client.query("create table migrations (number integer primary key)");
const done = await client.query("select count(*)::integer as count from migrations");
for (let number = done.rows[0].count; number < steps.length; number++) {
  await client.query(steps[number]);
  await client.query("insert into migrations (number) values ($1)", [number]);
}
await client.query("commit");
client.release();
await database.end();
console.log(`the schema is at ${steps.length}`);
