// A release with nothing to build, from the command to the new release's first answer, and the start of a command: Douze beside supervisors
// that people use, each in its turn. Peers are looked for on the PATH and in $PEERS.
// `node --conditions=douze-source bench/platform/peers.ts [rounds]`; it runs the compiled program, as people do.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { access, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "../../packages/local/test/support/free-port.ts";
import { answers, spread, timed } from "./measure.ts";
import { envIn, program, Serving } from "./serving.ts";

const run = promisify(execFile);
const rounds = Number(process.argv[2] ?? 7);
const folder = await mkdtemp(join(tmpdir(), "bench-peers-"));
const env = { ...envIn(folder, folder), PATH: [process.env["PEERS"], process.env["PATH"]].filter(Boolean).join(":") };

const web = `const { createServer } = require("node:http");
const server = createServer((request, response) => response.end(process.env.TEXT));
server.listen(process.env.PORT, "127.0.0.1", () => process.send?.("ready"));
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => process.exit(0));
`;

/** A supervisor that runs the app. */
interface Running {
  readonly port: number;
  /** The app with another text from now on; returns as soon as its commands do. */
  release(text: string): Promise<unknown>;
  /** The command that lists what runs. */
  readonly list: readonly [string, ...string[]];
  end(): Promise<unknown>;
}

interface Peer {
  readonly name: string;
  readonly program: string;
  /** The command that tells its version and does nothing else. */
  readonly version: readonly [string, ...string[]];
  /** Absent where nothing can be asked of it while it runs. */
  readonly start?: (here: string) => Promise<Running>;
}

async function runs(cwd: string, own: NodeJS.ProcessEnv, ...words: readonly [string, ...string[]]): Promise<unknown> {
  const [file, ...rest] = words;
  return await run(file, rest, { cwd, env: own, timeout: 30_000 });
}

function begin(cwd: string, own: NodeJS.ProcessEnv, ...words: readonly [string, ...string[]]): ChildProcess {
  const [file, ...rest] = words;
  return spawn(file, rest, { cwd, env: own, stdio: "ignore" });
}

/** Its command to end, and its end; after ten seconds it is killed. */
async function ended(child: ChildProcess, act: () => Promise<unknown>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const patience = setTimeout(() => child.kill("SIGKILL"), 10_000);
  await Promise.all([once(child, "exit"), act()]);
  clearTimeout(patience);
}

async function douze(here: string): Promise<Running> {
  const declared = "processes:\n  web: { command: node web.js, grace: 2s }\nconfig:\n  TEXT: { default: text-0 }\n";
  await writeFile(join(here, "douze.yaml"), `app: shop\nbuild: { language: none }\n${declared}`);
  const serving = await Serving.start([here], env);
  await runs(here, env, process.execPath, program, "deploy");
  return {
    port: serving.port,
    release: (text) => runs(here, env, process.execPath, program, "config", "set", `TEXT=${text}`),
    list: [process.execPath, program, "ps"],
    end: () => serving[Symbol.asyncDispose](),
  };
}

function pm2(mode: "cluster" | "fork"): NonNullable<Peer["start"]> {
  return async (here) => {
    const port = await freePort();
    const own = { ...env, PM2_HOME: join(here, "pm2"), PORT: String(port) };
    const declared = { name: "web", script: "web.js", instances: 1, exec_mode: mode, wait_ready: true, kill_timeout: 2_000 };
    await writeFile(join(here, "eco.config.js"), `module.exports = { apps: [${JSON.stringify(declared)}] };\n`);
    await runs(here, { ...own, TEXT: "text-0" }, "pm2", "start", "eco.config.js");
    const again = mode === "cluster" ? "reload" : "restart";
    return {
      port,
      release: (text) => runs(here, { ...own, TEXT: text }, "pm2", again, "web", "--update-env"),
      list: ["env", `PM2_HOME=${own.PM2_HOME}`, "pm2", "list"],
      end: () => runs(here, own, "pm2", "kill"),
    };
  };
}

async function supervisord(here: string): Promise<Running> {
  const port = await freePort();
  const file = join(here, "s.conf");
  const socket = join(here, "s.sock");
  const declare = (text: string): Promise<void> =>
    writeFile(
      file,
      `[unix_http_server]\nfile=${socket}\n[supervisord]\nlogfile=${here}/s.log\npidfile=${here}/s.pid
[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]\nserverurl=unix://${socket}
[program:web]\ncommand=node web.js\ndirectory=${here}\nstartsecs=0\nenvironment=PORT="${port}",TEXT="${text}"\n`,
    );
  await declare("text-0");
  const child = begin(here, env, "supervisord", "--nodaemon", "-c", file);
  return {
    port,
    release: async (text) => {
      await declare(text);
      return await runs(here, env, "supervisorctl", "-c", file, "update");
    },
    list: ["supervisorctl", "-c", file, "status"],
    end: () => ended(child, () => runs(here, env, "supervisorctl", "-c", file, "shutdown")),
  };
}

/** Where a supervisor keeps the environment that it was started with, the text comes from a file that is read at each start. */
const fromFile = ". ./web.env && exec node web.js";

/** @returns writes the file anew */
async function environment(here: string, port: number): Promise<(text: string) => Promise<void>> {
  const declare = (text: string): Promise<void> => writeFile(join(here, "web.env"), `export PORT=${port} TEXT=${text}\n`);
  await declare("text-0");
  return declare;
}

async function processCompose(here: string): Promise<Running> {
  const [port, own] = [await freePort(), await freePort()];
  const file = join(here, "c.yaml");
  const declare = await environment(here, port);
  const processes = { web: { command: fromFile, working_dir: here } };
  await writeFile(file, JSON.stringify({ version: "0.5", processes }));
  const child = begin(here, env, "process-compose", "up", "-f", file, "-t=false", "--keep-project", "-p", String(own));
  return {
    port,
    release: async (text) => {
      await declare(text);
      return await runs(here, env, "process-compose", "-p", String(own), "process", "restart", "web");
    },
    list: ["process-compose", "-p", String(own), "process", "list"],
    end: () => ended(child, async () => child.kill()),
  };
}

const peers: readonly Peer[] = [
  { name: "Douze", program: "node", version: [process.execPath, program, "--version"], start: douze },
  { name: "process-compose, restart", program: "process-compose", version: ["process-compose", "version"], start: processCompose },
  // Its restart did not always bring the app back: nothing of it is timed but this.
  { name: "overmind", program: "overmind", version: ["overmind", "--version"] },
  { name: "supervisord, update", program: "supervisord", version: ["supervisord", "--version"], start: supervisord },
  { name: "pm2, reload in cluster mode", program: "pm2", version: ["pm2", "--version"], start: pm2("cluster") },
  { name: "pm2, restart in fork mode", program: "pm2", version: ["pm2", "--version"], start: pm2("fork") },
  { name: "honcho", program: "honcho", version: ["honcho", "version"] },
  { name: "foreman", program: "foreman", version: ["foreman", "version"] },
];

/** The bare program from its start to its first answer: what each release has to wait for. */
async function bare(here: string, text: string): Promise<number> {
  const port = await freePort();
  const own = { ...env, PORT: String(port), TEXT: text };
  let child: ChildProcess | undefined;
  const ms = await timed(async () => {
    child = begin(here, own, "node", "web.js");
    await answers(port, text);
  });
  child?.kill();
  return ms;
}

interface Figures {
  readonly version: number[];
  readonly list: number[];
  readonly release: number[];
}

async function measure(peer: Peer, figures: Figures, round: number): Promise<void> {
  const here = join(folder, `${peer.name.replaceAll(/\W+/g, "-")}-${round}`);
  await mkdir(here);
  await writeFile(join(here, "web.js"), web);
  const node = await timed(() => runs(here, env, process.execPath, "-e", "0"));
  const home = { ...env, PM2_HOME: join(here, "pm2") };
  // The first time pm2 makes its folder.
  if (peer.program === "pm2") await runs(here, home, ...peer.version);
  figures.version.push((await timed(() => runs(here, home, ...peer.version))) / node);
  const running = await peer.start?.(here);
  if (!running) return;
  try {
    await answers(running.port, "text-0");
    figures.list.push((await timed(() => runs(here, env, ...running.list))) / node);
    const limit = await bare(here, `bare-${round}`);
    const own = await timed(() => Promise.all([running.release("text-1"), answers(running.port, "text-1")]));
    figures.release.push(own / limit);
  } finally {
    await running.end();
  }
}

async function installed({ program: file }: Peer): Promise<boolean> {
  for (const each of env.PATH.split(":"))
    if (
      await access(join(each, file)).then(
        () => true,
        () => false,
      )
    )
      return true;
  return false;
}

try {
  const all = new Map<Peer, Figures>();
  for (const peer of peers)
    if (await installed(peer)) all.set(peer, { version: [], list: [], release: [] });
    else console.log(`${peer.name}: not installed, its row is missing`);
  for (let round = 0; round < rounds; round++)
    for (const [peer, figures] of all)
      await measure(peer, figures, round).catch((error: Error) =>
        console.log(`${peer.name}, round ${round}, is missing: ${error.message}`),
      );
  const row = (list: readonly number[]): string => (list.length === 0 ? "-" : spread(list));
  console.log(
    `${rounds} rounds. Its version and the list of what runs: times bare \`node -e 0\`. A release: times the bare program's start`,
  );
  console.log("| | its version | the list of what runs | a release |\n|---|---|---|---|");
  for (const [{ name }, { version, list, release }] of all) console.log(`| ${name} | ${row(version)} | ${row(list)} | ${row(release)} |`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
