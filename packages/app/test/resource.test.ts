import { describe, expect, test } from "vitest";
import { backoffMs } from "../src/resource/backoff.ts";
import { postgres } from "../src/resource/postgres.ts";
import { Program } from "./support/program.ts";
import { Backing, Wire } from "./support/servers.ts";

async function ready(url: string): Promise<{ status: number; checks: unknown }> {
  const response = await fetch(`${url}/readyz`);
  return { status: response.status, checks: ((await response.json()) as { checks: unknown }).checks };
}

async function until(url: string, status: number): Promise<void> {
  while ((await ready(url)).status !== status) await new Promise(setImmediate);
}

describe.each([
  ["postgres", "POSTGRES", "/db", "db"],
  ["redis", "REDIS", "/cache", "cache"],
] as const)("%s", (type, variable, path, name) => {
  test("is away at the start, comes, is cut and returns, with no restart", async () => {
    await using server = await Backing.start(type);
    await using wire = await Wire.to(server.url);
    wire.cut();
    await using program = Program.start("resources.ts", ["web"], { PORT: "0", [variable]: wire.url });
    const { port } = (await program.line("listening")) as unknown as { port: number };
    const url = `http://127.0.0.1:${port}`;
    expect(await ready(url)).toEqual({ status: 503, checks: { [name]: expect.stringMatching(/failed|no answer/) as string } });
    expect((await fetch(`${url}/livez`)).status).toBe(200);
    wire.mend();
    await until(url, 200);
    expect((await fetch(url + path)).status).toBe(200);
    wire.cut();
    await until(url, 503);
    wire.mend();
    await until(url, 200);
    expect((await fetch(url + path)).status).toBe(200);
    expect(await program.stop()).toBe(0);
    expect(program.stdout).not.toContain(new URL(server.url).password);
  });
});

test("values travel apart from the query, and a transaction is whole or not at all", async () => {
  await using server = await Backing.start("postgres");
  await using db = postgres(server.url);
  expect(await db.sql`select ${"'; drop table x; --"}::text as text, ${7}::int as seven`).toEqual([
    { text: "'; drop table x; --", seven: 7 },
  ]);
  await db.query("create table notes (text text primary key)");
  await expect(
    db.transaction(async ({ sql }) => {
      await sql`insert into notes values ('lost')`;
      throw new Error("as it was asked to");
    }),
  ).rejects.toThrow("as it was asked to");
  expect(await db.transaction(async ({ sql }) => await sql`insert into notes values ('kept') returning text`)).toEqual([{ text: "kept" }]);
  expect(await db.sql`select * from notes`).toEqual([{ text: "kept" }]);
  await expect(db.sql`select nothing`).rejects.toMatchObject({ code: "42703" });
});

test("an unreachable server is told after a bounded wait, with no password in it", async () => {
  await using db = postgres("postgres://app:canary-word@127.0.0.1:1/shop", { name: "db", waitMs: 300 });
  const error: unknown = await db.sql`select 1`.catch((caught: unknown) => caught);
  expect(error).toMatchObject({ code: "resource-unreachable", what: "db could not be reached", why: "ECONNREFUSED, for 0.3 s" });
  expect(JSON.stringify(error)).not.toContain("canary-word");
});

test("pauses grow, up to a bound, and are spread", () => {
  expect([1, 2, 3, 4].map((tries) => backoffMs(tries, 0.999_999)).map(Math.round)).toEqual([50, 100, 200, 400]);
  expect(backoffMs(1_000, 0)).toBe(2_500);
  expect(Math.round(backoffMs(1_000, 0.999_999))).toBe(5_000);
});
