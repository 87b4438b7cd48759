import { defineConfig, log, platform, run, task } from "@douze/app";
import { contract } from "@douze/app/api";
import { bearer } from "@douze/app/auth";
import { postgres } from "@douze/app/postgres";
import { schedule } from "@douze/app/schedule";
import { serve } from "@douze/app/web";
import { job, work } from "@douze/app/work";
import type { operations } from "./openapi.gen.ts";
import { page } from "./page.ts";

const config = defineConfig({
  DATABASE_URL: { type: "url", secret: true, description: "Where visits, jobs and ticks are" },
  GREETING: { default: "¡Hola, mundo!", live: true, description: "What the page says; a change is seen at once" },
  ACCENT: { default: "#0f766e", description: "Colour of the page; a change makes a release" },
  SIGNATURE: { secret: true, required: false, description: "Signs the page; its value is never shown" },
  OIDC_ISSUER: { type: "url", required: false, description: "Whose tokens may reset the visits; without it nobody may" },
});
const { release = "none", process: me = "by hand" } = platform;
const db = postgres(config.DATABASE_URL);

const jobs = work(db, {
  greet: job<{ name: string }>({
    run: async ({ name }) => {
      await db.sql`insert into greeted (name, by) values (${name}, ${me})`;
      log.info("job done", { name });
    },
  }),
});

const clock = schedule(db, {
  tick: { cron: "*/5 * * * * *", run: async ({ sql }, at) => void (await sql`insert into ticks (at) values (${at})`) },
});

const state = async () => {
  const [row] = await db.sql<{ visits: number; done: number; ticked: Date | null }>`
    select (select count from visits)::int as visits, (select count(*) from greeted)::int as done, (select max(at) from ticks) as ticked`;
  const { visits = 0, done = 0, ticked } = row ?? {};
  const waiting = await jobs.waiting();
  return {
    greeting: config.GREETING,
    accent: config.ACCENT,
    signed: config.SIGNATURE !== undefined,
    release,
    process: me,
    visits,
    done,
    waiting,
    ticked: ticked?.toISOString() ?? null,
  };
};

const web = async () => {
  const auth = config.OIDC_ISSUER ? { oidc: bearer({ issuer: config.OIDC_ISSUER, audience: "hola" }) } : {};
  const api = await contract<operations>(
    new URL("openapi.yaml", import.meta.url),
    {
      getPage: async () => {
        await db.sql`update visits set count = count + 1`;
        return { status: 200, body: page(await state()) };
      },
      getState: async () => ({ status: 200, body: await state() }),
      addJob: async () => {
        await jobs.add("greet", { name: "somebody" });
        return { status: 303, headers: { location: "/" } };
      },
      resetVisits: async () => {
        await db.sql`update visits set count = 0`;
        return { status: 204 };
      },
    },
    { auth },
  );
  await serve(api);
};

const migrate = async () => {
  await db.query(`create table if not exists visits (id boolean primary key default true check (id), count bigint not null default 0);
    insert into visits default values on conflict do nothing;
    create table if not exists greeted (id bigserial primary key, name text not null, by text not null);
    create table if not exists ticks (at timestamptz primary key)`);
  await Promise.all([jobs.migrate(), clock.migrate()]);
  log.info("the schema is up to date");
};

await run({
  config,
  processes: { web, worker: () => jobs.start(), clock: () => clock.start() },
  tasks: {
    migrate: task({ description: "makes the schema fit for the running release and for the new one", run: migrate }),
    tidy: task({
      description: "forgets ticks",
      args: { hours: { type: "integer", default: 1 } },
      run: async ({ hours }) => {
        const { rowCount } = await db.query("delete from ticks where at < now() - $1 * interval '1 hour'", [hours]);
        log.info("old ticks removed", { count: rowCount });
      },
    }),
  },
  console: { db, jobs },
});
