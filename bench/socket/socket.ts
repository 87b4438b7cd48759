// Requests per second of an app under `douze serve`, on the public socket itself and behind the router, beside the bare app (the limit), in
// interleaved rounds of one run. `node --conditions=douze-source bench/socket/socket.ts [rounds]`; needs wrk.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { ProcessView } from "@douze/engine";
import { Served } from "../../packages/cli/test/support/serve.ts";
import { AppFolder } from "../../packages/cli/test/support/up.ts";
import { freePort } from "../../packages/local/test/support/free-port.ts";

const run = promisify(execFile);
const rounds = Number(process.argv[2] ?? 5);
const seconds = 2;

const source = `const body = Buffer.from("hola, mundo\\n");
require("node:http").createServer({ keepAliveTimeout: 95_000 }, (_request, response) =>
  response.writeHead(200, { "content-type": "text/plain" }).end(body)).listen(Number(process.env.PORT), "127.0.0.1");
process.on("SIGTERM", () => process.exit(0));
`;

async function appFolder(socket: string): Promise<AppFolder> {
  const folder = await mkdtemp(join(tmpdir(), "douze-bench-"));
  await writeFile(join(folder, "web.js"), source);
  const manifest = `app: bench\nbuild: { language: none }\nprocesses:\n  web: { command: node web.js, socket: ${socket} }\n`;
  await writeFile(join(folder, "douze.yaml"), manifest);
  return await AppFolder.copyOf(folder);
}

/** Under the platform, once its requests take the way that is meant. */
async function served(socket: "auto" | "route", via: "socket" | "router"): Promise<Served> {
  const platform = await Served.start(await appFolder(socket));
  await platform.ask("deploy");
  for (;;) {
    const [process] = await platform.ask<ProcessView[]>("ps");
    if (process?.requests?.via === via && (await fetch(platform.address).catch(() => undefined))) return platform;
  }
}

/** By the same Node: which one an app gets is its own affair. */
async function bare(node: string): Promise<{ readonly port: number } & AsyncDisposable> {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), "douze-bench-"));
  await writeFile(join(folder, "web.js"), source);
  const child = spawn(node, ["web.js"], { cwd: folder, env: { PORT: String(port) }, stdio: "inherit" });
  while (!(await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined)));
  return {
    port,
    async [Symbol.asyncDispose]() {
      child.kill();
      await once(child, "exit");
    },
  };
}

async function load(port: number, fresh: boolean): Promise<number> {
  const header = fresh ? ["-H", "Connection: close"] : [];
  const { stdout } = await run("wrk", ["-t1", "-c64", `-d${seconds}s`, ...header, `http://127.0.0.1:${port}/`]);
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1] ?? 0);
}

function row(name: string, list: readonly number[], limit: readonly number[]): string {
  const ratios = list.map((each, index) => each / (limit[index] ?? 1)).toSorted((a, b) => a - b);
  const [low, middle, high] = [ratios[0], ratios[Math.floor(ratios.length / 2)], ratios.at(-1)].map((ratio) => (ratio ?? 0).toFixed(2));
  return `${name.padEnd(24)} ${middle} (${low} to ${high})`;
}

await using direct = await served("auto", "socket");
const [first] = await direct.processes();
await using limit = await bare(await readlink(`/proc/${first?.pid}/exe`));
await using routed = await served("route", "router");
const contestants = new Map([
  ["bare app", limit.port],
  ["douze, public socket", direct.port],
  ["douze, behind the router", routed.port],
]);
for (const fresh of [false, true]) {
  const results = new Map([...contestants.keys()].map((name) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, port] of contestants) results.get(name)?.push(await load(port, fresh));
  }
  const connections = fresh ? "a new connection for each request" : "64 kept connections";
  console.log(
    `small answers, ${connections}, ${rounds} rounds of ${seconds} s; requests per second as a ratio to the bare app of the same round`,
  );
  for (const [name, list] of results) console.log(row(name, list, results.get("bare app") ?? []));
}
