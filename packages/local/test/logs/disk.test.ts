import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, mkdir, readdir, rm, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Bench, Follower, linesOf, textsOf } from "./support/spools.ts";

async function command(name: string, ...args: string[]): Promise<boolean> {
  const child = spawn(name, args, { stdio: "ignore" });
  // Also after an error there is a close.
  child.on("error", () => undefined);
  const [code] = await once(child, "close");
  return code === 0;
}

async function segments(bench: Bench): Promise<string[]> {
  return (await readdir(bench.store)).filter((file) => file.endsWith(".v1.log")).sort();
}

test("a full disk delays lines and loses none", async ({ skip }) => {
  await using bench = await Bench.make();
  const small = join(bench.path, "small");
  await mkdir(small);
  if (!(await command("mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", small))) skip("a small file system can be mounted by root only");
  await using _mounted = { [Symbol.asyncDispose]: async () => void (await command("umount", "-l", small)) };
  const ballast = join(small, "ballast");
  await writeFile(ballast, Buffer.alloc(300 * 1024));
  const told = Promise.withResolvers<void>();
  const { LogStore } = await import("../../src/logs/store.ts");
  const codes: string[] = [];
  await using store = await LogStore.open(join(small, "store"), {
    retention: { maxBytes: 1024 ** 2, maxAgeMs: 1e9 },
    onTrouble: ({ code }) => {
      codes.push(code);
      told.resolve();
    },
  });
  const spool = await bench.spool();
  const attached = store.attach(spool);
  store.append("douze", "", "stdout", "before");
  await store.flush();
  const expected = Array.from({ length: 4_000 }, (_, index) => `${index} ${"y".repeat(90)}`);
  await appendFile(spool.stdout, `${expected.join("\n")}\n`);
  await told.promise;

  store.append("douze", "", "stdout", "during");
  await expect(store.flush()).rejects.toMatchObject({ code: "log-write-failed" });
  expect(await textsOf(store, { processes: ["douze"] })).toEqual(["before"]);
  await rm(ballast);
  await attached.finish();

  expect(await textsOf(store, { processes: ["web"] })).toEqual(expected);
  expect(await textsOf(store, { processes: ["douze"] })).toEqual(["before", "during"]);
  expect(new Set(codes)).toEqual(new Set(["log-write-failed"]));
}, 30_000);

test("the oldest segments go first when the bounds are passed, and a reader in progress is told", async () => {
  await using bench = await Bench.make();
  let now = 1_000_000;
  await using store = await bench.open({ retention: { maxBytes: 80_000, maxAgeMs: 60_000 }, clock: () => now });
  await using slow = new Follower(store);
  const first = slow.takeTexts(1);
  const write = async (from: number, to: number): Promise<void> => {
    for (let line = from; line < to; line++) {
      store.append("web.1", "v1", "stdout", `${line} ${"x".repeat(1_000)}`);
      await store.flush();
    }
  };
  await write(0, 300);

  const sizes = await Promise.all((await segments(bench)).map(async (file) => (await stat(join(bench.store, file))).size));
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(80_000);
  expect(sizes.length).toBeGreaterThan(5);
  const kept = (await textsOf(store)).map((text) => Number.parseInt(text, 10));
  expect(kept).toEqual(Array.from({ length: kept.length }, (_, index) => 300 - kept.length + index));
  expect(kept.length).toBeGreaterThan(60);

  await first;
  const rest: string[] = [];
  while (!rest.at(-1)?.startsWith("299 ")) rest.push(...(await slow.takeTexts(1)));
  expect(rest.filter((text) => text.startsWith("lines are missing here"))).toHaveLength(1);
  expect(rest.slice(-kept.length).map((text) => Number.parseInt(text, 10))).toEqual(kept);

  now += 61_000;
  await write(300, 302);
  expect((await textsOf(store)).map((text) => Number.parseInt(text, 10))).toEqual([300, 301]);
});

test("a damaged part costs its own lines and no others", async () => {
  await using bench = await Bench.make();
  {
    await using store = await bench.open({ segmentBytes: 20_000 });
    for (let line = 0; line < 100; line++) {
      store.append("web.1", "v1", "stdout", `${line} ${"x".repeat(500)}`);
      await store.flush();
    }
  }
  const files = await segments(bench);
  const hurt = join(bench.store, files[1] ?? "");
  const { open } = await import("node:fs/promises");
  {
    await using file = await open(hurt, "r+");
    // In the middle of a frame's header and body.
    await file.write(Buffer.alloc(700, 0x41), 0, 700, 6_000);
  }
  await using store = await bench.open({ segmentBytes: 20_000 });
  const numbers = (await textsOf(store)).map((text) => Number.parseInt(text, 10));
  expect(numbers.length).toBeGreaterThanOrEqual(97);
  expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
  expect(numbers.at(-1)).toBe(99);
  expect(bench.problems.map(({ code }) => code)).toEqual(["log-segment-damaged"]);
});

test("a segment that cannot be read at all is told of and passed over, backwards too", async () => {
  await using bench = await Bench.make();
  await using store = await bench.open({ segmentBytes: 5_000 });
  for (let line = 0; line < 40; line++) {
    store.append("web.1", "v1", "stdout", `${line} ${"x".repeat(500)}`);
    await store.flush();
  }
  const hurt = join(bench.store, (await segments(bench))[1] ?? "");
  await rm(hurt);
  await mkdir(hurt);

  const numbers = (await textsOf(store)).map((text) => Number.parseInt(text, 10));
  expect(numbers.length).toBeGreaterThan(25);
  expect([numbers[0], numbers.at(-1)]).toEqual([0, 39]);
  expect((await textsOf(store, { last: numbers.length })).map((text) => Number.parseInt(text, 10))).toEqual(numbers);
  expect(bench.problems.map(({ code }) => code)).toEqual(["log-segment-damaged"]);
});

test("a spool that lost its end with the machine's power is not read again from its beginning", async () => {
  await using bench = await Bench.make();
  const spool = await bench.spool();
  {
    await using store = await bench.open();
    const attached = store.attach(spool);
    await appendFile(spool.stdout, "one\ntwo\nthree\n");
    await store.flush();
    await attached.stop();
    await expect(attached.finish()).rejects.toThrow(/attach it again/);
  }
  await truncate(spool.stdout, 8);
  await using store = await bench.open();
  const attached = store.attach(spool);
  await store.flush();
  await appendFile(spool.stdout, "four\n");
  await attached.finish();
  expect(await textsOf(store)).toEqual(["one", "two", "three", "four"]);
  expect(bench.problems).toEqual([]);
});

test("a torn or damaged last segment is gone on with; what was in it comes again from the spool", async () => {
  await using bench = await Bench.make();
  const spool = await bench.spool();
  {
    await using store = await bench.open();
    const attached = store.attach(spool);
    for (let line = 0; line < 20; line++) {
      await appendFile(spool.stdout, `${line}\n`);
      await store.flush();
    }
    await attached.stop();
  }
  const [file = ""] = await segments(bench);
  const path = join(bench.store, file);
  await truncate(path, (await stat(path)).size - 3);
  await using store = await bench.open();
  await store.attach(spool).finish();
  expect(await textsOf(store)).toEqual(Array.from({ length: 20 }, (_, index) => String(index)));
  expect(bench.problems).toEqual([]);
});

test("what was copied out of a spool is freed while its process goes on", async ({ skip }) => {
  if (!(await command("fallocate", "--version"))) skip("fallocate is not installed");
  await using bench = await Bench.make();
  const spool = await bench.spool();
  const block = `${"z".repeat(1_023)}\n`.repeat(1_024);
  const { watch } = await import("node:fs/promises");
  {
    await using store = await bench.open();
    const attached = store.attach(spool);
    const changes = watch(spool.stdout);
    for (let megabyte = 0; megabyte < 6; megabyte++) await appendFile(spool.stdout, block);
    await store.flush();
    for await (const _ of changes) if ((await stat(spool.stdout)).blocks * 512 < 3 * 1024 * 1024) break;
    await attached.stop();
  }
  expect((await stat(spool.stdout)).size).toBe(6 * 1024 * 1024);
  await appendFile(spool.stdout, "more\n");
  {
    await using store = await bench.open();
    const attached = store.attach(spool);
    await store.flush();
    expect(await textsOf(store, { last: 2 })).toEqual(["z".repeat(1_023), "more"]);
    await attached.stop();
  }
  // The store was deleted: what is left in the spool is read, and the hole is not taken for output.
  await rm(bench.store, { recursive: true });
  await using store = await bench.open();
  await store.attach(spool).finish();
  const texts = await textsOf(store);
  expect(texts.at(-1)).toBe("more");
  expect(texts.some((text) => text.includes("\0"))).toBe(false);
  expect(bench.problems).toEqual([]);
}, 30_000);

test("a process that truncates its own output is read on, and told of once", async () => {
  await using bench = await Bench.make();
  await using store = await bench.open();
  const spool = await bench.spool();
  const attached = store.attach(spool);
  for (const text of ["tick 1", "tick 2", "tick 3 and more"]) {
    await bench.run(spool, "sh", "-c", `echo '${text}' > /dev/stderr`);
    await store.flush();
  }
  await attached.finish();
  expect(await textsOf(store)).toEqual(["tick 1", "tick 2", "tick 3 and more"]);
  expect(bench.problems.map(({ code }) => code)).toEqual(["log-spool-truncated"]);
});

test("a spool that cannot be read fails its finish, and the others go on", async () => {
  await using bench = await Bench.make();
  await using store = await bench.open();
  const spool = await bench.spool();
  await rm(spool.stdout);
  await mkdir(spool.stdout);
  const attached = store.attach(spool);
  store.append("douze", "", "stdout", "here");
  await appendFile(spool.stderr, "there\n");

  await expect(attached.finish()).rejects.toMatchObject({ code: "log-spool-unreadable" });
  expect((await linesOf(store)).map(({ text }) => text).sort()).toEqual(["here", "there"]);
});
