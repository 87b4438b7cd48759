// What the kit costs an app: its start and memory beside the same app by hand, a request beside bare Hono, a job beside the bare queue.
// Everything in a process of its own, in interleaved rounds of one run. `node --conditions=douze-source bench/kit/kit.ts [rounds]`; needs wrk,
// and PostgreSQL's programs as the tests do. It runs the compiled kit, as apps do.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { Backing } from "../../packages/app/test/support/servers.ts";

const run = promisify(execFile);
const rounds = Number(process.argv[2] ?? 7);
const seconds = 2;
const apps = join(import.meta.dirname, "apps");

interface Started {
  readonly child: ChildProcess;
  readonly port: number;
  readonly startMs: number;
}

/** From the start to the first answer. */
async function start(program: string, env: Readonly<Record<string, string>> = {}): Promise<Started> {
  const begun = performance.now();
  const child = spawn(process.execPath, [join(apps, program)], {
    env: { PATH: process.env["PATH"], PORT: "0", ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const { promise, resolve } = Promise.withResolvers<number>();
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => {
    said += part;
    const port = /"port":(\d+)/.exec(said)?.[1];
    if (port !== undefined) resolve(Number(port));
  });
  const port = await promise;
  await (await fetch(`http://127.0.0.1:${port}/`)).text();
  return { child, port, startMs: performance.now() - begun };
}

async function end({ child }: Started): Promise<void> {
  child.kill("SIGKILL");
  await once(child, "exit");
}

const residentMiB = ({ child }: Started): number =>
  Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1]) / 1024;

const middle = (list: readonly number[]): number => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? Number.NaN;
const spread = (list: readonly number[]): string =>
  `${middle(list).toFixed(2)} (${Math.min(...list).toFixed(2)} to ${Math.max(...list).toFixed(2)})`;

/** Runs each contestant once in a round, and gives the ratios of all to the first. */
async function ratios(names: readonly string[], measure: (name: string) => Promise<number>): Promise<Map<string, number[]>> {
  const all = new Map(names.map((name) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round++) for (const name of names) all.get(name)?.push(await measure(name));
  const limit = all.get(names[0] ?? "") ?? [];
  return new Map([...all].map(([name, list]) => [name, list.map((each, index) => each / (limit[index] ?? 1))]));
}

function print(title: string, found: ReadonlyMap<string, readonly number[]>): void {
  console.log(title);
  for (const [name, list] of found) console.log(`  ${name.padEnd(24)} ${spread(list)}`);
}

async function starts(): Promise<void> {
  const memory = new Map<string, number[]>();
  const found = await ratios(["hand.js", "kit.js"], async (name) => {
    const started = await start(name);
    memory.set(name, [...(memory.get(name) ?? []), residentMiB(started)]);
    await end(started);
    return started.startMs;
  });
  print("start to the first answer, as a ratio to the same app by hand (Hono, a drain on SIGTERM, JSON lines)", found);
  for (const [name, list] of memory) console.log(`  ${name.padEnd(24)} ${middle(list).toFixed(0)} MiB`);
}

async function requests(): Promise<void> {
  const started = new Map<string, Started>();
  for (const name of ["hono.js", "kit.js", "kit-contract.js"]) started.set(name, await start(name));
  const found = await ratios([...started.keys()], async (name) => {
    const { stdout } = await run("wrk", ["-t1", "-c64", `-d${seconds}s`, `http://127.0.0.1:${started.get(name)?.port}/`]);
    return Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1] ?? 0);
  });
  for (const each of started.values()) await end(each);
  print("requests per second, as a ratio to bare Hono of the same round", found);
}

async function jobs(): Promise<void> {
  await using server = await Backing.start("postgres");
  const found = await ratios(["queue.js", "work.js"], async (name) => {
    const { stdout } = await run(process.execPath, [join(apps, name)], { env: { PATH: process.env["PATH"], DATABASE_URL: server.url } });
    return Number(/"rate":([\d.]+)/.exec(stdout)?.[1]);
  });
  print("jobs per second, as a ratio to graphile-worker alone of the same round", found);
}

await starts();
await requests();
await jobs();
