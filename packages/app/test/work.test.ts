import { watch } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Postgres, postgres } from "../src/resource/postgres.ts";
import { forgetIdempotency, idempotent, job, migrateIdempotency, type Work, work } from "../src/work.ts";
import { Program } from "./support/program.ts";
import { Backing, Wire } from "./support/servers.ts";

let server: Backing;
let db: Postgres;
let folder: string;
let marks: string;
const declared = {
  hold: job<{ name: string; file: string }>({ run: () => undefined }),
  patient: job<{ name: string }>({ run: () => undefined }),
  fail: job<{ name: string }>({ attempts: 1, run: () => undefined }),
  note: job<{ name: string }>({ run: () => undefined }),
};
let jobs: Work<typeof declared>;

beforeAll(async () => {
  server = await Backing.start("postgres");
  db = postgres(server.url);
  jobs = work(db, declared);
  await jobs.migrate();
  await migrateIdempotency(db);
  folder = await mkdtemp(join(tmpdir(), "kit-work-"));
});

afterAll(async () => {
  await db[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

async function worker(env: Readonly<Record<string, string>> = {}): Promise<Program> {
  const program = Program.start("work.ts", ["worker"], { DATABASE_URL: server.url, MARKS: marks, ...env });
  await program.line("working");
  return program;
}

async function fresh(name: string): Promise<void> {
  marks = join(folder, name);
  await writeFile(marks, "");
}

/** What was marked, without pids, once it is as it should be. */
async function marked(done: (lines: readonly string[]) => boolean): Promise<readonly string[]> {
  let changed = Promise.withResolvers<void>();
  const watcher = watch(folder, () => {
    changed.resolve();
    changed = Promise.withResolvers<void>();
  });
  try {
    for (;;) {
      // What comes after this is told, also while it is read.
      const { promise } = changed;
      const lines = (await readFile(marks, "utf8")).trim().split("\n").filter(Boolean);
      const texts = lines.map((line) => line.replace(/ \d+$/, ""));
      if (done(texts)) return texts;
      await promise;
    }
  } finally {
    watcher.close();
  }
}

test("a job that is added in a transaction is there when that commits, and never was otherwise", async () => {
  await fresh("transaction");
  await expect(
    db.transaction(async (transaction) => {
      await jobs.add("note", { name: "taken back" }, { in: transaction });
      throw new Error("as it was asked to");
    }),
  ).rejects.toThrow();
  await db.transaction(async (transaction) => void (await jobs.add("note", { name: "kept" }, { in: transaction })));
  expect(await jobs.waiting()).toBe(1);
  await using _worker = await worker();
  expect(await marked((lines) => lines.length > 0)).toEqual(["done kept"]);
});

test("a worker that is told to stop finishes what it has in hand, and begins nothing", async () => {
  await fresh("finish");
  const file = join(folder, "finish-now");
  await using program = await worker();
  await jobs.add("hold", { name: "in hand", file });
  await program.line("begun");
  await jobs.add("note", { name: "later" });
  program.child.kill("SIGTERM");
  await program.line("stopping");
  await writeFile(file, "");
  expect(await program.ended()).toBe(0);
  expect(await marked(() => true)).toEqual(["begun in hand 1", "done in hand"]);
  expect(await jobs.waiting()).toBe(1);
  await using _worker = await worker();
  expect(await marked((lines) => lines.length === 3)).toContain("done later");
});

test("what cannot be finished is handed back at once, and does not count", async () => {
  await fresh("handed");
  const program = await worker({ GRACE: "3500" });
  await using _program = program;
  await jobs.add("patient", { name: "long" });
  await program.line("begun");
  expect(await program.stop()).toBe(0);
  expect(await program.lines.find(({ message }) => message === "a job is handed back")).toBeDefined();
  await using other = await worker({ GRACE: "3100" });
  await other.line("begun");
  expect(await marked((lines) => lines.length === 2)).toEqual(["begun long 1", "begun long 1"]);
  await other.stop();
  await db.query("delete from graphile_worker._private_jobs");
});

test("the job of a worker that was killed is delivered again, within seconds", async () => {
  await fresh("killed");
  const file = join(folder, "killed-now");
  await using program = await worker();
  await jobs.add("hold", { name: "orphan", file });
  await program.line("begun");
  await using other = await worker();
  await program.stop("SIGKILL");
  await other.line("begun");
  await writeFile(file, "");
  expect(await marked((lines) => lines.includes("done orphan"))).toEqual(["begun orphan 1", "begun orphan 2", "done orphan"]);
  expect(await jobs.waiting()).toBe(0);
});

test("the job of a worker that lives is not taken away, however long it takes", async () => {
  await fresh("alive");
  const file = join(folder, "alive-now");
  await using program = await worker();
  await jobs.add("hold", { name: "long", file });
  await program.line("begun");
  await using other = await worker();
  await jobs.add("note", { name: "between" });
  await marked((lines) => lines.includes("done between"));
  // Longer than the others look for dead workers.
  const { rows } = await db.query<{ locked: boolean }>(
    "select pg_sleep(5), locked_by is not null as locked from graphile_worker.jobs where task_identifier = 'hold'",
  );
  expect(rows.map(({ locked }) => locked)).toEqual([true]);
  await writeFile(file, "");
  expect(await marked((lines) => lines.includes("done long"))).toEqual(["begun long 1", "done between", "done long"]);
  expect(other.stdout).not.toContain("handed back");
});

test("what fails as often as it may is a dead letter, which can be revived", async () => {
  await fresh("dead");
  await using program = await worker();
  await jobs.add("fail", { name: "never" });
  await program.line("a job failed");
  let dead = await jobs.dead();
  while (dead.length === 0) dead = await jobs.dead();
  expect(dead).toMatchObject([{ name: "fail", payload: { name: "never" }, attempts: 1, error: "as it was asked to" }]);
  expect(await jobs.revive(dead.map(({ id }) => id))).toBe(1);
  expect(await marked((lines) => lines.length === 2)).toEqual(["tried never", "tried never"]);
});

test("priority comes before order, and a key is done once", async () => {
  await fresh("priority");
  await db.query("delete from graphile_worker._private_jobs");
  await jobs.add("note", { name: "late" }, { priority: 5 });
  await jobs.add("note", { name: "once, replaced" }, { key: "k" });
  await jobs.add("note", { name: "first" }, { priority: -5 });
  await jobs.add("note", { name: "once" }, { key: "k" });
  await using _worker = await worker();
  expect(await marked((lines) => lines.length === 3)).toEqual(["done first", "done once", "done late"]);
});

test("workers outlive a database that goes and returns", async () => {
  await fresh("cut");
  await using wire = await Wire.to(server.url);
  await using program = await worker({ DATABASE_URL: wire.url });
  wire.cut();
  await program.until(() =>
    program.lines.find(({ message }) => message.includes("workers c") || message === "work" || message.includes("stopped")),
  );
  wire.mend();
  await jobs.add("note", { name: "after" });
  expect(await marked((lines) => lines.includes("done after"))).toEqual(["done after"]);
  expect(program.child.exitCode).toBeNull();
  expect(await program.stop()).toBe(0);
});

test("an idempotency key has its effect once, and its answer each time", async () => {
  await db.query("create table if not exists orders (id serial, what text)");
  let ran = 0;
  const order = async (key: string): Promise<number> =>
    await idempotent(db, key, async ({ sql }) => {
      ran++;
      const [row] = await sql<{ id: number }>`insert into orders (what) values ('a book') returning id`;
      return row?.id ?? 0;
    });
  const all = await Promise.all(Array.from({ length: 8 }, () => order("one")));
  expect(new Set(all).size).toBe(1);
  expect(ran).toBe(1);
  await expect(idempotent(db, "failed", () => Promise.reject(new Error("as it was asked to")))).rejects.toThrow("as it was asked to");
  expect(await idempotent(db, "failed", async () => await Promise.resolve("now"))).toBe("now");
  expect(await db.sql`select count(*)::int as count from orders`).toEqual([{ count: 1 }]);
  expect(await forgetIdempotency(db, 60_000)).toBe(0);
  expect(await forgetIdempotency(db, -1_000)).toBe(2);
});
