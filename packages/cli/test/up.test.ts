import { once } from "node:events";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, request } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { ConfigView } from "@douze/engine";
import { describe, expect, test } from "vitest";
import { douze } from "./support/douze.ts";
import { AppFolder, isAlive, type Up } from "./support/up.ts";

const small = join(import.meta.dirname, "fixtures/small");
const examples = join(import.meta.dirname, "../../../examples");

describe("the main job", () => {
  test("runs hola as the README tells it: database, live key, release, rollback, admin process, stop", async () => {
    const app = await AppFolder.copyOf(join(examples, "hola"));
    await using up = await app.up();
    type Hola = { greeting: string; accent: string; release: string; visits: number; done: number };
    const page = await (await fetch(up.address)).text();
    expect(page).toContain("¡Hola, mundo!");
    expect((await up.processes()).map(({ name, phase }) => `${name} ${phase}`)).toEqual([
      "clock.1 ready",
      "web.1 ready",
      "web.2 ready",
      "worker.1 ready",
    ]);

    expect((await app.run("config", "set", "GREETING=Bonjour")).code).toBe(0);
    expect((await up.state<Hola>("/state")).greeting).toBe("Bonjour");

    expect(await app.ask("config", "set", "ACCENT=#b91c1c")).toMatchObject({ release: { version: 2, status: "current" } });
    expect(await up.state<Hola>("/state")).toMatchObject({ accent: "#b91c1c", greeting: "Bonjour", release: "v2" });

    await (await fetch(`${up.address}/jobs`, { method: "POST" })).text();
    await up.until(
      () => up.state<Hola>("/state"),
      ({ done }) => done === 1,
    );

    const { code, stdout } = await app.run("rollback", "--yes");
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('ACCENT: "#b91c1c" → "#0f766e"') });
    expect(await up.state<Hola>("/state")).toMatchObject({ accent: "#0f766e", greeting: "Bonjour", release: "v3", visits: 2 });

    const typed = await douze(["console"], { in: app.folder, input: "config.GREETING + (await jobs.waiting())\n.exit\n" });
    expect(typed).toMatchObject({ code: 0, stdout: expect.stringContaining("'Bonjour0'") });

    expect(await app.run("run", "--", "node", "app.ts", "tidy")).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("old ticks removed"),
    });
    expect((await app.run("run", "--", "sh", "-c", "exit 7")).code).toBe(7);

    const backup = await app.ask<{ file: string }>("resources", "backup", "db");
    await (await fetch(up.address)).text();
    expect((await app.run("resources", "restore", "db", backup.file, "--yes")).code).toBe(0);
    const restored = await up.until(
      () => up.state<Hola>("/state").catch(() => undefined),
      (state) => state !== undefined,
    );
    expect(restored?.visits).toBe(2);

    const pids = (await up.processes()).map(({ pid }) => pid ?? 0);
    const ended = await up.stop();
    expect(ended.code).toBe(0);
    expect(pids.filter(isAlive)).toEqual([]);
  }, 120_000);

  test("a release under constant load fails no request", async () => {
    const app = await AppFolder.copyOf(small);
    await using up = await app.up();
    let running = true;
    const failures: unknown[] = [];
    const seen = new Set<string>();
    const client = async (headers: Record<string, string>): Promise<void> => {
      while (running) {
        try {
          const response = await fetch(up.address, { headers });
          const { release } = (await response.json()) as { release: string };
          seen.add(release);
          if (!response.ok) failures.push(response.status);
        } catch (error) {
          failures.push(error);
        }
      }
    };
    const clients = [client({}), client({}), client({ connection: "close" })];
    for (const text of ["second", "third"]) expect((await app.run("config", "set", `TEXT=${text}`)).code).toBe(0);
    expect((await app.run("rollback", "--yes")).code).toBe(0);
    expect((await app.run("restart", "web")).code).toBe(0);
    await up.until(
      () => up.state(),
      ({ release }) => release === "v4",
    );
    running = false;
    await Promise.all(clients);
    expect(failures).toEqual([]);
    expect([...seen].toSorted()).toEqual(["v1", "v2", "v3", "v4"]);
  });
});

describe("a release that does not hold is given up, and the old one never stops serving", () => {
  test.each<[string, string, RegExp]>([
    ["exits at once", "TEXT=exit", /web\.1: it exited with status 3\n.*web\.1 \| last words/],
    ["does not become ready", "TEXT=unready", /web\.1: it was not ready in time/],
    ["fails in its task", "TASK=fail", /release\.2: it exited with status 9\n.*task of v2/],
  ])("%s", async (_name, assignment, why) => {
    const app = await AppFolder.copyOf(small);
    await using up = await app.up();
    const before = await up.state();
    const { code, stderr } = await app.run("config", "set", assignment);
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining("v1 keeps serving") });
    expect(stderr).toMatch(why);
    expect(await up.state()).toEqual(before);
    expect((await up.releases()).map(({ version, status }) => `v${version} ${status}`)).toEqual(["v2 failed", "v1 current"]);
    // What failed is not in the way of the next one.
    expect((await app.run("config", "set", "NOTE=loud")).code).toBe(0);
    expect((await up.state()).note).toBe("loud");
    expect((await up.processes()).filter(({ release }) => release === 2)).toEqual([]);
  });

  test("and when it was the first, the exit code says so", async () => {
    const app = await AppFolder.copyOf(small);
    await writeFile(join(app.folder, ".env"), "TEXT=exit\n");
    await expect(app.up()).rejects.toThrow("nothing was serving before");
    expect((await app.run("why", "web.1")).stdout).toContain("last words");
  });
});

describe("an engine that is killed", () => {
  test("leaves its processes running, and the next one takes them over", async () => {
    const app = await AppFolder.copyOf(small);
    const first = await app.up();
    const before = (await first.processes()).map(({ name, pid }) => [name, pid]);
    await first.stop("SIGKILL");
    expect(before.every(([, pid]) => isAlive(Number(pid)))).toBe(true);
    await using second = await app.up();
    expect((await second.processes()).map(({ name, pid }) => [name, pid])).toEqual(before);
    expect((await second.state()).release).toBe("v1");
  });

  test("in the middle of a release, goes on with it", async () => {
    const app = await AppFolder.copyOf(small);
    const first = await app.up();
    const change = app.run("config", "set", "TEXT=second");
    await first.until(
      () => readdir(join(app.folder, ".douze/environments/development/ledger")),
      (names) => names.includes("v2.json"),
    );
    await first.stop("SIGKILL");
    expect((await change).code).toBe(1);
    await using second = await app.up();
    const state = await second.until(
      () => second.state(),
      ({ release }) => release === "v2",
    );
    expect(state.text).toBe("second");
    const task = (await app.run("logs", "-p", "release.2")).stdout.match(/task of v2/g);
    expect(task).toHaveLength(1);
  });
});

describe("what bad input gets, with the state left as it was", () => {
  test("a second engine on the same state", async () => {
    const app = await AppFolder.copyOf(small);
    await using up = await app.up();
    const second = await app.run("up", "--port", "0");
    expect(second).toMatchObject({ code: 1, stderr: expect.stringContaining(`pid ${up.running.child.pid}`) });
    expect(second.stderr).toContain("code: engine-running");
    expect((await up.state()).release).toBe("v1");
  });

  test("a port that is taken", async () => {
    const app = await AppFolder.copyOf(small);
    const server = createServer().listen(0, "127.0.0.1");
    const { port } = await new Promise<AddressInfo>((resolve) => server.once("listening", () => resolve(server.address() as AddressInfo)));
    const { code, stderr } = await app.run("up", "--port", String(port));
    server.close();
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining(`pid ${process.pid} listens there already`) });
  });

  test("an unreadable ledger entry", async () => {
    const app = await AppFolder.copyOf(small);
    await (await app.up()).stop();
    const entry = join(app.folder, ".douze/environments/development/ledger/v1.json");
    const text = await readFile(entry, "utf8");
    await writeFile(entry, text.slice(0, 100));
    const { code, stderr } = await app.run("releases");
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining("v1.json") });
    expect(stderr).toContain("code: ledger-unreadable");
    await writeFile(entry, text);
    expect((await app.run("releases")).code).toBe(0);
  });

  test("missing config, a resource nobody answers for, a manifest with flaws", async () => {
    const app = await AppFolder.copyOf(small);
    await using up = await app.up();
    const manifest = join(app.folder, "douze.yaml");
    const text = await readFile(manifest, "utf8");
    await writeFile(manifest, `${text}  NEEDED: { type: integer }\n`);
    expect(await app.run("deploy")).toMatchObject({ code: 1, stderr: expect.stringContaining("code: config-missing") });
    await writeFile(manifest, text.replace("boot: 3s", "boots: 3s"));
    const flawed = await app.run("deploy");
    expect(flawed.stderr).toContain("`processes.web.boots` is unknown: did you mean `boot`?");
    expect(flawed.stderr).toMatch(/douze\.yaml:\d+:\d+/);
    await writeFile(manifest, text);
    const url = "redis://:hidden-password@127.0.0.1:1";
    const unreachable = await app.run("attach", "cache", url);
    expect(unreachable).toMatchObject({ code: 1, stderr: expect.stringContaining("code: resource-unreachable") });
    expect(unreachable.stderr + unreachable.stdout).not.toContain("hidden-password");
    expect((await up.releases()).map(({ version }) => version)).toEqual([1]);
  }, 90_000);

  test("a process that ignores SIGTERM is killed at its grace, and said to have been", async () => {
    const app = await AppFolder.copyOf(small);
    await writeFile(join(app.folder, ".env"), "STUBBORN=yes\n");
    const up = await app.up();
    const ended = await up.stop();
    expect(ended.code).toBe(0);
    expect((await app.run("why", "worker.1")).stdout).toMatch(/SIGTERM/);
  });

  test("malformed HTTP at the public port", async () => {
    const app = await AppFolder.copyOf(small);
    await using up = await app.up();
    const { port } = new URL(up.address);
    const answer = await new Promise<string>((resolve) => {
      let heard = "";
      const socket = connect(Number(port), "127.0.0.1", () =>
        socket.write("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"),
      );
      socket.setEncoding("utf8").on("data", (part: string) => {
        heard += part;
      });
      socket.on("close", () => resolve(heard));
    });
    expect(answer).toContain("400 Bad Request");
    expect((await up.state()).release).toBe("v1");
  });
});

test("a secret reaches its processes, and nothing else", async () => {
  const app = await AppFolder.copyOf(small);
  const canary = "canary-93f1c7d2-secret";
  await using up = await app.up();
  expect((await app.run("config", "set", `TOKEN=${canary}`)).code).toBe(0);
  const said = await Promise.all([
    app.run("config"),
    app.run("config", "why", "TOKEN"),
    app.run("releases", "show", "v2", "--json"),
    app.run("diff", "v1", "v2"),
    app.run("logs", "--json"),
    app.run("ps", "--json"),
  ]);
  for (const { stdout, stderr } of said) expect(stdout + stderr).not.toContain(canary);
  expect(said[4].stdout).toContain("the token is");
  expect((await app.run("run", "--", "printenv", "TOKEN")).stdout.trim()).toBe(canary);
  const stored = await readdir(join(app.folder, ".douze/environments"), { recursive: true });
  // What a process itself wrote lies in its spool as it wrote it, for its owner's eyes, until it was copied to the log.
  for (const name of stored.filter((each) => !each.includes("/spool"))) {
    const content = await readFile(join(app.folder, ".douze/environments", name)).catch(() => Buffer.alloc(0));
    expect([name, content.includes(canary)]).toEqual([name, false]);
  }
  const list = await app.ask<ConfigView[]>("config");
  expect(list.find(({ key }) => key === "TOKEN")).not.toHaveProperty("value");
  expect((await (up as Up).state()).release).toBe("v2");
});

test("an app with a Procfile, two shell scripts and nothing else runs", async () => {
  const app = await AppFolder.copyOf(join(examples, "plain"));
  await using up = await app.up();
  expect(await (await fetch(up.address)).text()).toBe("no framework, no manifest (web.1)\n");
  expect((await up.processes()).map(({ name }) => name)).toEqual(["beat.1", "web.1"]);
});

test("promote takes staging's build to production without building, with production's config", async () => {
  const app = await AppFolder.copyOf(small);
  for (const args of [
    ["init", "-q"],
    ["add", "."],
    ["-c", "user.name=Ana", "-c", "user.email=ana@example.org", "commit", "-qm", "first"],
  ]) {
    process.getBuiltinModule("node:child_process").execFileSync("git", args, { cwd: app.folder });
  }
  await using staging = await app.up("--env", "staging");
  await using production = await app.up("--env", "production");
  expect((await app.run("config", "set", "TEXT=live", "--env", "production")).code).toBe(0);
  const promoted = await app.run("promote", "staging", "production", "--json");
  expect(promoted.code).toBe(0);
  const release = JSON.parse(promoted.stdout) as { build: string; description: string; source: { dirty: boolean } };
  const [first] = await app.ask<{ build: string }[]>("releases", "--env", "staging");
  expect(release).toMatchObject({ build: first?.build, description: "promote staging v1", source: { dirty: false } });
  expect(promoted.stderr).not.toContain("Build");
  expect(await production.state()).toMatchObject({ text: "live", release: "v3" });
  expect((await staging.state()).text).toBe("first");
});

test("several apps share one port, each by its host name", async () => {
  const one = await AppFolder.copyOf(small);
  const two = await AppFolder.copyOf(join(examples, "plain"));
  await writeFile(join(two.folder, "app.json"), JSON.stringify({ name: "plain", env: { MESSAGE: "the other app" } }));
  await using up = await one.up(one.folder, join(two.folder, "."));
  const { port } = new URL(up.address);
  const other = (await two.status()).addresses[0] ?? "";
  const answer = async (host: string): Promise<string> => {
    const sent = request({ host: "127.0.0.1", port, headers: { host } }).end();
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    return `${response.statusCode} ${await text(response)}`;
  };
  expect(await answer(`small.localhost:${port}`)).toContain('"release":"v1"');
  const served = await up.until(
    () => answer(new URL(other).host),
    (said) => said.startsWith("200 "),
  );
  expect(served).toBe("200 the other app (web.1)\n");
  expect(await answer("nobody.localhost")).toContain("404 ");
});

test("Ctrl-C in the middle of a build ends it, and leaves nothing behind", async () => {
  const app = await AppFolder.copyOf(small);
  const manifest = join(app.folder, "douze.yaml");
  const marker = join(app.folder, "..", "building");
  await writeFile(
    manifest,
    (await readFile(manifest, "utf8")).replace("language: none }", `language: none, command: "touch ${marker} && sleep 600" }`),
  );
  await using running = app.start("up", "--port", "0", "--no-watch");
  await running.said("sleep 600");
  running.child.kill("SIGINT");
  expect((await running.ended).code).toBe(0);
  expect((await readdir(join(app.folder, ".douze/builds"))).filter((name) => name.startsWith(".making"))).toEqual([]);
});
