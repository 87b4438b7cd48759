import { existsSync } from "node:fs";
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Drain, drainAddress } from "@douze/core";
import { expect, test } from "vitest";
import { Drains } from "../../src/drains/drains.ts";
import type { LogStore } from "../../src/logs/store.ts";
import { Bench } from "../logs/support/spools.ts";
import { makeCertificate } from "../support/certificate.ts";
import { freePort } from "../support/free-port.ts";
import { Collector, Rsyslog } from "./support/receivers.ts";

const wait = { timeout: 15_000, interval: 20 };

function open(bench: Bench, store: LogStore, drain: Partial<Drain> & Pick<Drain, "kind" | "url">): Drains {
  const declared: Drain = { name: "far", headers: {}, processes: [], ...drain };
  const notes = (text: string): void => store.append("douze", "", "stdout", text);
  return Drains.open({
    declared: [declared],
    store,
    directory: join(bench.path, "drains"),
    app: "shop",
    environment: "production",
    note: notes,
  });
}

function write(store: LogStore, count: number, from = 0, process = "web.1"): void {
  for (let number = from; number < from + count; number++) store.append(process, "v1", "stdout", `line ${number}`);
}

function numbers(count: number, from = 0): string[] {
  return Array.from({ length: count }, (_, index) => `line ${index + from}`);
}

test("lines of JSON reach a collector with their headers, once each and in order", async () => {
  await using bench = await Bench.make();
  await using collector = await Collector.listen();
  await using store = await bench.open();
  store.append("web.1", "v1", "stdout", "before the drain was declared");
  await store.flush();
  await using drains = open(bench, store, { kind: "http", url: `${collector.url}/in?k=1`, headers: { Authorization: "Bearer t" } });
  write(store, 5_000);
  store.append("web.1", "v1", "stderr", 'ünï "quoted" \\ \u0007');
  await expect.poll(() => collector.lines.length, wait).toBe(5_001);
  expect(collector.messages).toEqual([...numbers(5_000), 'ünï "quoted" \\ \u0007']);
  expect(collector.got[0]).toMatchObject({
    path: "/in?k=1",
    headers: { authorization: "Bearer t", "content-type": "application/x-ndjson" },
  });
  expect(collector.lines[0]).toMatchObject({ app: "shop", environment: "production", process: "web.1", release: "v1", stream: "stdout" });
  await expect.poll(() => drains.views, wait).toMatchObject([{ to: collector.url, sent: 5_001, dropped: 0, behindBytes: 0 }]);
});

test("only the processes that are asked for", async () => {
  await using bench = await Bench.make();
  await using collector = await Collector.listen();
  await using store = await bench.open();
  await using drains = open(bench, store, { kind: "http", url: collector.url, processes: ["web"] });
  write(store, 10, 0, "worker.1");
  write(store, 10, 10, "web.2");
  write(store, 10, 20, "webby.1");
  await expect.poll(() => collector.lines.length, wait).toBe(10);
  await expect.poll(() => drains.views[0]?.behindBytes, wait).toBe(0);
  expect(collector.messages).toEqual(numbers(10, 10));
});

test("a receiver that is down is waited for, and one that was killed misses nothing", async () => {
  await using bench = await Bench.make();
  const port = await freePort();
  await using store = await bench.open();
  await using drains = open(bench, store, { kind: "http", url: `http://127.0.0.1:${port}` });
  write(store, 100);
  await expect.poll(() => drains.views[0]?.trouble, wait).toContain("ECONNREFUSED");
  await using collector = await Collector.listen(port);
  let failures = 0;
  collector.answer = (_got, response) => void (failures++ < 3 ? response.writeHead(503).end() : response.writeHead(200).end());
  await expect.poll(() => collector.messages.filter((text) => text.startsWith("line")).length, { ...wait, timeout: 30_000 }).toBe(100);
  expect(collector.messages[0]).toBe("line 0");
  await expect.poll(() => drains.views[0]?.trouble, wait).toBe(undefined);
});

test("the next start goes on where the last one was", async () => {
  await using bench = await Bench.make();
  await using collector = await Collector.listen();
  await using store = await bench.open();
  {
    await using drains = open(bench, store, { kind: "http", url: collector.url });
    write(store, 100);
    await expect.poll(() => drains.views[0]?.sent, wait).toBe(100);
  }
  write(store, 100, 100);
  await store.flush();
  await using _drains = open(bench, store, { kind: "http", url: collector.url });
  await expect.poll(() => collector.lines.length, wait).toBe(200);
  expect(collector.messages).toEqual(numbers(200));
  expect(collector.got.flatMap(({ body }) => body.trimEnd().split("\n"))).toHaveLength(200);
});

test("a drain that was ended before it sent anything misses nothing", async () => {
  await using bench = await Bench.make();
  await using collector = await Collector.listen();
  await using store = await bench.open();
  {
    await using _drains = open(bench, store, { kind: "http", url: `http://127.0.0.1:${await freePort()}` });
    write(store, 100);
    await store.flush();
  }
  write(store, 100, 100);
  await store.flush();
  await using _drains = open(bench, store, { kind: "http", url: collector.url, processes: ["web"] });
  await expect.poll(() => collector.lines.length, wait).toBe(200);
  expect(collector.messages).toEqual(numbers(200));
});

test("what retention deletes first is counted, and told in the stream", async () => {
  await using bench = await Bench.make();
  const port = await freePort();
  await using store = await bench.open({ retention: { maxBytes: 64 * 1024, maxAgeMs: 1e9 } });
  await using drains = open(bench, store, { kind: "http", url: `http://127.0.0.1:${port}`, processes: ["web"] });
  const pad = "x".repeat(1000);
  for (let number = 0; number < 10_000; number++) {
    store.append("web.1", "v1", "stdout", number === 9_999 ? "the last" : `${number} ${pad}`);
    if (number % 100 === 0) await store.flush();
  }
  await using collector = await Collector.listen(port);
  await expect.poll(() => collector.messages.includes("the last"), { ...wait, timeout: 40_000 }).toBe(true);
  const told = collector.lines
    .filter(({ process }) => process === "douze")
    .map(({ message }) => Number(/ (\d+) lines were dropped/.exec(message)?.[1]));
  const dropped = told.reduce((sum, each) => sum + each, 0);
  const sent = collector.lines.filter(({ process }) => process === "web.1").length;
  expect(dropped).toBeGreaterThan(1000);
  expect(sent + dropped).toBe(10_000);
  expect(drains.views[0]?.dropped).toBe(dropped);
});

test("what a receiver refuses is dropped and counted; too much at once is halved", async () => {
  await using bench = await Bench.make();
  await using collector = await Collector.listen();
  await using store = await bench.open();
  collector.answer = ({ body }, response) => {
    const lines = body.trimEnd().split("\n");
    const status = lines.length > 10 ? 413 : lines.some((line) => line.includes('"line 7"')) ? 400 : 200;
    response.writeHead(status).end();
  };
  await using drains = open(bench, store, { kind: "http", url: collector.url, processes: ["web"] });
  write(store, 100);
  await expect.poll(() => (drains.views[0]?.sent ?? 0) + (drains.views[0]?.dropped ?? 0), wait).toBe(100);
  expect(drains.views[0]?.dropped).toBeGreaterThan(0);
  expect(collector.lines).toHaveLength(drains.views[0]?.sent ?? 0);
  expect(collector.messages).not.toContain("line 7");
  expect(collector.messages).toContain("line 99");
});

test("a file gets lines of JSON, also after it was moved away or torn", async () => {
  await using bench = await Bench.make();
  await using store = await bench.open();
  const path = join(bench.path, "out.ndjson");
  await writeFile(path, '{"torn');
  await using _drains = open(bench, store, { kind: "file", url: `file://${path}` });
  write(store, 10);
  const messages = async (file: string): Promise<string[]> =>
    (await readFile(file, "utf8"))
      .split("\n")
      .filter((line) => line.endsWith("}"))
      .map((line) => (JSON.parse(line) as { message: string }).message);
  await expect.poll(() => messages(path), wait).toEqual(numbers(10));
  await rename(path, `${path}.1`);
  write(store, 10, 10);
  await expect.poll(async () => existsSync(path) && (await messages(path)), wait).toEqual(numbers(10, 10));
});

test("an OpenTelemetry collector gets a resource for each process, severity and trace from lines of JSON", async () => {
  await using bench = await Bench.make();
  await using collector = await Collector.listen();
  collector.answer = (_got, response) => void response.writeHead(200).end('{"partialSuccess":{"rejectedLogRecords":"2"}}');
  await using store = await bench.open();
  await using drains = open(bench, store, { kind: "otlp", url: `otlp+${collector.url}` });
  const trace = "0af7651916cd43dd8448eb211c80319c";
  store.append("web.1", "v3", "stdout", JSON.stringify({ level: "error", msg: "no", time: "2026-01-02T03:04:05.678Z", trace_id: trace }));
  store.append("web.2", "v3", "stderr", "plain");
  await expect.poll(() => drains.views[0]?.dropped, wait).toBe(2);
  expect(collector.got[0]).toMatchObject({ path: "/v1/logs", headers: { "content-type": "application/json" } });
  const { resourceLogs } = JSON.parse(collector.got[0]?.body ?? "") as { resourceLogs: readonly unknown[] };
  expect(resourceLogs).toMatchObject([
    {
      resource: {
        attributes: expect.arrayContaining([
          { key: "service.name", value: { stringValue: "shop" } },
          { key: "service.instance.id", value: { stringValue: "web.1" } },
        ]),
      },
      scopeLogs: [{ logRecords: [{ timeUnixNano: "1767323045678000000", severityNumber: 17, traceId: trace }] }],
    },
    { scopeLogs: [{ logRecords: [{ body: { stringValue: "plain" } }] }] },
  ]);
});

const hasRsyslog = existsSync("/usr/sbin/rsyslogd");
if (!hasRsyslog) console.warn("rsyslogd is not installed: the tests of syslog drains are skipped");

test.skipIf(!hasRsyslog).each(["plain", "tls"])("rsyslog reads every message as RFC 5424, %s", async (how) => {
  await using bench = await Bench.make();
  const tls = how === "tls" ? makeCertificate(bench.path, "receiver", ["IP:127.0.0.1"]) : undefined;
  const port = await freePort();
  await using rsyslog = await Rsyslog.start(bench.path, port, tls);
  await using store = await bench.open();
  const drain = {
    kind: "syslog",
    url: `syslog${tls ? "+tls" : ""}://127.0.0.1:${port}`,
    processes: ["web"],
    ...(tls && { ca: tls.cert }),
  } as const;
  await using drains = open(bench, store, drain);
  write(store, 3_000);
  store.append("web.1", "v1", "stderr", 'ünï "quoted" ] \\ end');
  await expect.poll(() => rsyslog.messages.length, wait).toBe(3_001);
  expect(rsyslog.messages.map(({ message }) => message)).toEqual([...numbers(3_000), 'ünï "quoted" ] \\ end']);
  expect(rsyslog.messages[0]).toMatchObject({ app: "shop", process: "web.1", priority: "14", version: "1" });
  expect(rsyslog.messages[0]?.data).toMatch(/^\[douze@32473 id="[\d.]+" environment="production" release="v1" stream="stdout"\]$/);
  expect(drains.views[0]).toMatchObject({ sent: 3_001, dropped: 0 });
});

test.skipIf(!hasRsyslog)("a receiver that nobody vouches for gets nothing", async () => {
  await using bench = await Bench.make();
  const port = await freePort();
  await using rsyslog = await Rsyslog.start(bench.path, port, makeCertificate(bench.path, "receiver", ["IP:127.0.0.1"]));
  await using store = await bench.open();
  await using drains = open(bench, store, { kind: "syslog", url: `syslog+tls://127.0.0.1:${port}` });
  write(store, 1);
  await expect.poll(() => drains.views[0]?.trouble, wait).toContain("self-signed certificate");
  expect(rsyslog.messages).toEqual([]);
});

test("one that cannot be opened keeps no other from its lines", async () => {
  await using bench = await Bench.make();
  await using store = await bench.open();
  await using collector = await Collector.listen();
  const bad: Drain = {
    name: "bad",
    kind: "http",
    url: "https://127.0.0.1:1",
    headers: {},
    processes: [],
    ca: join(bench.path, "absent.pem"),
  };
  const good: Drain = { name: "good", kind: "http", url: collector.url, headers: {}, processes: [] };
  const notes: string[] = [];
  await using _drains = Drains.open({
    declared: [bad, good],
    store,
    directory: join(bench.path, "drains"),
    app: "a",
    environment: "e",
    note: (text) => notes.push(text),
  });
  write(store, 1);
  await expect.poll(() => collector.messages, wait).toEqual(["line 0"]);
  expect(notes).toEqual([expect.stringMatching(/^drain bad cannot be opened: ENOENT/)]);
});

test("where a drain leads is told without what may be a password", () => {
  expect(drainAddress({ kind: "http", url: "https://user:pass@logs.example.org:8443/tok?key=1" })).toBe("https://logs.example.org:8443");
  expect(drainAddress({ kind: "file", url: "file:///var/log/shop.ndjson" })).toBe("/var/log/shop.ndjson");
});
