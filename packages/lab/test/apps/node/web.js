import { createServer } from "node:http";
import { host, port } from "./config.js";
import { reason, rows } from "./database.js";
import { frontPage, notePage } from "./pages.js";
import { countVisit } from "./sessions.js";

const html = { "content-type": "text/html; charset=utf-8" };

/** Each answers with a status, headers and a body. */
const routes = [
  ["GET", /^\/$/, async () => [200, html, frontPage(await rows("select id, text from notes order by id desc limit 20"))]],
  ["POST", /^\/notes$/, keepNote],
  ["GET", /^\/notes\/(\d{1,15})$/, showNote],
  ["GET", /^\/visits$/, showVisits],
  ["POST", /^\/jobs$/, addJob],
  ["GET", /^\/jobs$/, showJobs],
  ["GET", /^\/readyz$/, async () => [(await rows("select 1")).length === 1 ? 200 : 503, {}, "ready\n"]],
  ["GET", /^\/livez$/, async () => [200, {}, "alive\n"]],
];

async function keepNote(request) {
  const text = new URLSearchParams(await bodyOf(request)).get("text")?.trim();
  if (!text) return [422, {}, "a note needs a text\n"];
  const [{ id }] = await rows("insert into notes (text) values ($1) returning id", text);
  return [303, { location: `/notes/${id}` }, ""];
}

async function showNote(_request, id) {
  const [note] = await rows("select text from notes where id = $1", id);
  return note ? [200, html, notePage(note)] : [404, {}, "there is no such note\n"];
}

async function showVisits(request) {
  const { visits, cookie } = await countVisit(request.headers.cookie);
  return [200, { ...html, "set-cookie": cookie }, `<p>Visits: ${visits}</p>\n`];
}

async function addJob() {
  await rows("insert into jobs default values");
  return [303, { location: "/jobs" }, ""];
}

async function showJobs() {
  const [counts] = await rows("select count(*)::integer - count(done_at)::integer as waiting, count(done_at)::integer as done from jobs");
  return [200, { "content-type": "application/json" }, `${JSON.stringify(counts)}\n`];
}

async function bodyOf(request) {
  let body = "";
  for await (const chunk of request.setEncoding("utf8")) {
    body += chunk;
    if (body.length > 65_536) throw new Error("the body is too long");
  }
  return body;
}

async function answer(request) {
  const [path] = request.url.split("?");
  for (const [method, pattern, respond] of routes) {
    const match = (request.method === method || (request.method === "HEAD" && method === "GET")) && pattern.exec(path);
    if (match) return await respond(request, ...match.slice(1));
  }
  return [404, {}, "there is nothing here\n"];
}

let stopping = false;

const server = createServer((request, response) => void handle(request, response));

async function handle(request, response) {
  const began = performance.now();
  let [status, headers, body] = [500, {}, "something went wrong\n"];
  try {
    [status, headers, body] = await answer(request);
  } catch (error) {
    console.log(`error: ${request.method} ${request.url}: ${reason(error)}`);
  }
  response.writeHead(status, { ...headers, ...(stopping && { connection: "close" }) });
  response.end(body);
  console.log(`${request.method} ${request.url} ${status} ${Math.round(performance.now() - began)}ms`);
}

/** As process 1 there is no default for these: whoever sets no handler is not stopped. */
function stop(signal) {
  if (stopping) return;
  stopping = true;
  console.log(`${signal}: finishing`);
  server.close(() => {
    console.log("stopped");
    process.exit(0);
  });
  server.closeIdleConnections();
}

process.on("SIGTERM", stop);
process.on("SIGINT", stop);
server.listen(port, host, () => console.log(`listening on ${host}:${port}`));
