import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { sql } from "./database.ts";
import { greeting } from "./greeting.ts";
import { log } from "./log.ts";
import { page } from "./page.ts";
import { onStop } from "./stop.ts";

let draining = false;

const server = createServer((request, response) => {
  // A client that keeps its connection is told to open its next one elsewhere.
  if (draining) response.setHeader("connection", "close");
  answer(request, response).catch((error: unknown) => {
    log("request failed", { level: "error", error: String(error) });
    if (!response.headersSent) response.writeHead(500);
    response.end();
  });
});

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  switch (`${request.method} ${request.url?.split("?")[0]}`) {
    case "GET /livez":
      response.end("alive\n");
      return;
    case "GET /readyz":
      await sql`select 1`;
      response.end("ready\n");
      return;
    case "GET /":
      await sql`update visits set count = count + 1`;
      response.setHeader("content-type", "text/html; charset=utf-8").end(page(await state()));
      return;
    case "GET /state":
      response.setHeader("content-type", "application/json").end(JSON.stringify(await state()));
      return;
    case "POST /jobs":
      await sql`insert into jobs (name) values ('greet somebody')`;
      await sql`select pg_notify('jobs', '')`;
      response.writeHead(303, { location: "/" }).end();
      return;
    default:
      response.writeHead(404).end("there is no such page\n");
  }
}

async function state() {
  const [row] = await sql`
    select (select count from visits)::int as visits,
           (select count(*) from jobs where done_at is not null)::int as done,
           (select count(*) from jobs where done_at is null)::int as waiting,
           (select max(at) from ticks) as ticked`;
  return {
    greeting: greeting(),
    accent: process.env.ACCENT ?? "#0f766e",
    signed: process.env.SIGNATURE !== undefined,
    release: process.env.DOUZE_RELEASE ?? "none",
    process: process.env.DOUZE_PROCESS ?? "by hand",
    visits: Number(row?.visits),
    done: Number(row?.done),
    waiting: Number(row?.waiting),
    ticked: row?.ticked as Date | null,
  };
}

export type State = Awaited<ReturnType<typeof state>>;

server.keepAliveTimeout = 95_000; // longer than the router's, so that the app never closes first
server.listen(Number(process.env.PORT ?? 3000), process.env.HOST ?? "127.0.0.1", () => log("listening", { address: server.address() }));

onStop(async () => {
  draining = true;
  await new Promise((resolve) => server.close(resolve));
  await sql.end();
});
