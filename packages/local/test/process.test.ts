import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { LocalBench } from "./support/local-bench.ts";
import { lastEnd, pidsWith, ready, runEnded, runs, scale, until, up } from "./support/watch.ts";

const serve = { command: "node serve.mjs", routed: true };

test("the environment is the release's and the process's own, and nothing of the engine's", async ({ signal }) => {
  await using bench = await LocalBench.open();
  process.env["OF_THE_ENGINE"] = "not yours";
  const { processes } = await up(bench, { processes: { web: serve }, env: { KEY: "with\nnewline and 'quotes'" } }, { web: 1 }, signal);
  const env = JSON.parse((await bench.visit("/env", signal)).body) as Record<string, string>;
  delete process.env["OF_THE_ENGINE"];
  const own = join(bench.folder, "environment");
  expect(env).toMatchObject({
    KEY: "with\nnewline and 'quotes'",
    PORT: String(processes[0]?.port),
    HOST: "127.0.0.1",
    DOUZE_PROCESS: "web.1",
    DYNO: "web.1",
    DOUZE_RELEASE: "v1",
    DOUZE_LIVE_DIR: join(own, "live/v1"),
  });
  // What is not listed is what a shell sets for itself.
  const others = Object.keys(env).filter((key) => !/^(KEY|PORT|HOST|DOUZE_\w+|DYNO|TMPDIR|HOME|LANG|PATH)$/.test(key));
  expect(others.filter((key) => !["PWD", "OLDPWD", "SHLVL", "_"].includes(key))).toEqual([]);
  expect(env["TMPDIR"]?.startsWith(join(own, "run/web.1@v1-"))).toBe(true);
  expect(readdirSync(env["TMPDIR"] ?? "")).toEqual([]);
});

test("a secret is in no argument and in no file", async ({ signal }) => {
  await using bench = await LocalBench.open();
  const secret = "s3cr3t-of-the-app";
  const command = 'echo "it is $TOKEN" && node serve.mjs';
  await up(bench, { processes: { web: { ...serve, command } }, secrets: { TOKEN: secret } }, { web: 1 }, signal);
  await until(bench.driver, signal, async () => (await bench.lines("web.1", signal)).includes("it is ••••"));
  expect(pidsWith(secret)).toEqual([]);
  const files = readdirSync(bench.folder, { recursive: true, encoding: "utf8" }).map((name) => join(bench.folder, name));
  const holding = files.filter((file) => statSync(file).isFile() && readFileSync(file, "latin1").includes(secret));
  // The spool is the app's own output as it came; it goes with the process.
  expect(holding.map((file) => file.replace(/^.*\/run\/[^/]*\//, ""))).toEqual(["spool/stdout"]);
  for (const file of holding) expect(statSync(file).mode & 0o777).toBe(0o600);
});

test.each([
  ["exit 3", { by: "exit", code: 3 }],
  ["exit 200", { by: "exit", code: 200 }],
  ["kill -SEGV $$", { by: "signal", signal: "SIGSEGV" }],
  ["kill -KILL $$", { by: "signal", signal: "SIGKILL" }],
])("%s is told as what it is", async (command, outcome) => {
  const signal = AbortSignal.timeout(10_000);
  await using bench = await LocalBench.open();
  const release = bench.declare(1, { processes: { worker: { command } } });
  await scale(bench, release, { worker: 1 }, signal);
  expect((await lastEnd(bench, release, "worker.1", signal)).outcome).toEqual(outcome);
});

test("no grandchild outlives the process, whatever it ignores", async ({ signal }) => {
  await using bench = await LocalBench.open();
  const release = bench.declare(1, { processes: { worker: { command: "./grandchild.sh" } } });
  await scale(bench, release, { worker: 1 }, signal);
  expect((await lastEnd(bench, release, "worker.1", signal)).outcome).toEqual({ by: "exit", code: 5 });
  const left = await until(bench.driver, signal, async () => /left (\d+)/.exec((await bench.lines("worker.1", signal)).join())?.[1]);
  await until(bench.driver, signal, () => !runs(Number(left)));
});

test("a process whose shim is killed goes on, and its end is not made up", async ({ signal }) => {
  await using bench = await LocalBench.open();
  const { release, processes } = await up(bench, { processes: { web: serve } }, { web: 1 }, signal);
  const [shim = 0] = pidsWith(join(bench.folder, "environment/run/web.1"));
  process.kill(shim, "SIGKILL");
  await until(bench.driver, signal, () => !runs(shim));
  expect((await bench.visit("/", signal)).status).toBe(200);
  process.kill(processes[0]?.pid ?? 0, "SIGKILL");
  expect((await lastEnd(bench, release, "web.1", signal)).outcome).toEqual({ by: "unknown" });
  await ready(bench.driver, release, 1, signal);
});

test("a stopped process is told to end all the same", async ({ signal }) => {
  await using bench = await LocalBench.open();
  const { release, processes } = await up(bench, { processes: { web: serve } }, { web: 1 }, signal);
  process.kill(processes[0]?.pid ?? 0, "SIGSTOP");
  await scale(bench, release, { web: 0 }, signal);
  await ready(bench.driver, release, 0, signal);
  expect(await bench.lines("web.1", signal)).toContain("ending");
});

test("one that is told to end while it is being started does not escape", async ({ signal }) => {
  await using bench = await LocalBench.open();
  const release = bench.release(1, { worker: { fixture: "idle", settleMs: 60_000 } });
  for (let turn = 0; turn < 10; turn++) {
    await scale(bench, release, { worker: 3 }, signal);
    await until(bench.driver, signal, (observed) => observed.releases.some(({ processes }) => processes.length > 0));
    await scale(bench, release, { worker: 0 }, signal);
    await ready(bench.driver, release, 0, signal);
    expect(pidsWith(join(bench.folder, "environment/run"))).toEqual([]);
  }
  expect(await bench.driver.crashes()).toEqual([]);
});

test("an app from Heroku has its profile scripts, bash, and its home", async ({ signal }) => {
  await using bench = await LocalBench.open();
  const tree = join(import.meta.dirname, "fixtures/heroku");
  const command = '[[ $GREETING == h* ]] && echo "$GREETING $FROM_PROFILE_D $HOME"';
  const release = bench.declare(1, { processes: {}, source: "Procfile", tree });
  await bench.driver.apply({ do: "run-once", release, run: "run.1" as never, command, timeoutMs: 10_000 }, signal);
  expect((await runEnded(bench.driver, "run.1" as never, signal)).outcome).toEqual({ by: "exit", code: 0 });
  await until(bench.driver, signal, async () => (await bench.lines("run.1", signal)).length > 0);
  expect(await bench.lines("run.1", signal)).toEqual([`hola yes ${tree}`]);
});

test("what cannot be started is refused before anything has changed", async ({ signal }) => {
  await using bench = await LocalBench.open();
  const processes = { web: { command: "no-such-program --port 1" }, worker: { command: "./serve.mjs" } };
  const release = bench.declare(1, { processes });
  await expect(scale(bench, release, { web: 1 }, signal)).rejects.toMatchObject({
    code: "command-not-found",
    why: "there is no program `no-such-program`",
  });
  await expect(scale(bench, release, { worker: 1 }, signal)).rejects.toMatchObject({
    code: "command-not-found",
    why: "`./serve.mjs` may not be executed",
  });
  await expect(scale(bench, release, { mailer: 1 }, signal)).rejects.toMatchObject({ code: "process-unknown" });
  const broken = bench.declare(2, { processes: {}, env: { KEY: "a\0b" } });
  const run = { do: "run-once", release: broken, run: "run.1" as never, command: "true", timeoutMs: 1_000 } as const;
  await expect(bench.driver.apply(run, signal)).rejects.toMatchObject({ code: "environment-unusable" });
  await expect(bench.driver.apply({ ...run, run: "../escape" as never }, signal)).rejects.toMatchObject({ code: "name-invalid" });
  await expect(bench.driver.oneOff(release, "../escape")).rejects.toMatchObject({ code: "name-invalid" });
  const observed = await until(bench.driver, signal, (each) => each);
  expect(observed.releases).toEqual([]);
  expect(observed.runs).toEqual([]);
});

test("what the system refuses is told as an end", async ({ signal }) => {
  await using bench = await LocalBench.open();
  const release = bench.declare(1, { processes: { worker: { command: "./idle.sh" } }, env: { LONG: "x".repeat(2 ** 18) } });
  await scale(bench, release, { worker: 1 }, signal);
  expect((await lastEnd(bench, release, "worker.1", signal)).outcome).toEqual({ by: "exit", code: 126 });
  const [crash] = await until(bench.driver, signal, async () => {
    const crashes = await bench.driver.crashes();
    return crashes.length > 0 && crashes;
  });
  expect(crash?.ending).toMatch(/could not be started: .*E2BIG/);
});
