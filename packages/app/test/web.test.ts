import { once } from "node:events";
import { connect, createServer } from "node:net";
import { describe, expect, test } from "vitest";
import { load } from "../../cli/test/support/load.ts";
import { listeningPlace } from "../src/web/place.ts";
import { Program } from "./support/program.ts";

async function serving(env: Readonly<Record<string, string>> = {}): Promise<{ program: Program; port: number; url: string }> {
  const program = Program.start("web.ts", ["web"], { PORT: "0", ...env });
  const { port } = (await program.line("listening")) as unknown as { port: number };
  return { program, port, url: `http://127.0.0.1:${port}` };
}

const kinds = ["fetch", "hono", "fastify", "express", "listener"] as const;

describe.each(kinds)("%s", (kind) => {
  test("is served, and ends under load without a failed request", async () => {
    const { program, port, url } = await serving({ KIND: kind });
    await using _program = program;
    expect(await (await fetch(url)).text()).toBe(`${program.child.pid}\n`);
    const clients = load(port, { keeping: 8, fresh: 0 });
    await until(() => clients.requests > 200);
    const code = await program.stop();
    const { failures, requests } = await clients.stop();
    expect(code).toBe(0);
    expect(requests).toBeGreaterThan(200);
    // Once it is gone nobody answers a new connection: where there is one process alone, that is as it must be.
    expect(failures.filter((failure) => !/: connect E|ECONNRESET after 0 answers/.test(failure))).toEqual([]);
  });
});

async function until(done: () => boolean): Promise<void> {
  while (!done()) await new Promise(setImmediate);
}

test("finishes a request that is under way, and then ends", async () => {
  const { program, url } = await serving();
  await using _program = program;
  const slow = fetch(`${url}/slow?ms=700`);
  await fetch(url);
  program.child.kill("SIGTERM");
  await program.line("stopping");
  const response = await slow;
  expect(response.status).toBe(200);
  expect(response.headers.get("connection")).toBe("close");
  expect(await program.ended()).toBe(0);
});

test("cuts what lasts longer than its time, and says so", async () => {
  const { program, url } = await serving({ GRACE: "300" });
  await using _program = program;
  const slow = fetch(`${url}/slow?ms=60000`).catch((error: unknown) => error);
  await fetch(url);
  expect(await program.stop()).toBe(124);
  expect(await slow).toBeInstanceOf(TypeError);
  expect(program.lines.at(-1)).toMatchObject({ level: "error", phase: "finish", unfinished: ["web"] });
});

test("tells WebSocket clients to come again, and waits for them to go", async () => {
  const { program, port, url } = await serving({ SOCKETS: "1" });
  await using _program = program;
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`);
  await once(socket, "open");
  socket.send("hola");
  const [{ data }] = (await once(socket, "message")) as [MessageEvent];
  expect(data).toBeInstanceOf(Blob);
  expect((await fetch(url)).status).toBe(200);
  const closed = once(socket, "close");
  expect(await program.stop()).toBe(0);
  expect(((await closed) as [CloseEvent])[0].code).toBe(1012);
});

test("is unready from the moment that it is told to stop, and alive all the time", async () => {
  const { program, url, port } = await serving();
  await using _program = program;
  expect(await (await fetch(`${url}/readyz`)).json()).toEqual({ ready: true, checks: {} });
  expect((await fetch(`${url}/livez`)).status).toBe(200);
  const socket = connect(port, "127.0.0.1").setEncoding("utf8");
  socket.write("GET /livez HTTP/1.1\r\nHost: a\r\n\r\n");
  await once(socket, "data");
  program.child.kill("SIGTERM");
  await program.line("stopping");
  socket.write("GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n");
  const [answer] = (await once(socket, "data")) as [string];
  expect(answer).toMatch(/^HTTP\/1.1 503 /);
  expect(answer).toMatch(/^connection: close/im);
  socket.destroy();
  expect(await program.ended()).toBe(0);
});

test("bounds bodies, told or not, and requests at once", async () => {
  const { program, url } = await serving({ IN_FLIGHT: "1" });
  await using _program = program;
  expect((await fetch(url, { method: "POST", body: "x".repeat(900) })).status).toBe(200);
  const large = await fetch(url, { method: "POST", body: "x".repeat(1_100) });
  expect(large.status).toBe(413);
  expect(await large.json()).toEqual({ type: "about:blank", title: "Content Too Large", status: 413 });
  const pieces = ReadableStream.from(Array.from({ length: 4 }, () => new TextEncoder().encode("x".repeat(600))));
  const untold = await fetch(url, { method: "POST", body: pieces, duplex: "half" } as RequestInit).then(
    (response) => response.status,
    () => "cut",
  );
  expect([413, "cut"]).toContain(untold);
  const slow = fetch(`${url}/slow?ms=500`);
  const second = await Promise.any(
    Array.from({ length: 20 }, async () => {
      const response = await fetch(url);
      if (response.status !== 503) throw new Error("not yet");
      return response.headers.get("retry-after");
    }),
  );
  expect(second).toBe("1");
  expect((await slow).status).toBe(200);
});

test("answers for a handler that throws, and tells it with the request's id", async () => {
  const { program, url } = await serving();
  await using _program = program;
  const response = await fetch(`${url}/broken`, { headers: { "x-request-id": "one-of-a-kind" } });
  expect(response.status).toBe(500);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  expect(await program.line("a request failed")).toMatchObject({
    request_id: "one-of-a-kind",
    error: "as it was asked to",
    path: "/broken",
  });
});

test("takes the caller's trace and a sound id into the log, and no id that is none", async () => {
  const { program, url } = await serving({ KIND: "listener" });
  await using _program = program;
  await fetch(`${url}/a`, { headers: { "x-request-id": "bad id", traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01` } });
  const line = await program.line("asked");
  expect(line["trace_id"]).toBe("a".repeat(32));
  expect(line["request_id"]).toMatch(/^[\da-f-]{36}$/);
});

test("says who is in the way of its port, and exits", async () => {
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const { port } = taken.address() as { port: number };
  const program = await Program.run("web.ts", ["web"], { PORT: String(port) });
  taken.close();
  expect(program.code).toBe(1);
  expect(program.stderr).toContain(`port ${port} cannot be listened on`);
  expect(program.stderr).not.toContain("    at ");
});

test.each([
  [{}, { LISTEN_FDS: "1", LISTEN_PID: "7", PORT: "80" }, { fd: 3 }],
  [{}, { LISTEN_FDS: "1", PORT: "80" }, { fd: 3 }],
  [{}, { LISTEN_FDS: "1", LISTEN_PID: "8", PORT: "80" }, { port: 80 }],
  [{}, { PORT: "80", HOST: "127.0.0.1" }, { port: 80, host: "127.0.0.1" }],
  [{ port: 81 }, { LISTEN_FDS: "1", PORT: "80" }, { port: 81 }],
  [{}, {}, { port: 3000 }],
])("%j in %j listens at %j", (options, env, place) => {
  expect(listeningPlace(options, env, 7)).toEqual(place);
});

test.each(["http", "-1", "65536", "80.5", ""])("PORT=%j is told, and not tried again", async (PORT) => {
  const program = await Program.run("web.ts", ["web"], { PORT });
  expect([program.code, program.stderr.split("\n")[0]]).toEqual([78, "PORT is no port"]);
});

test("serves at a socket that was handed over", async () => {
  const { spawn } = await import("node:child_process");
  const listener = createServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as { port: number };
  const { fd } = (listener as unknown as { _handle: { fd: number } })._handle;
  const child = spawn(process.execPath, ["--conditions=douze-source", `${import.meta.dirname}/fixtures/web.ts`, "web"], {
    env: { PATH: process.env["PATH"], LISTEN_FDS: "1" },
    stdio: ["ignore", "pipe", "inherit", fd],
  });
  await once(child.stdout as NonNullable<typeof child.stdout>, "data");
  listener.close();
  expect(await (await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: "close" } })).text()).toBe(`${child.pid}\n`);
  child.kill();
  expect((await once(child, "exit"))[0]).toBe(0);
});
