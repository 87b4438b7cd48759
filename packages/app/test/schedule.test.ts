import { expect, test } from "vitest";
import { postgres } from "../src/resource/postgres.ts";
import { schedule } from "../src/schedule/schedule.ts";
import { Program } from "./support/program.ts";
import { Backing } from "./support/servers.ts";

test("each time is kept once, however many clocks there are, and also when one of them is killed", async () => {
  await using server = await Backing.start("postgres");
  await using db = postgres(server.url);
  await schedule(db, {}).migrate();
  await db.query("create table ticks (at timestamptz, pid int)");
  const env = { DATABASE_URL: server.url };
  await using one = Program.start("clock.ts", ["clock"], env);
  await using two = Program.start("clock.ts", ["clock"], env);
  const ticks = ({ lines }: Program): number => lines.filter(({ message }) => message === "tick").length;
  await Promise.all([one.line("keeping time"), two.line("keeping time")]);
  const either = async (count: number): Promise<void> => {
    while (ticks(one) + ticks(two) < count) await Promise.race([one.until(() => changed(one)), two.until(() => changed(two))]);
  };
  await either(3);
  await one.stop("SIGKILL");
  const before = ticks(two);
  await two.until(() => (ticks(two) >= before + 2 ? true : undefined));
  expect(await two.stop()).toBe(0);
  const rows = await db.sql<{ at: Date; count: number }>`select at, count(*)::int as count from ticks group by at order by at`;
  expect(rows.every(({ count }) => count === 1)).toBe(true);
  const seconds = rows.map(({ at }) => at.getTime() / 1000);
  expect(seconds.every(Number.isInteger)).toBe(true);
  expect((seconds.at(-1) ?? 0) - (seconds[0] ?? 0)).toBe(seconds.length - 1);
  expect(two.lines.find(({ message }) => message === "a scheduled run failed; it is tried again")).toMatchObject({ entry: "broken" });
});

let seen = new WeakMap<Program, number>();

/** Something was written since it was looked at last. */
function changed(program: Program): true | undefined {
  const { length } = program.stdout;
  if (seen.get(program) === length) return undefined;
  seen = seen.set(program, length);
  return true;
}

test("an expression that is none is an error at once", async () => {
  await using db = postgres("postgres://nobody@127.0.0.1:1/none");
  const run = async (): Promise<void> => await Promise.resolve();
  expect(() => schedule(db, { wrong: { cron: "every day", run } })).toThrow();
  expect(() => schedule(db, { wrong: { cron: "* * * * *", timeZone: "Mars/Olympus", run } })).toThrow();
});
