import { spawnSync } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ProcessView, ReleaseView, Status } from "@douze/engine";
import { describe, expect, test } from "vitest";
import { load } from "./support/load.ts";
import { Served } from "./support/serve.ts";
import { AppFolder } from "./support/up.ts";

const small = join(import.meta.dirname, "fixtures/small");
const patient = { timeout: 60_000, interval: 200 };
const isRoot = process.getuid?.() === 0;
const skipped = (what: string): void => console.warn(`${what}: a test of faults is skipped`);

/** A command that may take long: what becomes of it is told by the test that waits for it. */
const inTime = 180_000;

async function ready(served: Served, type: string, count: number): Promise<readonly ProcessView[]> {
  const found = async (): Promise<readonly ProcessView[]> =>
    (await served.processes()).filter(({ process, phase }) => process === type && phase === "ready");
  await expect.poll(async () => (await found()).length, patient).toBe(count);
  return await found();
}

/** A small disk of its own for an app's state, which can be filled. */
class SmallDisk implements Disposable {
  readonly folder: string;

  constructor(app: AppFolder, size: string) {
    this.folder = join(app.folder, ".douze");
    mkdirSync(this.folder, { recursive: true });
    const { status, stderr } = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "douze-test", this.folder], { encoding: "utf8" });
    if (status !== 0) throw new Error(stderr);
  }

  fill(): void {
    const file = openSync(join(this.folder, "filler"), "a");
    try {
      for (let bytes = 1024 * 1024; bytes >= 1; bytes = Math.floor(bytes / 2)) {
        for (;;) {
          try {
            writeSync(file, Buffer.alloc(bytes, 1));
          } catch {
            break;
          }
        }
      }
    } finally {
      closeSync(file);
    }
  }

  free(): void {
    rmSync(join(this.folder, "filler"), { force: true });
  }

  [Symbol.dispose](): void {
    spawnSync("umount", ["--lazy", this.folder]);
  }
}

const canMount = isRoot && spawnSync("sh", ["-c", "d=$(mktemp -d) && mount -t tmpfs none $d && umount $d"]).status === 0;
if (!canMount) skipped("no file system can be mounted here");

describe.skipIf(!canMount)("a full disk", () => {
  test("stops no request and no process; commands say so, and nothing is lost", { timeout: inTime }, async () => {
    const app = await AppFolder.copyOf(small);
    using disk = new SmallDisk(app, "64m");
    await using served = await Served.start(app);
    expect((await app.run("deploy")).code).toBe(0);
    const engine = await served.enginePid();
    const pids = async (): Promise<readonly (number | undefined)[]> => (await served.processes()).map(({ pid }) => pid);
    const before = await pids();
    const clients = load(served.port, { keeping: 2, fresh: 1 });
    const refused: string[] = [];
    for (const words of [
      ["deploy", "--set", "TEXT=second"],
      ["config", "set", "NOTE=loud"],
      ["config", "set", "TEXT=third"],
      ["run", "--detach", "--", "true"],
    ]) {
      // What is freed meanwhile, of output that was copied, may be enough for one of them.
      disk.fill();
      const { code, stderr } = await app.run(...words);
      if (code === 0) continue;
      expect(stderr).toMatch(/ENOSPC/);
      expect(stderr).toMatch(/code: (state-unwritable|build-failed)/);
      refused.push(words.join(" "));
    }
    expect(refused.length).toBeGreaterThan(1);
    if (refused.length === 4) expect(await pids()).toEqual(before);
    disk.free();
    expect(await served.ask<ReleaseView>("deploy", "--set", "TEXT=second")).toMatchObject({ status: "current" });
    const { requests, failures } = await clients.stop();
    expect(failures).toEqual([]);
    expect(requests).toBeGreaterThan(50);
    await expect.poll(async () => await (await fetch(served.address)).json(), patient).toMatchObject({ text: "second" });
    expect(await served.enginePid()).toBe(engine);
  });

  test("while a release is on its way: its outcome is written when there is room", { timeout: inTime }, async () => {
    const app = await AppFolder.copyOf(small);
    const manifest = join(app.folder, "douze.yaml");
    await writeFile(
      manifest,
      readFileSync(manifest, "utf8")
        .replace("release: node task.js", `release: 'until [ -e /tmp/douze-go-full-${process.pid} ]; do sleep 0.1; done'`)
        .replace("app: small", `app: full-${process.pid}`),
    );
    const go = `/tmp/douze-go-full-${process.pid}`;
    using disk = new SmallDisk(app, "64m");
    await using served = await Served.start(app);
    const deploying = app.run("deploy");
    await expect.poll(async () => (await served.ask<Status>("status")).candidate, patient).toBe(1);
    await expect.poll(async () => readdirSync(join(disk.folder, "environments/development/run")).length, patient).toBeGreaterThan(0);
    disk.fill();
    writeFileSync(go, "");
    const note = async (): Promise<string> => (await app.run("logs", "-p", "douze")).stdout;
    const engine = await served.enginePid();
    await expect.poll(() => spawnSync("pgrep", ["-f", go]).status, patient).toBe(1);
    expect((await served.ask<Status>("status")).candidate).toBe(1);
    disk.free();
    expect((await deploying).code).toBe(0);
    expect((await served.ask<Status>("status")).current).toBe(1);
    expect(await served.enginePid()).toBe(engine);
    expect(await note()).toContain("v1 is current");
    rmSync(go);
  });
});

const faketime = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";
if (!existsSync(faketime)) skipped("libfaketime is not installed");

test.skipIf(!existsSync(faketime))(
  "a clock that jumps a month ahead and two back: processes, requests and releases go on",
  { timeout: inTime },
  async () => {
    const app = await AppFolder.copyOf(small);
    const file = join(app.folder, "..", "clock");
    writeFileSync(file, "+0\n");
    const clock = [`LD_PRELOAD=${faketime}`, `FAKETIME_TIMESTAMP_FILE=${file}`, "FAKETIME_NO_CACHE=1", "FAKETIME_DONT_FAKE_MONOTONIC=1"];
    await using served = await Served.start(app, [], ["env", ...clock]);
    expect((await app.run("deploy")).code).toBe(0);
    const clients = load(served.port, { keeping: 2, fresh: 1 });
    let [pid] = (await ready(served, "web", 1)).map((each) => each.pid);
    for (const [index, jump] of ["+30d", "-30d", "+0"].entries()) {
      writeFileSync(file, `${jump}\n`);
      expect((await ready(served, "web", 1)).map((each) => each.pid)).toEqual([pid]);
      const [worker] = await ready(served, "worker", 1);
      // Killed twice it waits before it is started again; in that wait the clock jumps once more.
      process.kill(worker?.pid ?? 0, "SIGKILL");
      const again = async (): Promise<number | undefined> =>
        (await served.processes()).find(
          ({ process: type, phase, pid: each }) => type === "worker" && phase === "ready" && each !== worker?.pid,
        )?.pid;
      await expect.poll(again, patient).toBeGreaterThan(0);
      process.kill((await again()) ?? 0, "SIGKILL");
      writeFileSync(file, index === 0 ? "-90d\n" : `${jump}\n`);
      await ready(served, "worker", 1);
      expect((await app.run("scale", "web=2")).code).toBe(0);
      await ready(served, "web", 2);
      expect((await app.run("scale", "web=1")).code).toBe(0);
      await ready(served, "web", 1);
      expect(await served.ask<ReleaseView>("deploy", "--set", `TEXT=${index}`)).toMatchObject({ status: "current" });
      [pid] = (await ready(served, "web", 1)).map((each) => each.pid);
      // A kept connection may have one more answer of the former release.
      await expect.poll(async () => await (await fetch(served.address)).json(), patient).toMatchObject({ text: String(index) });
    }
    expect((await clients.stop()).failures).toEqual([]);
  },
);

test("an engine without file descriptors: requests go on, commands are refused in time, and then it goes on too", {
  timeout: inTime,
}, async () => {
  const app = await AppFolder.copyOf(small);
  await using served = await Served.start(app);
  expect((await app.run("deploy")).code).toBe(0);
  const engine = await served.enginePid();
  const clients = load(served.port, { keeping: 2, fresh: 1 });
  const limit = (count: number | string): void => void spawnSync("prlimit", ["--pid", String(engine), `--nofile=${count}`]);
  const [, soft = "1024", hard = "1024"] = /^Max open files\s+(\d+)\s+(\d+)/m.exec(readFileSync(`/proc/${engine}/limits`, "utf8")) ?? [];
  // The first that is free: all below it are taken, none above it can be had.
  const taken = new Set(readdirSync(`/proc/${engine}/fd`).map(Number));
  const first = Array.from({ length: 1_000 }, (_, index) => index).find((index) => !taken.has(index)) ?? 0;
  limit(`${first}:${hard}`);
  const refused = await Promise.all([app.run("ps"), app.run("deploy", "--set", "TEXT=second"), app.run("status")]);
  expect(refused.map(({ code }) => code)).toEqual([1, 1, 1]);
  limit(`${soft}:${hard}`);
  expect(await served.ask<ReleaseView>("deploy", "--set", "TEXT=second")).toMatchObject({ status: "current" });
  const { failures } = await clients.stop();
  expect(failures).toEqual([]);
  expect(await served.enginePid()).toBe(engine);
});

test.skipIf(!canMount)("a full disk keeps nobody from ending", { timeout: inTime }, async () => {
  const app = await AppFolder.copyOf(small);
  using disk = new SmallDisk(app, "64m");
  await using served = await Served.start(app);
  expect((await app.run("deploy")).code).toBe(0);
  disk.fill();
  await served.stop();
  disk.free();
  await using again = await Served.start(app);
  await ready(again, "web", 1);
});

test("an app that closes its output serves on, and is stopped in order", { timeout: inTime }, async () => {
  const app = await AppFolder.copyOf(small);
  const manifest = join(app.folder, "douze.yaml");
  await writeFile(
    manifest,
    readFileSync(manifest, "utf8").replace("command: node web.js", "command: 'echo the last words; exec node web.js >&- 2>&-'"),
  );
  await using served = await Served.start(app);
  expect((await app.run("deploy")).code).toBe(0);
  expect(await (await fetch(served.address)).json()).toMatchObject({ release: "v1" });
  expect((await app.run("logs", "-p", "web")).stdout).toContain("the last words");
  const [web] = await ready(served, "web", 1);
  expect(await served.ask<ReleaseView>("deploy", "--set", "TEXT=second")).toMatchObject({ status: "current" });
  await expect.poll(() => existsSync(`/proc/${web?.pid}`), patient).toBe(false);
  expect((await app.run("why", "web.1")).stdout).toBe("");
});

describe("a ledger that somebody damaged", () => {
  const entry = (app: AppFolder): string => join(app.folder, ".douze/environments/development/ledger/v1.json");

  test.each([
    ["truncated", (file: string) => truncateSync(file, 100)],
    ["edited", (file: string) => writeFileSync(file, readFileSync(file, "utf8").replace('"version": 1', '"version": 7'))],
  ])("%s: its app is not started and not changed, others are; restored, it goes on", { timeout: inTime }, async (_how, damage) => {
    const [app, other] = [await AppFolder.copyOf(small), await AppFolder.copyOf(small)];
    await writeFile(
      join(other.folder, "douze.yaml"),
      readFileSync(join(other.folder, "douze.yaml"), "utf8").replace("app: small", "app: other"),
    );
    {
      await using served = await Served.start(app, [app.folder, other.folder]);
      expect([(await app.run("deploy")).code, (await other.run("deploy")).code]).toEqual([0, 0]);
      await served.stop();
    }
    const whole = readFileSync(entry(app), "utf8");
    damage(entry(app));
    const damaged = readFileSync(entry(app), "utf8");
    {
      await using served = await Served.start(app, [app.folder, other.folder]);
      expect((await other.ask<ProcessView[]>("ps")).some(({ phase }) => phase === "ready" || phase === "starting")).toBe(true);
      expect(await app.run("ps")).toMatchObject({ code: 1, stderr: expect.stringContaining("code: ledger-unreadable") });
      const { stderr } = await served.stop();
      expect(stderr).toContain("ledger-unreadable");
      expect(stderr).toContain("v1.json");
    }
    expect(readFileSync(entry(app), "utf8")).toBe(damaged);
    writeFileSync(entry(app), whole);
    await using served = await Served.start(app, [app.folder, other.folder]);
    await ready(served, "web", 1);
  });
});

const canTrace = existsSync("/usr/bin/strace") && spawnSync("strace", ["-e", "trace=none", "true"]).status === 0;
if (!canTrace) skipped("strace is not installed, or may not trace here");

test.skipIf(!canTrace)("a disk that takes a third of a second for each sync holds up no request", { timeout: inTime }, async () => {
  const app = await AppFolder.copyOf(small);
  const delay = ["-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:delay_enter=300000"];
  await using served = await Served.start(app, [], ["strace", "-D", "-f", "--seccomp-bpf", "-qq", "-o", "/dev/null", ...delay]);
  expect((await app.run("deploy")).code).toBe(0);
  const clients = load(served.port, { keeping: 2, fresh: 1 });
  expect(await served.ask<ReleaseView>("deploy", "--set", "TEXT=second")).toMatchObject({ status: "current" });
  const { requests, failures } = await clients.stop();
  expect(failures).toEqual([]);
  expect(requests).toBeGreaterThan(100);
});
