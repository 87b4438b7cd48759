// Two million lines of one process through supervisors, until the last one is out: those that are installed, beside `cat` and Douze's log
// store under its driver's own roof. Lines that did not come are counted. Peers are looked for on the PATH and in $PEERS, a list of folders.
// `node --conditions=douze-source bench/logs/peers.ts [rounds]`
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, mkdtemp, open, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { LogStore } from "../../packages/local/src/logs/store.ts";

const run = promisify(execFile);
const rounds = Number(process.argv[2] ?? 3);
const lines = 2_000_000;
const mark = "request completed";
const folder = await mkdtemp(join(tmpdir(), "bench-peers-"));
const input = join(folder, "input");
const path = [process.env["PEERS"], process.env["PATH"]].filter(Boolean).join(":");
const env = { ...process.env, PATH: path };

interface Result {
  readonly seconds: number;
  /** Of the supervisor with its children. */
  readonly cpuSeconds: number;
  readonly lost: number;
}

interface Contestant {
  readonly name: string;
  readonly program?: string;
  run(out: string): Promise<void>;
}

const shell = async (script: string, out: string): Promise<void> => {
  const child = spawn("sh", ["-c", script], {
    cwd: out,
    env: { ...env, HOME: out, PM2_HOME: join(out, "pm2") },
    stdio: ["ignore", "ignore", "ignore"],
  });
  await once(child, "exit");
};

const contestants: readonly Contestant[] = [
  { name: "cat", run: (out) => shell(`cat ${input} | cat > out`, out) },
  { name: "Douze's log store", run: store },
  {
    name: "foreman",
    program: "foreman",
    run: (out) => shell("echo 'web: cat $INPUT' > Procfile; INPUT=$INPUT foreman start -f Procfile > out 2>&1", out),
  },
  {
    name: "overmind",
    program: "overmind",
    run: (out) => shell("echo 'web: cat $INPUT; sleep 1' > Procfile; overmind start -f Procfile -N > out 2>&1", out),
  },
  {
    name: "process-compose",
    program: "process-compose",
    run: (out) =>
      shell(
        `printf 'version: "0.5"\\nprocesses:\\n  web:\\n    command: "cat ${input}"\\n' > c.yaml; process-compose up -f c.yaml -t=false --port 0 --no-server > out 2>&1`,
        out,
      ),
  },
  {
    name: "pm2",
    program: "pm2",
    run: (out) =>
      shell(
        `pm2 start --no-daemon --no-autorestart --name web -o out -e err sh -- -c 'cat ${input}' > own & p=$!; while kill -0 $p 2>/dev/null && ! tail -c 200 out 2>/dev/null | grep -q '"seq":0*${lines - 1},'; do sleep 0.05; done; kill $p; wait $p`,
        out,
      ),
  },
];

async function store(out: string): Promise<void> {
  await using logs = await LogStore.open(join(out, "store"), { retention: { maxBytes: 1024 ** 3, maxAgeMs: 86_400_000 } });
  const spool = { id: "1", process: "web.1", release: "v1", stdout: join(out, "stdout"), stderr: join(out, "stderr") };
  await using stdout = await open(spool.stdout, "a");
  await using stderr = await open(spool.stderr, "a");
  const attached = logs.attach(spool);
  await once(spawn("cat", [input], { stdio: ["ignore", stdout.fd, stderr.fd] }), "exit");
  await attached.finish();
}

async function write(): Promise<void> {
  const file = createWriteStream(input);
  for (let line = 0; line < lines; ) {
    let block = "";
    for (const end = line + 10_000; line < end; line++)
      block += `{"level":30,"time":1763000000000,"pid":4242,"msg":"${mark}","path":"/a/b","ms":12,"seq":${String(line).padStart(8, "0")},"x":1}\n`;
    if (!file.write(block)) await once(file, "drain");
  }
  file.end();
  await once(file, "close");
}

/** Whole lines that came out, wherever the contestant puts them. */
async function came(out: string): Promise<number> {
  let count = 0;
  for (const entry of await readdir(out, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/^out|\.log$/.test(entry.name)) continue;
    let rest = "";
    for await (const piece of createReadStream(join(entry.parentPath, entry.name), { encoding: "latin1" })) {
      const text = rest + String(piece);
      const end = text.lastIndexOf("\n") + 1;
      count += text.slice(0, end).match(/"msg":"request completed","path":"\/a\/b","ms":12,"seq":\d{8},"x":1\}/g)?.length ?? 0;
      rest = text.slice(end);
    }
  }
  return count;
}

async function once1(contestant: Contestant): Promise<Result> {
  const out = join(folder, "out");
  await mkdir(out);
  const [start, before, children] = [performance.now(), process.cpuUsage(), await childrenCpu()];
  await contestant.run(out);
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(before);
  const cpuSeconds = (user + system) / 1e6 + (await childrenCpu()) - children;
  const lost = lines - (await came(out));
  await rm(out, { recursive: true });
  return { seconds, cpuSeconds, lost };
}

/** Of children that were waited for, in seconds. */
async function childrenCpu(): Promise<number> {
  const { stdout } = await run("cat", [`/proc/${process.pid}/stat`]);
  const fields = stdout.slice(stdout.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[13]) + Number(fields[14])) / 100;
}

async function installed({ program }: Contestant): Promise<boolean> {
  if (program === undefined) return true;
  return await run("/bin/sh", ["-c", `command -v ${program}`], { env }).then(
    () => true,
    () => false,
  );
}

const middle = (list: readonly number[]): number => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? Number.NaN;

try {
  await write();
  process.env["INPUT"] = input;
  Object.assign(env, { INPUT: input });
  await writeFile(join(folder, "note"), "");
  const results = new Map<string, Result[]>();
  const there: Contestant[] = [];
  for (const contestant of contestants) {
    if (await installed(contestant)) there.push(contestant);
    else console.log(`${contestant.name} is not installed: its row is missing`);
  }
  for (let round = 0; round < rounds; round++)
    for (const contestant of there) results.set(contestant.name, [...(results.get(contestant.name) ?? []), await once1(contestant)]);
  const limit = results.get("cat") ?? [];
  console.log(`${lines} lines, ${rounds} rounds: time as a ratio to cat of the same round, CPU seconds per million lines, lines lost`);
  for (const [name, list] of results) {
    const ratios = list.map(({ seconds }, index) => seconds / (limit[index]?.seconds ?? 1));
    const spread = `${middle(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)})`;
    const cpu = (middle(list.map(({ cpuSeconds }) => cpuSeconds)) / (lines / 1e6)).toFixed(2);
    console.log(`${name.padEnd(20)} ${spread.padEnd(26)} ${cpu.padEnd(8)} ${Math.max(...list.map(({ lost }) => lost))}`);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
