import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { open } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { Bench, Follower, linesOf, verify } from "./support/spools.ts";

const flood = fileURLToPath(new URL("../fixtures/logs/flood.mjs", import.meta.url));

test("four processes that flood at once lose no line and tear none", async () => {
  await using bench = await Bench.make();
  const spools = await Promise.all([1, 2, 3, 4].map((index) => bench.spool(`web.${index}`)));
  {
    await using store = await bench.open();
    const attached = spools.map((spool) => store.attach(spool));
    await Promise.all(spools.map((spool) => bench.run(spool, process.execPath, flood, "60000")));
    await Promise.all(attached.map((one) => one.finish()));
  }
  for (const spool of spools) expect(await verify(bench, spool)).toEqual({ stdout: 60_000, stderr: 60_000, faults: [] });
}, 30_000);

test("a slow follower holds up nobody and misses nothing", async () => {
  await using bench = await Bench.make();
  await using store = await bench.open({ segmentBytes: 64 * 1024 });
  await using follower = new Follower(store);
  const first = follower.takeTexts(1);
  const spool = await bench.spool();
  const attached = store.attach(spool);
  await bench.run(spool, process.execPath, flood, "5000");
  await attached.finish();

  const texts = [...(await first), ...(await follower.takeTexts(4_999))];
  const numbers = texts.map((text) => Number.parseInt(text, 10)).sort((a, b) => a - b);
  expect(numbers).toEqual(Array.from({ length: 5_000 }, (_, index) => index));
});

test("a line of 100 MB comes in pieces that are the whole of it, with bounded memory", async () => {
  await using bench = await Bench.make();
  await using store = await bench.open();
  const spool = await bench.spool();
  const attached = store.attach(spool);
  const size = 100 * 1024 * 1024;
  const before = process.memoryUsage().rss;

  await bench.run(spool, "sh", "-c", `echo before; yes ééééééé | tr -d '\\n' | head -c ${size}; echo; printf after`);
  await attached.finish();

  let length = 0;
  let peak = 0;
  const whole: string[] = [];
  const faults: string[] = [];
  for await (const line of store.read({}, new AbortController().signal)) {
    if (line.text.startsWith("before") || line.text === "after") whole.push(line.text);
    else {
      length += Buffer.byteLength(line.text);
      const sound =
        Buffer.byteLength(line.text) <= 64 * 1024 && !line.text.includes("\ufffd") && line.continued === (length < size || undefined);
      if (!sound) faults.push(line.text.slice(0, 80));
    }
    peak = Math.max(peak, process.memoryUsage().rss);
  }
  expect(whole).toEqual(["before", "after"]);
  expect(faults).toEqual([]);
  expect(length).toBe(size);
  expect(peak - before).toBeLessThan(size);
}, 30_000);

test("binary output is kept as it came and harms nothing that follows", async () => {
  await using bench = await Bench.make();
  await using store = await bench.open();
  const spool = await bench.spool();
  const attached = store.attach(spool);
  const noise = randomBytes(300_000);
  const file = await open(spool.stdout, "a");
  await file.write(noise);
  await file.write("\nstill here\n");
  await file.close();
  await attached.finish();

  const lines = await linesOf(store);
  expect(lines.at(-1)?.text).toBe("still here");
  // What is no UTF-8 is replaced, line by line; the newlines in it are lines.
  const texts = noise.toString("utf8").split("\n");
  expect(lines.slice(0, -1).map(({ text }) => text)).toEqual(texts.map((text) => text.replace(/\r$/, "")));
});

test("a secret that a long line has only half written is not stored by halves", async () => {
  await using bench = await Bench.make();
  await using store = await bench.open({ secrets: ["canary-4f2a91c77e"] });
  const spool = await bench.spool();
  const attached = store.attach(spool);
  const long = "x".repeat(100_000);
  await using file = await open(spool.stdout, "a");
  await file.write(`${long}canary-4f2a`);
  await store.flush();
  expect((await linesOf(store)).map(({ text }) => text).join("").length).toBeGreaterThan(99_000);
  await file.write("91c77e end\n");
  await attached.finish();
  expect((await linesOf(store)).map(({ text }) => text).join("")).toBe(`${long}•••• end`);
});

test("secrets are masked over the borders of chunks and writes, in long lines too", async () => {
  await using bench = await Bench.make();
  const canaries = ["canary-4f2a91c77e", 'quoted "canary" /+ 99', "-----BEGIN CANARY-----\nMIIEcanarycanary\nshort\n-----END CANARY-----"];
  await using store = await bench.open({ secrets: [canaries[0] ?? ""], segmentBytes: 64 * 1024 });
  store.mask(canaries);
  const spool = await bench.spool();
  const attached = store.attach(spool);
  const file = await open(spool.stdout, "a");
  let masked = 0;
  for (let round = 0; round < 400; round++) {
    const secret = canaries[round % 2] ?? "";
    // Each round ends at another place of a block of 64 KiB; some rounds have no newline at all for a long while.
    const text = `${"x".repeat((round * 7919) % 20_000)}${secret}${JSON.stringify(canaries[1])}${encodeURIComponent(canaries[1] ?? "")}`;
    await file.write(round % 50 < 25 ? text : `${text}\n`);
    masked += 3;
    if (round % 7 === 0) await store.flush();
  }
  await file.write(`\n${canaries[2]}\n`);
  await file.close();
  await attached.finish();
  store.append("douze", "", "stdout", `set to ${canaries[0]}`);

  const texts = (await linesOf(store)).map(({ text }) => text);
  expect(texts.join("").match(/••••/g)).toHaveLength(masked + 4);
  expect(texts.slice(-5)).toEqual(["••••", "••••", "short", "••••", "set to ••••"]);
  const { stdout } = await grepFor(bench.store, ["canary-4f2a91c77e", "quoted", "MIIE"]);
  expect(stdout).toBe("");
}, 30_000);

async function grepFor(folder: string, words: readonly string[]): Promise<{ readonly stdout: string }> {
  const { spawn } = await import("node:child_process");
  const child = spawn("grep", ["-rla", ...words.flatMap((word) => ["-e", word]), folder]);
  let stdout = "";
  child.stdout.on("data", (data: Buffer) => {
    stdout += data.toString();
  });
  await once(child, "close");
  return { stdout };
}
