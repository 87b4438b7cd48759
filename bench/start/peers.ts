// Fifty processes under Douze and under supervisors that people use: the time until all run, the resident memory of what supervises, and the
// time a killed process is missing. Beside Douze's driver alone and a bare Node supervisor see start.ts. Peers are looked for on the PATH and
// in $PEERS. `node --conditions=douze-source bench/start/peers.ts [rounds] [processes]`; it runs the compiled program, as people do.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "../../packages/local/test/support/free-port.ts";
import { spread } from "../platform/measure.ts";
import { command, envIn, program as ownProgram, Serving } from "../platform/serving.ts";

const run = promisify(execFile);
const rounds = Number(process.argv[2] ?? 3);
const count = Number(process.argv[3] ?? 50);
/** Before one is killed: so old it has proved itself to Douze, and is replaced at once. */
const ageMs = 12_000;
const folder = await mkdtemp(join(tmpdir(), "bench-start-"));
const env = { ...process.env, PATH: [process.env["PEERS"], process.env["PATH"]].filter(Boolean).join(":") };

interface Peer {
  readonly name: string;
  readonly program: string;
  /** Writes what it needs, and says how it is started. */
  prepare(here: string, line: string): Promise<readonly [string, ...string[]]>;
  /** Whether it starts a process again that was killed. */
  readonly restarts: boolean;
  /** It ends what it started when it is told to end. Otherwise all are killed. */
  readonly inOrder?: boolean;
}

const bare = `const { spawn } = require("node:child_process");
const fill = () => spawn("sh", ["-c", process.argv[1]], { detached: true, stdio: "ignore" }).on("exit", fill);
for (let index = 0; index < ${count}; index++) fill();`;

const procfile = async (here: string, line: string): Promise<string> => {
  const file = join(here, "Procfile");
  await writeFile(file, Array.from({ length: count }, (_, index) => `w${index}: ${line}\n`).join(""));
  return file;
};

/** What is timed is the start of `douze serve` with a release that is there: it was made before, and stopped. */
async function release(here: string, line: string): Promise<readonly [string, ...string[]]> {
  const processes = JSON.stringify({ w: { command: line, settle: "10ms", grace: "2s", scale: count } });
  await writeFile(join(here, "douze.yaml"), `app: w\nbuild: { language: none }\nprocesses: ${processes}\n`);
  const own = envIn(here, here);
  await using _ = await Serving.start([here], own);
  await command(here, own, "deploy");
  return [process.execPath, ownProgram, "serve", here];
}

const peers: readonly Peer[] = [
  { name: "bare Node", program: process.execPath, restarts: true, prepare: async (_here, line) => [process.execPath, "-e", bare, line] },
  { name: "Douze", program: process.execPath, restarts: true, inOrder: true, prepare: release },
  {
    name: "foreman",
    program: "foreman",
    restarts: false,
    prepare: async (here, line) => ["foreman", "start", "-f", await procfile(here, line)],
  },
  {
    name: "process-compose",
    program: "process-compose",
    restarts: true,
    prepare: async (here, line) => {
      const file = join(here, "c.yaml");
      // There `$$` means one `$`.
      const one = (index: number): string =>
        `  w${index}:\n    command: '${line.replace("$$", "$$$$$$$$")}'\n    availability: { restart: always, backoff_seconds: 0 }\n`;
      await writeFile(file, `version: "0.5"\nprocesses:\n${Array.from({ length: count }, (_, index) => one(index)).join("")}`);
      return ["process-compose", "up", "-f", file, "-t=false", "--no-server"];
    },
  },
  {
    name: "pm2",
    program: "pm2",
    restarts: true,
    prepare: async (here, line) => {
      const file = join(here, "eco.config.js");
      const app = { name: "w", script: "/bin/sh", args: ["-c", line], interpreter: "none", instances: count, exec_mode: "fork" };
      await writeFile(file, `module.exports = { apps: [${JSON.stringify(app)}] };\n`);
      return ["pm2", "start", "--no-daemon", file];
    },
  },
];

interface Figures {
  readonly startMs: number;
  readonly mebibytes: number;
  readonly missingMs: number | undefined;
}

async function measure(peer: Peer): Promise<Figures> {
  const here = await mkdtemp(join(folder, "run-"));
  const marks = join(here, "marks");
  await mkdir(marks);
  const line = `echo > ${marks}/$$; exec sleep 31557`;
  const [program, ...words] = await peer.prepare(here, line);
  await rm(marks, { recursive: true });
  await mkdir(marks);
  const began = performance.now();
  const child = spawn(program, words, {
    cwd: here,
    env: { ...env, HOME: here, XDG_RUNTIME_DIR: here, PORT: String(await freePort()), HOST: "127.0.0.1", PM2_HOME: join(here, "pm2") },
    stdio: "ignore",
    detached: true,
  });
  await until(() => readdirSync(marks).length >= count);
  const startMs = performance.now() - began;
  await new Promise((resolve) => setTimeout(resolve, ageMs));
  const mebibytes = descendants(child.pid ?? 0).reduce((sum, pid) => sum + residentOf(pid), 0);
  let missingMs: number | undefined;
  if (peer.restarts) {
    const killed = performance.now();
    process.kill(Number(readdirSync(marks)[0]), "SIGKILL");
    await until(() => readdirSync(marks).length > count);
    missingMs = performance.now() - killed;
  }
  await endAll(peer, child, readdirSync(marks).map(Number));
  await rm(here, { recursive: true, force: true });
  return { startMs, mebibytes, missingMs };
}

async function endAll({ inOrder }: Peer, child: ChildProcess, supervised: readonly number[]): Promise<void> {
  if (inOrder) {
    child.kill();
    await once(child, "exit");
  } else for (const pid of [...descendants(child.pid ?? 0), ...supervised]) end(pid);
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 1));
}

/** A process and what it has started, but for what is supervised. */
function descendants(pid: number): readonly number[] {
  const parents = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => [Number(name), stat(Number(name))] as const);
  const found = [pid];
  for (const each of found) for (const [own, text] of parents) if (text?.parent === each && text.name !== "sleep") found.push(own);
  return found;
}

function stat(pid: number): { readonly name: string; readonly parent: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    const close = text.lastIndexOf(")");
    return { name: text.slice(text.indexOf("(") + 1, close), parent: Number(text.slice(close + 2).split(" ")[1]) };
  } catch {
    return undefined;
  }
}

function residentOf(pid: number): number {
  try {
    return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

function end(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

async function installed({ program }: Peer): Promise<boolean> {
  return await run("/bin/sh", ["-c", `command -v "${program}"`], { env }).then(
    () => true,
    () => false,
  );
}

try {
  const figures = new Map<string, Figures[]>();
  for (let round = 0; round < rounds; round++)
    for (const peer of peers)
      if (await installed(peer)) figures.set(peer.name, [...(figures.get(peer.name) ?? []), await measure(peer)]);
      else if (round === 0) console.log(`${peer.name} is not installed: its row is missing`);
  console.log(`${count} processes, ${rounds} rounds: times bare Node; resident memory of what supervises, MiB`);
  console.log("| | started | memory | killed until replaced |\n|---|---|---|---|");
  const limits = figures.get("bare Node") ?? [];
  const ratios = (list: readonly Figures[], of: "startMs" | "missingMs"): string =>
    spread(list.map((each, round) => (each[of] ?? Number.NaN) / (limits[round]?.[of] ?? Number.NaN)));
  for (const [name, list] of figures) {
    const missing = list.some(({ missingMs }) => missingMs === undefined) ? "ends all" : ratios(list, "missingMs");
    const memory = spread(
      list.map(({ mebibytes }) => mebibytes),
      0,
    );
    console.log(`| ${name} | ${ratios(list, "startMs")} | ${memory} | ${missing} |`);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
