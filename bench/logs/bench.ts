// Two million lines of one process, from its first byte until the last is kept: the log store against `cat`, against no
// one in between, and against those loggers that are installed. Run it with
// `node --conditions=douze-source bench/logs/bench.ts [rounds]`.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdir, mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { LogStore } from "../../packages/local/src/logs/store.ts";

const lines = 2_000_000;
const rounds = Number(process.argv[2] ?? 5);
const folder = await mkdtemp(join(tmpdir(), "bench-logs-"));
const input = join(folder, "input");
const retention = { maxBytes: 1024 ** 3, maxAgeMs: 86_400_000 };

interface Contestant {
  readonly name: string;
  run(out: string): Promise<string | undefined>;
}

const loggers: Readonly<Record<string, string>> = {
  "s6-log": 's6-log n1000 s16777215 "$1"',
  svlogd: 'svlogd "$1"',
  multilog: 'multilog s16777215 n1000 "$1"',
};

async function contestants(): Promise<Contestant[]> {
  const found: Contestant[] = [
    { name: "straight to a file", run: (out) => shell('exec cat "$0" > "$1/file"', out) },
    { name: "cat", run: (out) => shell('cat "$0" | cat > "$1/file"', out) },
    { name: "log store", run: (out) => store(out, []) },
    {
      name: "log store, 12 secrets",
      run: (out) =>
        store(
          out,
          Array.from({ length: 12 }, (_, index) => `secret-${index}-${"q7".repeat(index + 4)}`),
        ),
    },
  ];
  for (const [name, command] of Object.entries(loggers)) {
    if (await installed(name)) found.push({ name, run: (out) => shell(`cat "$0" | ${command} 2>/dev/null`, out) });
  }
  return found;
}

async function installed(name: string): Promise<boolean> {
  const [code] = await once(spawn("sh", ["-c", `command -v ${name}`], { stdio: "ignore" }), "exit");
  return code === 0;
}

async function shell(script: string, out: string): Promise<undefined> {
  const [code] = await once(spawn("sh", ["-c", script, input, out], { stdio: ["ignore", "ignore", "inherit"] }), "exit");
  if (code !== 0) throw new Error(`${script}: exit ${code}`);
}

async function store(out: string, secrets: readonly string[]): Promise<string> {
  await using logs = await LogStore.open(join(out, "store"), { retention, secrets });
  const spool = { id: "1", process: "web.1", release: "v1", stdout: join(out, "stdout"), stderr: join(out, "stderr") };
  await using stdout = await open(spool.stdout, "a");
  await using stderr = await open(spool.stderr, "a");
  const attached = logs.attach(spool);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await once(spawn("cat", [input], { stdio: ["ignore", stdout.fd, stderr.fd] }), "exit");
  await attached.finish();
  delay.disable();
  return `event loop p99 ${(delay.percentile(99) / 1e6).toFixed(1)} ms, max ${(delay.max / 1e6).toFixed(1)} ms`;
}

async function write(): Promise<void> {
  const file = createWriteStream(input);
  for (let line = 0; line < lines; ) {
    let block = "";
    for (const end = line + 10_000; line < end; line++) {
      const number = String(line).padStart(8, "0");
      block += `{"level":30,"time":1763000000000,"pid":4242,"msg":"request completed","seq":${number},"path":"/a/b","ms":12}\n`;
    }
    if (!file.write(block)) await once(file, "drain");
  }
  file.end();
  await once(file, "close");
}

/** Reading back: whether all is there, and how long it takes. */
async function reading(out: string): Promise<void> {
  const signal = new AbortController().signal;
  await using logs = await LogStore.open(join(out, "store"), { retention });
  const queries = { "all, line by line": {}, "the last 100": { last: 100 }, "grep for one line": { grep: '"seq":01234567,' } };
  for (const [name, query] of Object.entries(queries)) {
    const start = performance.now();
    let count = 0;
    for await (const { text } of logs.read(query, signal)) {
      if (name.startsWith("all") && !text.includes(`"seq":${String(count).padStart(8, "0")}`))
        throw new Error(`line ${count} is missing: ${text}`);
      count++;
    }
    console.log(`  ${name.padEnd(24)}${((performance.now() - start) / 1000).toFixed(3)} s  ${count} lines`);
  }
}

/** What fifty processes cost that write two hundred lines a second each, and what they cost when they are silent. */
async function steady(out: string): Promise<void> {
  await mkdir(out);
  await using logs = await LogStore.open(join(out, "store"), { retention });
  const files: Awaited<ReturnType<typeof open>>[] = [];
  for (let index = 0; index < 50; index++) {
    const spool = {
      id: String(index),
      process: `web.${index}`,
      release: "v1",
      stdout: join(out, `${index}.out`),
      stderr: join(out, `${index}.err`),
    };
    files.push(await open(spool.stdout, "a"), await open(spool.stderr, "a"));
    logs.attach(spool);
  }
  // Another process writes, so that only the store's work is counted.
  const writer = `const fs=require("fs");const l="x".repeat(106)+"\\n";let n=0;const t=setInterval(()=>{for(let i=0;i<50;i++)for(let k=0;k<2;k++)fs.writeSync(3+i,l);if(++n===500)clearInterval(t)},10)`;
  const outputs = files.filter((_, index) => index % 2 === 0).map(({ fd }) => fd);
  const busy = await cpu(() =>
    once(spawn(process.execPath, ["-e", writer], { stdio: ["ignore", "inherit", "inherit", ...outputs] }), "exit"),
  );
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  const idle = await cpu(() => new Promise((resolve) => setTimeout(resolve, 5_000)));
  console.log(`50 processes, 10,000 lines/s together: ${busy} of a core; silent: ${idle}`);
  for (const file of files) await file.close();
}

async function cpu(work: () => Promise<unknown>): Promise<string> {
  const start = performance.now();
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return `${((user + system) / 10 / (performance.now() - start)).toFixed(1)} %`;
}

try {
  await write();
  const seconds = new Map<string, number[]>();
  const remarks = new Map<string, string | undefined>();
  const all = await contestants();
  for (let round = 0; round < rounds; round++) {
    for (const { name, run } of all) {
      const out = join(folder, "out");
      await mkdir(out);
      const start = performance.now();
      remarks.set(name, await run(out));
      seconds.set(name, [...(seconds.get(name) ?? []), (performance.now() - start) / 1000]);
      if (round === rounds - 1 && name === "log store") {
        console.log("reading it back:");
        await reading(out);
      }
      await rm(out, { recursive: true });
    }
  }
  const median = (name: string): number => seconds.get(name)?.toSorted((a, b) => a - b)[Math.floor(rounds / 2)] ?? Number.NaN;
  console.log(`${lines} lines, seconds (min / median / max of ${rounds}), times cat:`);
  for (const { name } of all) {
    const times = seconds.get(name) ?? [];
    const [least, most] = [Math.min(...times), Math.max(...times)].map((time) => time.toFixed(2));
    const ratio = (median(name) / median("cat")).toFixed(2);
    console.log(`  ${name.padEnd(24)}${least} / ${median(name).toFixed(2)} / ${most}  x ${ratio}  ${remarks.get(name) ?? ""}`);
  }
  await steady(join(folder, "steady"));
  console.log(`memory at its highest: ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
