import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import type { ResourceType } from "@douze/core";
import type { Reachability } from "@douze/engine";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { reach } from "../../src/resources/reach.ts";
import { never, Place, without } from "./support/place.ts";

/** A server that does with each connection what it is told, and ends with the scope. */
async function serving(onConnection: (socket: Socket) => void, port = 0): Promise<AsyncDisposable & { readonly port: number }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    onConnection(socket);
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as { readonly port: number }).port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      const closed = once(server, "close");
      server.close();
      await closed;
    },
  };
}

function quick(type: ResourceType, url: string, timeoutMs = 300): Promise<Reachability> {
  return reach(type, url, never, timeoutMs);
}

describe("PostgreSQL", () => {
  let place: Place;
  let url: string;

  beforeAll(async () => {
    place = new Place();
    ({ url } = await place.provider().provision("db", "postgres", never));
  });

  afterAll(() => place[Symbol.asyncDispose]());

  test("answers with its version", async () => {
    const found = await quick("postgres", url, 5_000);
    expect(found).toMatchObject({ reachable: true, detail: expect.stringMatching(/^PostgreSQL [0-9]+/) });
    expect(found.latencyMs).toBeGreaterThanOrEqual(0);
    // Parameters of other clients are not the server's business.
    await expect(quick("postgres", `${url}?sslmode=prefer&pgbouncer=true&connection_limit=5`, 5_000)).resolves.toMatchObject({
      reachable: true,
    });
  });

  test("says what is wrong: password, database, TLS", async () => {
    const wrong = await quick("postgres", url.replace(/:[0-9a-f]+@/, ":sesame@"), 5_000);
    expect(wrong).toMatchObject({ reachable: false, detail: expect.stringContaining("authentication failed") });
    expect(wrong.detail).not.toContain("sesame");
    await expect(quick("postgres", url.replace(/\/app$/, "/elsewhere"), 5_000)).resolves.toMatchObject({
      reachable: false,
      detail: expect.stringContaining("has no database `elsewhere`"),
    });
    await expect(quick("postgres", `${url}?sslmode=require`, 5_000)).resolves.toMatchObject({
      detail: expect.stringContaining("offers no TLS"),
    });
  });
});

test("what is not PostgreSQL, or hangs up, is told apart from what is down", async () => {
  await using web = await serving((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
  await expect(quick("postgres", `postgres://u:p@127.0.0.1:${web.port}/db`)).resolves.toMatchObject({
    reachable: false,
    detail: `what listens at 127.0.0.1:${web.port} does not speak PostgreSQL's protocol`,
  });
  await expect(quick("redis", `redis://127.0.0.1:${web.port}`)).resolves.toMatchObject({ reachable: false });
  await expect(quick("http", `https://127.0.0.1:${web.port}`)).resolves.toMatchObject({
    reachable: false,
    detail: expect.stringContaining("does not speak TLS"),
  });

  await using rude = await serving((socket) => socket.destroy());
  await expect(quick("postgres", `postgres://u:p@127.0.0.1:${rude.port}/db`)).resolves.toMatchObject({ reachable: false });

  await using mute = await serving(() => undefined);
  for (const type of ["postgres", "redis"] as const) {
    await expect(quick(type, `${type}://u:p@127.0.0.1:${mute.port}/0`)).resolves.toEqual({
      reachable: false,
      detail: `127.0.0.1:${mute.port} does not answer in time`,
    });
  }
});

test("what only accepts connections is enough for the others", async () => {
  await using server = await serving(() => undefined);
  const { port } = server;
  for (const type of ["mysql", "amqp", "smtp", "otlp", "http", "tcp", "llm", "s3", "mongodb"] as const) {
    await expect(quick(type, `tcp://user:secret@127.0.0.1:${port}/x`)).resolves.toMatchObject({
      reachable: true,
      detail: "accepts connections",
    });
  }
  await expect(quick("mongodb", `mongodb://u:p@127.0.0.1:1,127.0.0.1:${port}/x`)).resolves.toMatchObject({ reachable: true });
});

test("nobody there, no such name, no readable URL: never a secret", async () => {
  const { port } = await gonePort(serving(() => undefined));
  await expect(quick("http", `http://u:sesame@127.0.0.1:${port}`)).resolves.toEqual({
    reachable: false,
    detail: `nothing listens at 127.0.0.1:${port}: the connection is refused`,
  });
  const unknown = await quick("tcp", "tcp://u:sesame@no.such.host.invalid:5");
  expect(unknown).toMatchObject({ reachable: false, detail: expect.stringContaining("no.such.host.invalid:5") });
  for (const url of [
    "postgres://u:ses/ame@host/db",
    "postgres://u:ses#ame@host/db",
    "sesame",
    "tcp://u:sesame@host",
    "http://u:sesame@host:99999",
  ]) {
    const answer = await quick("postgres", url);
    expect(answer).toMatchObject({ reachable: false, detail: expect.stringContaining("the URL cannot be read") });
    expect(answer.detail).not.toMatch(/ses|ame[@/#]/);
  }
});

test("it is tried again until it is there, and not after the signal", async () => {
  const { port } = await gonePort(serving(() => undefined));
  const waiting = reach("tcp", `tcp://127.0.0.1:${port}`, never, 10_000);
  await using _server = await serving(() => undefined, port);
  await expect(waiting).resolves.toMatchObject({ reachable: true });

  const stop = new AbortController();
  const ended = reach("tcp", "tcp://127.0.0.1:1", stop.signal, 60_000);
  stop.abort();
  await expect(ended).resolves.toMatchObject({ reachable: false });
});

describe.skipIf(without("redis-server", "valkey-server"))("Redis", () => {
  test("answers with its version, and says what is wrong", async () => {
    await using place = new Place();
    const { url } = await place.provider().provision("db", "redis", never);
    await expect(quick("redis", url, 5_000)).resolves.toMatchObject({ reachable: true });
    await expect(quick("redis", `${url}/3`, 5_000)).resolves.toMatchObject({ reachable: true });
    await expect(quick("redis", `${url}/99`, 5_000)).resolves.toMatchObject({
      reachable: false,
      detail: expect.stringContaining("no database"),
    });
    const { host, password } = new URL(url);
    await expect(quick("redis", `redis://default:${password}@${host}`, 5_000)).resolves.toMatchObject({ reachable: true });
    await expect(quick("redis", `redis://${host}`, 5_000)).resolves.toMatchObject({ detail: expect.stringContaining("wants a password") });
    await expect(quick("redis", `redis://:sesame@${host}`, 5_000)).resolves.toMatchObject({
      detail: expect.stringContaining("authentication failed"),
    });
    await expect(quick("redis", `rediss://:${password}@${host}`)).resolves.toMatchObject({ reachable: false });
  });
});

/** A port on which a server was, and is no more. */
async function gonePort(server: ReturnType<typeof serving>): Promise<{ readonly port: number }> {
  await using gone = await server;
  return { port: gone.port };
}
