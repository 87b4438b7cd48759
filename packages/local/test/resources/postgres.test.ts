import { once } from "node:events";
import { appendFileSync, existsSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isRunning, procStat } from "../../src/proc.ts";
import { client, killServer, never, Place, until } from "./support/place.ts";

/** Its data are made once; each test starts and ends what it needs on them. */
let place: Place;
let url: string;

beforeAll(async () => {
  place = new Place();
  await using provider = place.provider();
  ({ url } = await provider.provision("db", "postgres", never));
  await client(url)`create table greeting as select 'hola' as word`;
});

afterAll(() => place[Symbol.asyncDispose]());

test("data and address are kept, and nothing is left running", async () => {
  const provider = place.provider();
  const [one, two] = await Promise.all([provider.provision("db", "postgres", never), provider.provision("db", "postgres", never)]);
  const pid = place.postmaster("db");
  expect(await client(url)`select word from greeting`).toMatchObject([{ word: "hola" }]);
  await expect(provider.provision("db", "postgres", never)).resolves.toEqual({ url });
  expect([one, two]).toEqual([{ url }, { url }]);
  expect(place.postmaster("db")).toBe(pid);
  await provider[Symbol.asyncDispose]();

  expect(isRunning(procStat(pid))).toBe(false);
  expect(existsSync(place.of("db", "data", "postmaster.pid"))).toBe(false);
});

test("the app owns its database and has no power over the machine", async () => {
  await using provider = place.provider();
  await provider.provision("db", "postgres", never);
  const sql = client(url);
  await sql`create extension pgcrypto`;
  expect(await sql`select usesuper, usecreatedb from pg_user where usename = current_user`).toMatchObject([
    { usesuper: false, usecreatedb: true },
  ]);
  expect(await sql`select pg_encoding_to_char(encoding) as encoding from pg_database where datname = 'app'`).toMatchObject([
    { encoding: "UTF8" },
  ]);
  expect(await sql`select upper('é') as upper`).toMatchObject([{ upper: "É" }]);
  await expect(sql`copy (select 1) to program 'id'`).rejects.toMatchObject({ code: "42501" });
  expect(statSync(place.of("db", "server.json")).mode & 0o777).toBe(0o600);
  expect(statSync(place.of("db", "server.log")).mode & 0o777).toBe(0o600);
});

test("the server survives the engine that was killed, and the next one finds it", async () => {
  const owner = place.owner();
  await owner.ask("provision", "db", "postgres");
  const pid = place.postmaster("db");
  const sql = client(url);
  await sql`select 1`;
  await expect(place.provider().provision("db", "postgres", never)).rejects.toMatchObject({ code: "resource-in-use" });
  await owner.kill();

  // Who only looks in leaves it running.
  const visitor = place.provider({ visiting: true });
  await expect(visitor.provision("db", "postgres", never)).resolves.toEqual({ url });
  await visitor[Symbol.asyncDispose]();
  expect(isRunning(procStat(pid))).toBe(true);

  const provider = place.provider();
  await expect(provider.provision("db", "postgres", never)).resolves.toEqual({ url });
  expect(place.postmaster("db")).toBe(pid);
  // The connection from before has lived through it all.
  expect(await sql`select word from greeting`).toMatchObject([{ word: "hola" }]);
  await provider[Symbol.asyncDispose]();
  expect(isRunning(procStat(pid))).toBe(false);
});

test("settings that were lost are made anew, and a server that nobody asks for any more is ended", async () => {
  const owner = place.owner();
  await owner.ask("provision", "db", "postgres");
  const pid = place.postmaster("db");
  await owner.kill();
  rmSync(place.of("db", "server.json"));

  const provider = place.provider();
  const after = await provider.provision("db", "postgres", never);
  expect(after.url).not.toBe(url);
  ({ url } = after);
  expect(isRunning(procStat(pid))).toBe(false);
  expect(await client(url)`select word from greeting`).toMatchObject([{ word: "hola" }]);
  await provider[Symbol.asyncDispose]();

  const again = place.owner();
  await again.ask("provision", "db", "postgres");
  const left = place.postmaster("db");
  await again.kill();
  const other = place.provider();
  await expect(other.provision("db", "redis", never)).rejects.toMatchObject({ code: "resource-unavailable" });
  await other[Symbol.asyncDispose]();
  expect(isRunning(procStat(left))).toBe(false);
});

test("a server that was killed is started anew", async () => {
  await using provider = place.provider();
  await provider.provision("db", "postgres", never);
  const pid = place.postmaster("db");
  await killServer(pid);
  await until(() => place.notes.some((note) => note.includes("started anew")));
  await expect(provider.provision("db", "postgres", never)).resolves.toEqual({ url });
  expect(place.postmaster("db")).not.toBe(pid);
});

test("a note that is stale is not taken for a running server", async () => {
  // The pid of the note belongs to somebody else by now: to this very process.
  const data = place.of("db", "data");
  writeFileSync(place.of("db", "data", "postmaster.pid"), `${process.pid}\n${data}\n1\n5432\n\n127.0.0.1\n  1 1\nready   \n`);
  const first = place.provider();
  await expect(first.provision("db", "postgres", never)).resolves.toEqual({ url });
  await first[Symbol.asyncDispose]();

  // A loss of power can leave it empty.
  writeFileSync(place.of("db", "data", "postmaster.pid"), "");
  await using second = place.provider();
  await expect(second.provision("db", "postgres", never)).resolves.toEqual({ url });
});

test("a port that somebody else has taken is given up", async () => {
  const other = createServer();
  other.listen(Number(new URL(url).port), "127.0.0.1");
  await once(other, "listening");
  try {
    await using provider = place.provider();
    const after = await provider.provision("db", "postgres", never);
    expect(new URL(after.url).port).not.toBe(new URL(url).port);
    expect(await client(after.url)`select word from greeting`).toMatchObject([{ word: "hola" }]);
    ({ url } = after);
  } finally {
    const closed = once(other, "close");
    other.close();
    await closed;
  }
});

test("data of another major version, and what are no data, are refused and left as they are", async () => {
  const version = place.read("db", "data", "PG_VERSION");
  writeFileSync(place.of("db", "data", "PG_VERSION"), "9\n");
  const names = readdirSync(place.of("db", "data"));
  await using provider = place.provider();
  const refused = provider.provision("db", "postgres", never);
  await expect(refused).rejects.toMatchObject({ code: "resource-data-version", fix: expect.stringContaining("postgresql-9") });
  expect(readdirSync(place.of("db", "data"))).toEqual(names);

  rmSync(place.of("db", "data", "PG_VERSION"));
  await expect(provider.provision("db", "postgres", never)).rejects.toMatchObject({ code: "resource-unavailable" });
  writeFileSync(place.of("db", "data", "PG_VERSION"), version, { mode: 0o600 });
  await expect(provider.provision("db", "postgres", never)).resolves.toEqual({ url });
});

test("a server that does not start tells why", async () => {
  const before = place.read("db", "data", "postgresql.conf");
  appendFileSync(place.of("db", "data", "postgresql.conf"), "work_mem = 'much'\n");
  await using provider = place.provider();
  await expect(provider.provision("db", "postgres", never)).rejects.toMatchObject({
    code: "resource-unavailable",
    why: expect.stringContaining('invalid value for parameter "work_mem"'),
  });
  writeFileSync(place.of("db", "data", "postgresql.conf"), before);
  await expect(provider.provision("db", "postgres", never)).resolves.toEqual({ url });
});

test("a kill while the data are made leaves nothing half made", async () => {
  await using fresh = new Place();
  const owner = fresh.owner();
  const refused = expect(owner.ask("provision", "db", "postgres")).rejects.toThrow("without an answer");
  const making = (): string[] =>
    existsSync(fresh.of("db")) ? readdirSync(fresh.of("db")).filter((name) => name.startsWith("making-")) : [];
  await until(() => making().some((name) => existsSync(fresh.of("db", name, "data", "PG_VERSION"))));
  await owner.kill();
  await refused;
  expect(existsSync(fresh.of("db", "data"))).toBe(false);

  const after = await fresh.provider().provision("db", "postgres", never);
  expect(await client(after.url)`select 1 as one`).toMatchObject([{ one: 1 }]);
  expect(making()).toEqual([]);
});

test("what Douze does not run is said to be attached, and a name cannot lead elsewhere", async () => {
  await using provider = place.provider();
  expect([provider.provides("postgres"), provider.provides("redis"), provider.provides("amqp")]).toEqual([true, true, false]);
  await expect(provider.provision("queue", "amqp", never)).rejects.toMatchObject({
    code: "resource-not-provided",
    fix: expect.stringContaining("douze attach queue <url>"),
  });
  await expect(provider.provision("../db", "postgres", never)).rejects.toMatchObject({ code: "name-invalid" });
  await expect(provider.provision("new", "postgres", AbortSignal.abort(new Error("stopping")))).rejects.toThrow("stopping");
});
