// What the platform itself costs: a command's start, a release with nothing to build, the engine's memory with 1, 50 and 500 processes, and
// with 1 to 100 apps. Each beside the bare thing in the same run. `node --conditions=douze-source bench/platform/platform.ts [rounds]`;
// it runs the compiled program, as people do.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../packages/local/test/support/free-port.ts";
import { answers, spread, timed } from "./measure.ts";
import { command, envIn, program, resident, Serving } from "./serving.ts";

const rounds = Number(process.argv[2] ?? 7);
const runtime = await mkdtemp(join(tmpdir(), "douze-rt-"));
const folder = await mkdtemp(join(tmpdir(), "bench-platform-"));

const web = `const { createServer } = require("node:http");
createServer((request, response) => response.end(process.env.TEXT)).listen(process.env.PORT, "127.0.0.1");
process.on("SIGTERM", () => process.exit(0));
`;

const env = envIn(folder, runtime);

async function appFolder(name: string, processes: string): Promise<string> {
  const app = join(folder, name);
  await mkdir(app);
  await writeFile(join(app, "web.js"), web);
  await writeFile(
    join(app, "douze.yaml"),
    `app: ${name}\nbuild: { language: none }\nprocesses:\n${processes}config:\n  TEXT: { default: first }\n`,
  );
  return app;
}

async function node(...words: readonly string[]): Promise<void> {
  await once(spawn(process.execPath, words, { env, stdio: "ignore" }), "exit");
}

async function starts(app: string): Promise<void> {
  const ratios: Record<string, number[]> = { "--version": [], "ps, of an engine that runs": [], "deploy --help": [] };
  for (let round = 0; round < rounds; round++) {
    const bare = await timed(() => node("-e", "0"));
    ratios["--version"]?.push((await timed(() => node(program, "--version"))) / bare);
    ratios["ps, of an engine that runs"]?.push((await timed(() => command(app, env, "ps"))) / bare);
    ratios["deploy --help"]?.push((await timed(() => node(program, "deploy", "--help"))) / bare);
  }
  console.log("start of a command, times bare `node -e 0`");
  for (const [name, list] of Object.entries(ratios)) console.log(`  ${name.padEnd(30)} ${spread(list)}`);
}

/** From the command to the first answer of the new release, beside the bare program from its start to its first answer. */
async function releases(app: string, serving: Serving): Promise<void> {
  const ratios: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const port = await freePort();
    let bareChild: ChildProcess | undefined;
    const bare = await timed(async () => {
      bareChild = spawn(process.execPath, ["web.js"], {
        cwd: app,
        env: { ...env, PORT: String(port), TEXT: `bare ${round}` },
        stdio: "ignore",
      });
      await answers(port, `bare ${round}`);
    });
    bareChild?.kill();
    const own = await timed(() =>
      Promise.all([command(app, env, "config", "set", `TEXT=round-${round}`), answers(serving.port, `round-${round}`)]),
    );
    ratios.push(own / bare);
  }
  console.log(
    `release with nothing to build, from the command to the new release's answers, times the bare program's start: ${spread(ratios)}`,
  );
}

async function memoryOfProcesses(): Promise<void> {
  const app = await appFolder("sleepers", "  worker: { command: exec sleep 100000, settle: 10ms, scale: 1 }\n");
  await using serving = await Serving.start([app], env);
  await command(app, env, "deploy");
  console.log("memory of the engine (and with what holds its sockets), MiB");
  const supervisor = spawn(process.execPath, ["-e", "setInterval(() => {}, 1e6)"], { stdio: "ignore" });
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  console.log(`  ${"bare Node that does nothing".padEnd(30)} ${(await resident(supervisor.pid ?? 0)).toFixed(0)}`);
  supervisor.kill();
  for (const count of [1, 50, 500]) {
    await command(app, env, "scale", `worker=${count}`);
    for (let ready = 0; ready < count; ) {
      const child = spawn(process.execPath, [program, "ps", "--json"], { cwd: app, env, stdio: ["ignore", "pipe", "inherit"] });
      let text = "";
      for await (const part of child.stdout) text += String(part);
      ready = (JSON.parse(text) as { phase: string }[]).filter(({ phase }) => phase === "ready").length;
    }
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    const { engine, all } = await serving.memory();
    console.log(`  ${`${count} processes`.padEnd(30)} ${engine.toFixed(0)} (${all.toFixed(0)})`);
  }
}

async function costOfApps(): Promise<void> {
  console.log("memory of one engine by number of apps, each with one process, MiB");
  for (const count of [1, 10, 100]) {
    const apps = await Promise.all(
      Array.from({ length: count }, (_, index) =>
        appFolder(`app${count}x${index}`, "  worker: { command: exec sleep 100000, settle: 10ms }\n"),
      ),
    );
    await using serving = await Serving.start(apps, env);
    for (const app of apps) await command(app, env, "deploy");
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    const { engine } = await serving.memory();
    console.log(`  ${`${count} apps`.padEnd(30)} ${engine.toFixed(0)}, ${(engine / count).toFixed(1)} for each`);
  }
}

try {
  {
    const app = await appFolder("shop", "  web: { command: node web.js, grace: 2s }\n");
    await using serving = await Serving.start([app], env);
    await command(app, env, "deploy");
    await answers(serving.port, "first");
    await starts(app);
    await releases(app, serving);
  }
  await memoryOfProcesses();
  await costOfApps();
} finally {
  await rm(folder, { recursive: true, force: true });
  await rm(runtime, { recursive: true, force: true });
}
