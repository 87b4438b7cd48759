import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { appendFile } from "node:fs/promises";
import { request } from "node:http";
import { dirname, join } from "node:path";
import type { ProcessView, Status } from "@douze/engine";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "../../local/test/support/free-port.ts";
import { douze } from "./support/douze.ts";
import { Served } from "./support/serve.ts";
import { AppFolder } from "./support/up.ts";

const isRoot = process.getuid?.() === 0;
if (!isRoot) console.warn("not root: the tests of isolation are skipped");

type Tried = readonly (readonly [string, string])[];
const refusals = ["EACCES", "EPERM", "ESRCH", "ENOENT"];

/** An app that others may reach the folder of. */
async function openApp(fixture: string): Promise<AppFolder> {
  const app = await AppFolder.copyOf(join(import.meta.dirname, "fixtures", fixture));
  chmodSync(dirname(app.folder), 0o711);
  return app;
}

const inside = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true }).map((entry) => join(entry.parentPath, entry.name));

describe.skipIf(!isRoot)("an app that spies on another", () => {
  let [victim, spy]: AppFolder[] = [];
  let served: Served;
  let known: readonly string[] = [];
  let spyPort = 0;

  beforeAll(async () => {
    victim = await openApp("small");
    spy = await openApp("hostile");
    spyPort = await freePort();
    mkdirSync(join(spy.folder, "inventory"));
    writeFileSync(join(spy.folder, "inventory/development.yaml"), `target: { port: ${spyPort} }\n`);
    // Whatever an app declares, it must not reach a program of root's; quotes and newlines arrive as they were written.
    await appendFile(
      join(spy.folder, "douze.yaml"),
      '  LD_PRELOAD: /nonexistent/evil.so\n  QUOTES: "it\'s \\"$(id)\\" `id`\\n\\\\two"\n  KNOWN: ""\n  SOCKETS: ""\n',
    );
    served = await Served.start(victim, [victim.folder, spy.folder]);
    expect((await victim.run("deploy", "--set", "TOKEN=hunter2-of-the-victim")).code).toBe(0);
    known = inside(join(victim.folder, ".douze")).filter((path) => !path.includes("/builds/"));
    const sockets = known.filter((path) => path.endsWith("/gate") || path.endsWith(".sock"));
    const settings = [`VICTIM=${victim.folder}`, "SECRET=own-secret", `KNOWN=${known.join(":")}`, `SOCKETS=${sockets.join(":")}`];
    const { code, stderr } = await spy.run("deploy", ...settings.flatMap((each) => ["--set", each]));
    expect([code, stderr]).toEqual([0, expect.anything()]);
  });

  afterAll(async () => {
    await served[Symbol.asyncDispose]();
  });

  async function ask<T>(port: number, path: string): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const asking = request({ port, host: "127.0.0.1", path }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (part: string) => {
        body += part;
      });
      response.on("end", () => resolve(body));
      response.on("error", reject);
    });
    asking.on("error", reject);
    asking.end();
    return JSON.parse(await promise) as T;
  }

  const report = <T>(what: string): Promise<T> => ask<T>(spyPort, `/${what}`);

  test("each has a user of its own, without groups or ways to become another", async () => {
    const { uid, gid, groups, status } = await report<{ uid: number; gid: number; groups: number[]; status: string }>("identity");
    const [web] = (await victim?.ask<ProcessView[]>("ps")) ?? [];
    const other = /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${web?.pid}/status`, "utf8"))?.[1];
    expect(uid).toBeGreaterThanOrEqual(60_706);
    expect([gid, groups]).toEqual([uid, [uid]]);
    expect(Number(other)).toBeGreaterThanOrEqual(60_706);
    expect(Number(other)).not.toBe(uid);
    expect(status).toMatch(/^NoNewPrivs:\s+1$/m);
    expect(status).toMatch(/^CapEff:\s+0+$/m);
    expect((await spy?.ask<Status>("status"))?.isolation).toEqual([
      `processes run as user ${uid}, which nobody else has`,
      expect.stringMatching(/^limits /),
    ]);
  });

  test("its own environment reaches it whole, by no argument of a program", async () => {
    expect(await report("own")).toMatchObject({ secret: "own-secret", quotes: 'it\'s "$(id)" `id`\n\\two', ld: "/nonexistent/evil.so" });
    const [web] = (await spy?.ask<ProcessView[]>("ps")) ?? [];
    const shim = /^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${web?.pid}/status`, "utf8"))?.[1];
    for (const pid of [web?.pid, shim]) expect(readFileSync(`/proc/${pid}/cmdline`, "utf8")).not.toContain("own-secret");
    expect(readFileSync(`/proc/${shim}/environ`, "utf8")).not.toContain("evil.so");
  });

  test("it sees nothing of others' processes, and cannot signal them", async () => {
    const { count, tried } = await report<{ count: number; tried: Tried }>("processes");
    expect(count).toBeGreaterThan(5);
    expect(tried.filter(([, result]) => !refusals.includes(result))).toEqual([]);
  });

  test("it reads no file of the other's state, be its name known or guessed", async () => {
    expect(known.some((path) => path.includes("/logs/"))).toBe(true);
    expect(known.some((path) => path.endsWith("/spool/stdout"))).toBe(true);
    const tried = await report<Tried>("files");
    expect(tried.length).toBeGreaterThan(known.length);
    expect(tried.filter(([, result]) => !refusals.includes(result))).toEqual([]);
    expect(JSON.stringify(tried)).not.toContain("hunter2");
  });

  test("it connects to no socket of the other's", async () => {
    const tried = await report<Tried>("sockets");
    expect(tried.some(([path]) => path.endsWith("/gate"))).toBe(true);
    expect(tried.filter(([, result]) => result !== "EACCES")).toEqual([]);
  });

  test("its tree is read-only, its TMPDIR its own", async () => {
    const results = Object.fromEntries(await report<Tried>("tree"));
    expect(results).toMatchObject({
      write: "EACCES",
      make: "EACCES",
      chmod: "EPERM",
      remove: "EACCES",
      rename: "EACCES",
      "run folder": "EACCES",
    });
    expect(results).toMatchObject({ tmp: "done", stdout: "done" });
    const { stdout } = (await spy?.run("logs", "-p", "web")) ?? { stdout: "" };
    expect(stdout).toContain("by the name of the device");
  });

  test("it becomes nobody else", async () => {
    expect(await report("root")).toEqual([
      ["setuid", "EPERM"],
      ["shadow", "EACCES"],
      ["state of douze", "EACCES"],
    ]);
  });

  test("open files are bounded", async () => {
    const { count, code } = await report<{ count: number; code: string }>("descriptors");
    expect(code).toBe("EMFILE");
    expect(count).toBeLessThan(256);
  });

  test("a one-off, attached or not, runs as the app's user", async () => {
    const { uid } = await report<{ uid: number }>("identity");
    const attached = await spy?.run("run", "--", "sh", "-c", "id -u; echo $SECRET; echo mine >$TMPDIR/file && cat $TMPDIR/file");
    expect(attached?.stdout).toBe(`${uid}\nown-secret\nmine\n`);
    const { run = "" } = JSON.parse((await spy?.run("run", "--detach", "--json", "--", "id -u"))?.stdout ?? "{}") as { run?: string };
    await expect.poll(async () => (await spy?.run("logs", "-p", run))?.stdout, { timeout: 20_000 }).toMatch(new RegExp(` ${uid}$`, "m"));
  });

  const keepsLimits = async (): Promise<boolean> =>
    (await spy?.ask<Status>("status"))?.isolation.some((each) => each.startsWith("limits are kept")) === true;

  test("a fork bomb reaches its own bound, and nobody else's", async (context) => {
    if (!(await keepsLimits())) return context.skip("no cgroups here");
    const { started, refused } = await report<{ started: number; refused: number }>("bomb");
    expect(started).toBeLessThan(60);
    expect(refused).toBeGreaterThan(100);
    expect(await ask(served.port, "/")).toMatchObject({ release: "v1" });
  });

  test("CPU time is bounded", async (context) => {
    if (!(await keepsLimits())) return context.skip("no cgroups here");
    const { share } = await report<{ share: number }>("burn");
    expect(share).toBeLessThan(0.8);
  });

  test("what takes too much memory is killed alone, and comes again", async (context) => {
    if (!(await keepsLimits())) return context.skip("no cgroups here");
    const before = await report<{ pid: number }>("");
    const fate = await report("memory").then(
      () => "answered",
      () => "cut off",
    );
    expect(fate).toBe("cut off");
    await expect.poll(async () => (await report<{ pid: number }>("").catch(() => before)).pid, { timeout: 20_000 }).not.toBe(before.pid);
    expect(await ask(served.port, "/")).toMatchObject({ release: "v1" });
  });
});

test.skipIf(!isRoot)("an app that lies where others may not go runs as the engine, and that is said; or not at all", async () => {
  const app = await AppFolder.copyOf(join(import.meta.dirname, "fixtures/small"));
  {
    await using served = await Served.start(app);
    const { isolation } = await served.ask<Status>("status");
    expect(isolation[0]).toBe(
      `processes run as the engine's own user: other users may not enter ${dirname(app.folder)}, in which the app lies`,
    );
  }
  const required = await douze(["serve"], { in: app.folder, env: { DOUZE_ISOLATION: "require", PORT: String(await freePort()) } });
  expect(required).toMatchObject({ code: 1, stderr: expect.stringContaining("code: isolation-impossible") });
});
