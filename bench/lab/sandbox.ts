import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findTools } from "../../packages/lab/src/sandbox/tools.ts";
import { openPlace } from "./place.ts";

// What the sandbox costs an app: the same program bare, in the sandbox, and in the sandbox followed by strace, in turns. From its start to
// its end the program computes, reads and writes files, starts programs and asks itself over loopback; each part is timed by itself, and
// the rest of the time from spawn to end is what it takes to begin.
//
//   node --conditions=douze-source bench/lab/sandbox.ts [rounds]

const rounds = Number(process.argv[2] ?? 7);
const patienceMs = 120_000;

const work = `
const { createHash } = require("node:crypto");
const { execFileSync } = require("node:child_process");
const fs = require("node:fs");
const http = require("node:http");
const timed = async (work) => { const began = performance.now(); await work(); return performance.now() - began; };
const ask = (port, agent) => new Promise((resolve, reject) =>
  http.get({ port, agent, host: "127.0.0.1" }, (answer) => answer.resume().on("end", resolve)).on("error", reject));
(async () => {
  const parts = {};
  parts.computing = await timed(() => { let data = Buffer.alloc(1 << 16); for (let i = 0; i < 800; i++) data = Buffer.concat([data.subarray(32), createHash("sha256").update(data).digest()]); });
  const folder = fs.mkdtempSync(process.env.TMPDIR ? process.env.TMPDIR + "/w" : "/tmp/w");
  parts.files = await timed(() => { for (let i = 0; i < 1500; i++) { fs.writeFileSync(folder + "/" + i, "some text"); fs.readFileSync(folder + "/" + i); } fs.rmSync(folder, { recursive: true }); });
  parts.programs = await timed(() => { for (let i = 0; i < 40; i++) execFileSync("/bin/true"); });
  const server = http.createServer((_, response) => response.end("hello")).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const agent = new http.Agent({ keepAlive: true });
  parts.requests = await timed(async () => { for (let i = 0; i < 1500; i++) await ask(server.address().port, agent); });
  agent.destroy(); server.close();
  console.log(JSON.stringify(parts));
})();
`;

type Parts = Readonly<Record<string, number>>;

function parsed(text: string, wholeMs: number): Parts {
  const parts = JSON.parse(text) as Parts;
  const told = Object.values(parts).reduce((sum, ms) => sum + ms, 0);
  return { ...parts, "from start to end, without these": wholeMs - told };
}

async function bare(): Promise<Parts> {
  const folder = await mkdtemp(join(tmpdir(), "douze-bench-bare-"));
  try {
    const began = performance.now();
    const child = spawn(process.execPath, ["-e", work], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { PATH: process.env["PATH"], TMPDIR: folder },
    });
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    await once(child, "close");
    return parsed(text, performance.now() - began);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const tools = findTools();
if (!("unshare" in tools)) {
  console.log(`no sandbox: there is no ${tools.join(" and no ")} here`);
  process.exit(0);
}

async function inside(traced: boolean): Promise<Parts> {
  if (!("unshare" in tools)) throw new Error("no sandbox");
  await using place = await openPlace(tools, "work.js", work);
  const began = performance.now();
  const { process: run } = await place.sandbox.start("web", { command: "node work.js", traced });
  await run.until(() => run.end !== undefined, patienceMs);
  const tookMs = performance.now() - began;
  const line = run.lines.find(({ stream }) => stream === "stdout");
  if (!line) throw new Error(`it said nothing: ${run.text}`);
  return parsed(line.text, tookMs);
}

async function opening(): Promise<number> {
  if (!("unshare" in tools)) throw new Error("no sandbox");
  const began = performance.now();
  await using _place = await openPlace(tools, "work.js", work);
  return performance.now() - began;
}

const figures: Record<"bare" | "sandbox" | "traced", Parts[]> = { bare: [], sandbox: [], traced: [] };
const openings: number[] = [];
for (let round = 0; round < rounds; round++) {
  figures.bare.push(await bare());
  figures.sandbox.push(await inside(false));
  if (tools.strace !== undefined) figures.traced.push(await inside(true));
  openings.push(await opening());
}

/** The middle of the rounds' ratios, and their spread. */
function ratio(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): string => (sorted[Math.round(share * (sorted.length - 1))] ?? Number.NaN).toFixed(2);
  return `${at(0.5)} (${at(0)} to ${at(1)})`;
}

const names = Object.keys(figures.bare[0] ?? {});
console.log(`${rounds} rounds, as a ratio to the same program bare\n\n| | sandbox | sandbox, traced |\n|---|---|---|`);
for (const name of names) {
  const of = (kind: "sandbox" | "traced"): string =>
    figures[kind].length === 0
      ? "no strace here"
      : ratio(figures[kind].map((parts, round) => (parts[name] ?? Number.NaN) / (figures.bare[round]?.[name] ?? Number.NaN)));
  console.log(`| ${name} | ${of("sandbox")} | ${of("traced")} |`);
}
const starts = figures.bare.map((parts) => parts["from start to end, without these"] ?? Number.NaN);
console.log(
  `| to make a sandbox, as a ratio to a bare start | ${ratio(openings.map((ms, round) => ms / (starts[round] ?? Number.NaN)))} | |`,
);
