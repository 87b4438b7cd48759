import { appendFile } from "node:fs/promises";
import type { Instant } from "@douze/core";
import { expect, test } from "vitest";
import { Bench, Follower, linesOf, textsOf } from "./support/spools.ts";

const instant = (ms: number): Instant => ms as Instant;

test("what a process writes is read as lines, with who wrote them", async () => {
  await using bench = await Bench.make();
  await using store = await bench.open();
  const spool = await bench.spool("web.1", "v12");
  const attached = store.attach(spool);

  await bench.run(spool, "sh", "-c", "echo to stdout; echo to stderr >&2");
  await attached.finish();

  expect(await linesOf(store)).toMatchObject([
    { process: "web.1", release: "v12", stream: "stdout", text: "to stdout" },
    { process: "web.1", release: "v12", stream: "stderr", text: "to stderr" },
  ]);
});

test("a line waits for its newline; the last one of a process that ended needs none", async () => {
  await using bench = await Bench.make();
  await using store = await bench.open();
  const spool = await bench.spool();
  const attached = store.attach(spool);

  await appendFile(spool.stdout, "whole\nhalf");
  await store.flush();
  expect(await textsOf(store)).toEqual(["whole"]);

  await appendFile(spool.stdout, " and half\r\n\nla");
  await store.flush();
  expect(await textsOf(store)).toEqual(["whole", "half and half", ""]);

  await appendFile(spool.stdout, "st");
  await attached.finish();
  expect(await textsOf(store)).toEqual(["whole", "half and half", "", "last"]);
});

test("a follower gets what is stored and then what comes, from a watched file too", async () => {
  await using bench = await Bench.make();
  await using store = await bench.open();
  const spool = await bench.spool();
  store.attach(spool);
  const child = bench.start(spool, "cat");
  child.stdin?.write("one\n");
  await using follower = new Follower(store);

  expect(await follower.takeTexts(1)).toEqual(["one"]);
  child.stdin?.write("two\nthree\n");
  expect(await follower.takeTexts(2)).toEqual(["two", "three"]);
  expect(await follower.end()).toBe(true);
  child.stdin?.end();
});

test("followers end without an error when the store is closed", async () => {
  await using bench = await Bench.make();
  const store = await bench.open();
  store.append("douze", "", "stdout", "hello");
  await using follower = new Follower(store);
  expect(await follower.takeTexts(1)).toEqual(["hello"]);
  const rest = follower.takeTexts(1);

  await store[Symbol.asyncDispose]();

  expect(await rest).toEqual([]);
});

test("the platform's own lines stand between the others in order, and are stored on closing", async () => {
  await using bench = await Bench.make();
  {
    await using store = await bench.open();
    const spool = await bench.spool();
    const attached = store.attach(spool);
    store.append("douze", "", "stdout", "starting web.1");
    await store.flush();
    await bench.run(spool, "echo", "up");
    await attached.finish();
    store.append("router", "", "stdout", "GET / 200");
    store.append("router", "", "stderr", "GET /x 502");
    store.append("douze", "v1", "stdout", "web.1 exited");
  }
  await using store = await bench.open();
  expect((await linesOf(store)).map((line) => `${line.process}${line.release} ${line.stream} ${line.text}`)).toEqual([
    "douze stdout starting web.1",
    "web.1v1 stdout up",
    "router stdout GET / 200",
    "router stderr GET /x 502",
    "douzev1 stdout web.1 exited",
  ]);
});

test("a stopped spool goes on where it was, in the same store and in the next", async () => {
  await using bench = await Bench.make();
  const spool = await bench.spool();
  {
    await using store = await bench.open();
    const attached = store.attach(spool);
    await appendFile(spool.stdout, "1\n");
    await store.flush();
    await attached.stop();
    await appendFile(spool.stdout, "2\n");
    expect(await textsOf(store)).toEqual(["1"]);
    const again = store.attach(spool);
    await store.flush();
    expect(await textsOf(store)).toEqual(["1", "2"]);
    expect(() => store.attach(spool)).toThrow(/attached already/);
    await again.stop();
  }
  await appendFile(spool.stdout, "3\n");
  await using store = await bench.open();
  const attached = store.attach(spool);
  await appendFile(spool.stderr, "4");
  await attached.finish();
  expect(await textsOf(store)).toEqual(["1", "2", "3", "4"]);
  // Its run folder may outlive it: finishing twice repeats nothing.
  await store.attach(spool).finish();
  expect(await textsOf(store)).toEqual(["1", "2", "3", "4"]);
});

test("a finished spool repeats nothing even after its segment is gone, as long as its files are there", async () => {
  await using bench = await Bench.make();
  const retention = { maxBytes: 64 * 1024, maxAgeMs: 1e9 };
  const spool = await bench.spool("web.1");
  {
    await using store = await bench.open({ retention });
    const attached = store.attach(spool);
    await appendFile(spool.stdout, "once\n");
    await attached.finish();
    for (let turn = 0; turn < 40; turn++) {
      store.append("router", "", "stdout", "x".repeat(4000));
      await store.flush();
    }
    expect(await textsOf(store, { processes: ["web"] })).toEqual([]);
  }
  await using store = await bench.open({ retention });
  await store.attach(spool).finish();
  expect(await textsOf(store, { processes: ["web"] })).toEqual([]);
});

test("a query chooses by process, time, expression and count, all together", async () => {
  await using bench = await Bench.make();
  let now = 1_000;
  await using store = await bench.open({ clock: () => now });
  for (let second = 1; second <= 9; second++) {
    now = second * 1_000;
    store.append(second % 2 === 0 ? "web.2" : "web.1", "v1", "stdout", `web ${second}`);
    store.append(second < 5 ? "worker.1" : "webhook.1", "v1", "stdout", `other ${second}`);
    await store.flush();
  }

  expect(await textsOf(store, { processes: ["web.2"] })).toEqual(["web 2", "web 4", "web 6", "web 8"]);
  expect(await textsOf(store, { processes: ["web"], since: instant(6_000) })).toEqual(["web 6", "web 7", "web 8", "web 9"]);
  expect(await textsOf(store, { processes: ["web", "worker.1"], until: instant(2_000) })).toEqual(["web 1", "other 1", "web 2", "other 2"]);
  expect(await textsOf(store, { grep: "^o.*[13]$" })).toEqual(["other 1", "other 3"]);
  expect(await textsOf(store, { last: 3 })).toEqual(["other 8", "web 9", "other 9"]);
  expect(await textsOf(store, { last: 2, grep: "web", until: instant(6_500) })).toEqual(["web 5", "web 6"]);
  expect(await textsOf(store, { last: 100, processes: ["worker"] })).toHaveLength(4);
  expect(await textsOf(store, { last: 0 })).toEqual([]);
  expect(await textsOf(store, { processes: ["nobody"] })).toEqual([]);
});

test("last and since look across segments, and a follower goes on from there", async () => {
  await using bench = await Bench.make();
  let now = 0;
  await using store = await bench.open({ segmentBytes: 4096, clock: () => now });
  for (let line = 0; line < 200; line++) {
    now = line * 10;
    store.append("web.1", "v1", "stdout", `${line} ${"x".repeat(400)}`);
    await store.flush();
  }
  const numbers = async (query: Parameters<typeof textsOf>[1]): Promise<number[]> =>
    (await textsOf(store, query)).map((text) => Number.parseInt(text, 10));

  expect(await numbers({})).toEqual(Array.from({ length: 200 }, (_, index) => index));
  expect(await numbers({ last: 30 })).toEqual(Array.from({ length: 30 }, (_, index) => 170 + index));
  expect(await numbers({ since: instant(1_855) })).toEqual(Array.from({ length: 14 }, (_, index) => 186 + index));
  expect(await numbers({ since: instant(500), until: instant(540) })).toEqual([50, 51, 52, 53, 54]);
  await using follower = new Follower(store, { last: 2 });
  expect((await follower.takeTexts(2)).map((text) => Number.parseInt(text, 10))).toEqual([198, 199]);
  store.append("web.1", "v1", "stdout", "200");
  expect(await follower.takeTexts(1)).toEqual(["200"]);
});

test("a follower with an end stops then", async () => {
  await using bench = await Bench.make();
  await using store = await bench.open({ clock: () => 1_000 });
  store.append("web.1", "v1", "stdout", "now");
  await using follower = new Follower(store, { until: instant(1_001) });
  expect(await follower.takeTexts(2)).toEqual(["now"]);
});

test.each([
  ["in one file", {}],
  ["over many files", { segmentBytes: 4096 }],
])("the last lines of a start of a process are its own, %s", async (_where, options) => {
  await using bench = await Bench.make();
  await using store = await bench.open(options);
  const [first, second] = [await bench.spool(), await bench.spool()];
  const attached = [store.attach(first), store.attach(second)];
  const filler = "-".repeat(500);
  for (let line = 0; line < 300; line++) {
    if (line % 100 === 99) await appendFile(first.stderr, `first ${line}\n`);
    await appendFile(second.stdout, `second ${line} ${filler}\n`);
    await store.flush();
  }
  const last = async (id: string, count: number): Promise<readonly string[]> =>
    (await store.lastLines(id, count)).map(({ text }) => text.replace(` ${filler}`, ""));
  expect(await last(first.id, 2)).toEqual(["first 199", "first 299"]);
  expect(await last(first.id, 50)).toEqual(["first 99", "first 199", "first 299"]);
  expect(await last(second.id, 2)).toEqual(["second 298", "second 299"]);
  expect(await last(second.id, 200)).toEqual(Array.from({ length: 200 }, (_, index) => `second ${index + 100}`));
  expect(await last("another", 2)).toEqual([]);
  for (const spool of attached) await spool.stop();
});

test("what is no regular expression is refused at once, and one that never ends is stopped", async () => {
  await using bench = await Bench.make();
  await using store = await bench.open();
  store.append("web.1", "v1", "stdout", `${"a".repeat(60)}b`);
  expect(() => store.read({ grep: "(" }, new AbortController().signal)).toThrow(expect.objectContaining({ code: "log-grep-invalid" }));
  await expect(textsOf(store, { grep: "(a+)+$" })).rejects.toMatchObject({ code: "log-grep-invalid" });
});

test("a store that cannot be opened says why", async () => {
  await using bench = await Bench.make();
  const spool = await bench.spool();
  const { LogStore } = await import("../../src/logs/store.ts");
  await expect(LogStore.open(spool.stdout, { retention: { maxBytes: 1e6, maxAgeMs: 1e6 } })).rejects.toMatchObject({
    code: "log-store-unusable",
  });
});

test("what was written while nobody followed bears the time of the last write", async () => {
  await using bench = await Bench.make();
  const spool = await bench.spool();
  await appendFile(spool.stdout, "last words\n");
  const written = Date.now();
  await using store = await bench.open({ clock: () => Date.now() + 3_600_000 });
  const attached = store.attach(spool);
  await attached.finish();
  const [line] = await linesOf(store);
  expect(line?.at).toBeLessThanOrEqual(written + 1_000);
});
