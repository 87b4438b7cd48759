import { createWriteStream, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { pack } from "tar-stream";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeCluster } from "../../src/resources/postgres/cluster.ts";
import { findIdentity } from "../../src/resources/postgres/identity.ts";
import { clientProgram, findPrograms } from "../../src/resources/postgres/programs.ts";
import type { Owner } from "./support/owner.ts";
import { client, never, Place, path, until, without } from "./support/place.ts";

let place: Place;
let owner: Owner;
let url: string;
/** Another environment. */
let other: Place;
let second: Owner;
let elsewhere: string;

beforeAll(async () => {
  place = new Place();
  owner = place.owner();
  ({ url } = await owner.ask("provision", "db", "postgres"));
  await client(url)`create table greeting as select 'hola' as word`;
  other = new Place();
  second = other.owner();
  ({ url: elsewhere } = await second.ask("provision", "db", "postgres"));
});

afterAll(async () => {
  await place[Symbol.asyncDispose]();
  await other[Symbol.asyncDispose]();
});

async function words(): Promise<readonly string[]> {
  const rows = await client(url)`select word from greeting order by word`;
  return rows.map((row) => String(row["word"]));
}

function leftovers(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.startsWith("making-") || name.startsWith(".") || name === "swap.json");
}

test("a backup brings back what was, and the data from before stay beside", async () => {
  const { file } = await owner.ask("backup", "db", "postgres", url, "embedded", place.backups);
  expect(file).toMatch(/\/db-[0-9]{8}T[0-9]{6}Z\.tar\.gz$/);
  await client(url)`insert into greeting values ('later')`;

  await owner.ask("restore", "db", "postgres", url, "embedded", file);

  expect(await words()).toEqual(["hola"]);
  expect(readdirSync(place.of("db")).filter((name) => name.startsWith("data.before-restore-"))).toHaveLength(1);
  expect([...leftovers(place.of("db")), ...leftovers(place.backups)]).toEqual([]);
});

test("a backup is consistent while others write, and fits another environment", async () => {
  const sql = client(url);
  await sql`create table account as select id, 0::bigint as balance from generate_series(1, 5000) id`;
  await sql`create table transfer (id bigserial primary key, account int, amount int)`;
  await sql`create index on transfer (account)`;
  // In the server, a transaction for each round: as fast as it can write.
  const writing = client(url).unsafe(`do $$ begin
    loop
      insert into transfer (account, amount) select (random() * 4999)::int + 1, (random() * 100)::int from generate_series(1, 20);
      update account set balance = balance + (select sum(amount) from transfer t where t.account = account.id)
        - balance where id in (select account from transfer order by id desc limit 20);
      commit;
      exit when exists (select from pg_class where relname = 'enough_now');
    end loop;
  end $$`);
  const written = writing.then(() => "written");
  const committed = async (): Promise<number> => Number((await sql`select count(*) from transfer`)[0]?.["count"]);
  let before = 0;
  while (before === 0) before = await committed();

  const backup = owner.ask("backup", "db", "postgres", url, "embedded", place.backups);
  // Each of them would have a server begin its recovery later than the backup needs.
  const checkpoints = client(superuserUrl(place, url));
  let done = false;
  void backup.finally(() => (done = true)).catch(() => undefined);
  while (!done) await checkpoints`checkpoint`;
  const { file } = await backup;
  const after = await committed();
  await sql`create table enough_now ()`;
  await expect(written).resolves.toBe("written");
  expect(after).toBeGreaterThan(before);

  await second.ask("restore", "db", "postgres", elsewhere, "embedded", file);
  // The server began where the backup did, and not where the copied files say.
  expect(existsSync(other.of("db", "data", "backup_label.old"))).toBe(true);
  const restored = client(elsewhere);
  const [check] = await restored`
    select (select count(*)::int from transfer) as transfers,
           (select count(*)::int from account a where balance <> coalesce((select sum(amount) from transfer t where t.account = a.id), 0)) as wrong`;
  expect(check?.["transfers"]).toBeGreaterThanOrEqual(before);
  expect(check).toMatchObject({ wrong: 0 });
  await restored`set enable_indexscan = off`;
  await restored`set enable_bitmapscan = off`;
  const [plain] = await restored`select count(*)::int as transfers from transfer where id > 0`;
  expect(plain?.["transfers"]).toBe(check?.["transfers"]);
});

test("what is no fitting backup is refused, and the data still serve", async () => {
  const { file } = await owner.ask("backup", "db", "postgres", url, "embedded", place.backups);
  const whole = readFileSync(file);
  const cut = join(place.root, "cut.tar.gz");
  writeFileSync(cut, whole.subarray(0, whole.length / 2));
  const flipped = join(place.root, "flipped.tar.gz");
  writeFileSync(flipped, Buffer.concat([whole.subarray(0, -4000), Buffer.alloc(4000, 7)]));
  const files = {
    "there is no such file": join(place.root, "none.tar.gz"),
    "it is not a file": place.root,
    "it is empty": fileWith("empty", ""),
    "neither an archive": fileWith("text", "hello, this is a text"),
    "a backup of a redis": fileWith("dump.rdb", "REDIS0011 and so on"),
    "not a backup that Douze made": await archive("foreign", { "readme.txt": "hello" }),
    "leads elsewhere": await archive("slip", { "douze-backup.json": manifest(18), "data/../../../escaped": "x" }),
    "it is damaged": cut,
    "or was cut off": flipped,
  };
  for (const [why, wrong] of Object.entries(files)) {
    const restoring = owner.ask("restore", "db", "postgres", url, "embedded", wrong);
    await expect(restoring, why).rejects.toMatchObject({ code: "resource-backup-invalid", why: expect.stringContaining(why) });
  }
  expect(existsSync(join(place.root, "escaped"))).toBe(false);
  const older = await archive("older", { "douze-backup.json": manifest(9), "data/PG_VERSION": "9\n" });
  await expect(owner.ask("restore", "db", "postgres", url, "embedded", older)).rejects.toMatchObject({ code: "resource-data-version" });
  const hollow = await archive("hollow", { "douze-backup.json": manifest(18), "data/PG_VERSION": "18\n" });
  await expect(owner.ask("restore", "db", "postgres", url, "embedded", hollow)).rejects.toMatchObject({ code: "resource-restore-failed" });
  await expect(owner.ask("restore", "db", "postgres", url, "url", file)).rejects.toMatchObject({ code: "resource-restore-failed" });

  expect(await words()).toEqual(["hola"]);
  expect(leftovers(place.of("db"))).toEqual([]);
});

test("a restore whose server does not take the app's connections is taken back", async () => {
  await client(superuserUrl(other, elsewhere))`drop database app with (force)`;
  const { file } = await second.ask("backup", "db", "postgres", elsewhere, "embedded", other.backups);
  const data = readdirSync(place.of("db")).filter((name) => name.startsWith("data"));

  await expect(owner.ask("restore", "db", "postgres", url, "embedded", file)).rejects.toMatchObject({ code: "resource-restore-failed" });

  expect(await words()).toEqual(["hola"]);
  expect(readdirSync(place.of("db")).filter((name) => name.startsWith("data"))).toEqual(data);
  expect(leftovers(place.of("db"))).toEqual([]);
});

test("a kill in the middle of a restore leaves whole data", async () => {
  const { file } = await owner.ask("backup", "db", "postgres", url, "embedded", place.backups);
  const restoring = expect(owner.ask("restore", "db", "postgres", url, "embedded", file)).rejects.toThrow("without an answer");
  await until(() => readdirSync(place.of("db")).some((name) => existsSync(place.of("db", name, "data", "base"))));
  await owner.kill();
  await restoring;

  const after = place.owner();
  await after.ask("provision", "db", "postgres");
  expect(await words()).toEqual(["hola"]);
  expect(leftovers(place.of("db"))).toEqual([]);
  await after[Symbol.asyncDispose]();

  // Between the two renames: the former data are aside, the others not yet in their place.
  writeFileSync(place.of("db", "swap.json"), JSON.stringify({ fallback: "data.before-restore-x" }));
  renameSync(place.of("db", "data"), place.of("db", "data.before-restore-x"));
  owner = place.owner();
  await owner.ask("provision", "db", "postgres");
  expect(await words()).toEqual(["hola"]);
  expect(leftovers(place.of("db"))).toEqual([]);
});

test.skipIf(without("pg_dump"))("a database attached by URL is dumped and restored with PostgreSQL's own programs", async () => {
  const programs = (await findPrograms(other.resources, path)).find(({ major }) => major < 18);
  if (!programs) return console.log("skipped: there is no other PostgreSQL on this machine");
  const folder = other.of("old");
  mkdirSync(folder, { recursive: true });
  // Data of an older version get a server of that version.
  const settings = { type: "postgres", port: 20_001, password: "app-secret", ownerPassword: "owner-secret" } as const;
  const making = other.of("old", "making-by-hand");
  mkdirSync(making);
  const identity = await findIdentity(programs, folder, path);
  renameSync(await makeCluster({ programs, identity }, making, settings, never), other.of("old", "data"));
  writeFileSync(other.of("old", "server.json"), JSON.stringify(settings));
  const { url: at } = await second.ask("provision", "old", "postgres");
  await client(at)`create table greeting as select 'hola' as word`;

  const { file } = await second.ask("backup", "far", "postgres", at, "url", other.backups);
  expect(file).toMatch(/\.dump$/);
  await client(at)`insert into greeting values ('later')`;
  await second.ask("restore", "far", "postgres", at, "url", file);
  expect(await client(at)`select word from greeting`).toMatchObject([{ word: "hola" }]);

  // A dump also goes into a server that Douze runs, if the client programs are new enough for it.
  const broken = join(other.root, "broken.dump");
  writeFileSync(broken, readFileSync(file).subarray(0, 200));
  await expect(second.ask("restore", "old", "postgres", at, "embedded", broken)).rejects.toMatchObject({ code: "resource-restore-failed" });
  await second.ask("restore", "old", "postgres", at, "embedded", file);
  expect(await client(at)`select word from greeting`).toMatchObject([{ word: "hola" }]);
});

test("the client programs must be as new as the server", async () => {
  await expect(clientProgram("pg_dump", 99, path)).rejects.toMatchObject({
    code: "resource-tool-missing",
    fix: expect.stringContaining("apt-get install postgresql-client-99"),
  });
  const other = owner.ask("backup", "q", "amqp", "amqp://localhost", "url", place.backups);
  await expect(other).rejects.toMatchObject({ code: "resource-backup-failed" });
});

function superuserUrl(of: Place, appUrl: string): string {
  const { ownerPassword } = JSON.parse(of.read("db", "server.json")) as { readonly ownerPassword: string };
  return `postgres://postgres:${ownerPassword}@${new URL(appUrl).host}/postgres`;
}

function manifest(major: number): string {
  return JSON.stringify({ douze: "backup", format: 1, type: "postgres", resource: "db", major, at: "2026-11-20T10:15:00.000Z" });
}

function fileWith(name: string, content: string): string {
  const file = join(place.root, name);
  writeFileSync(file, content);
  return file;
}

async function archive(name: string, entries: Readonly<Record<string, string>>): Promise<string> {
  const file = join(place.root, `${name}.tar.gz`);
  const packed = pack();
  for (const [path_, content] of Object.entries(entries)) packed.entry({ name: path_ }, content);
  packed.finalize();
  await pipeline(packed, createGzip(), createWriteStream(file));
  return file;
}
