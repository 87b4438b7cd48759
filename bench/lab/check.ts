import { spawnSync } from "node:child_process";
import { join } from "node:path";
import type { Report } from "../../packages/lab/src/index.ts";
import { AppCopy, type Language } from "../../packages/lab/test/support/app-copy.ts";

// How long `douze check` takes for a small web app with a worker and a database, against what it may take on two cores: ten seconds for
// the code alone, five minutes for all experiments; and which checks the time goes to.
//
//   node --conditions=douze-source bench/lab/check.ts [language] [static rounds] [standard rounds]

const [language = "node", staticRounds = "7", standardRounds = "3"] = process.argv.slice(2);
const mayTakeMs = { static: 10_000, standard: 300_000 } as const;
const cli = join(import.meta.dirname, "../../packages/cli/bin/douze.js");

interface Run {
  readonly tookMs: number;
  readonly report: Report;
}

function check(profile: keyof typeof mayTakeMs): Run {
  using app = new AppCopy(language as Language);
  const began = performance.now();
  const { stdout, stderr, status } = spawnSync(process.execPath, [cli, "check", "--profile", profile, "--json"], {
    cwd: app.folder,
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  const tookMs = performance.now() - began;
  if (status !== 0) throw new Error(`douze check ended with ${status}\n${stderr}`);
  return { tookMs, report: JSON.parse(stdout) as Report };
}

function node(): number {
  const began = performance.now();
  spawnSync(process.execPath, ["-e", "0"]);
  return performance.now() - began;
}

function spread(values: readonly number[], digits = 2): string {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): string => (sorted[Math.round(share * (sorted.length - 1))] ?? Number.NaN).toFixed(digits);
  return `${at(0.5)} (${at(0)} to ${at(1)})`;
}

const quick = Array.from({ length: Number(staticRounds) }, () => ({ ...check("static"), nodeMs: node() }));
// The first makes the build, as on a machine that is new to the app.
const whole = Array.from({ length: Number(standardRounds) }, () => check("standard"));

console.log(`a small web app in ${language}\n\n| | as a ratio to what it may take | as a ratio to Node's start |\n|---|---|---|`);
console.log(
  `| static, ${quick.length} rounds | ${spread(quick.map(({ tookMs }) => tookMs / mayTakeMs.static))} | ${spread(
    quick.map(({ tookMs, nodeMs }) => tookMs / nodeMs),
    0,
  )} |`,
);
console.log(`| standard, ${whole.length} rounds | ${spread(whole.map(({ tookMs }) => tookMs / mayTakeMs.standard))} | |`);

const shares = new Map<string, number[]>();
for (const { tookMs, report } of whole)
  for (const { code, tookMs: ownMs } of report.results) shares.set(code, [...(shares.get(code) ?? []), (100 * ownMs) / tookMs]);
const middle = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
const sorted = [...shares].toSorted(([, a], [, b]) => middle(b) - middle(a));
const [large, small] = [sorted.filter(([, values]) => middle(values) >= 3), sorted.filter(([, values]) => middle(values) < 3)];
console.log("\n| check | share of a standard run, in % |\n|---|---|");
for (const [code, values] of large) console.log(`| ${code} | ${spread(values, 1)} |`);
console.log(`| ${small.length} others, together | ${small.reduce((sum, [, values]) => sum + middle(values), 0).toFixed(1)} |`);
const outside = whole.map(({ tookMs, report }) => 100 - report.results.reduce((sum, result) => sum + (100 * result.tookMs) / tookMs, 0));
console.log(`| outside the checks: build, undisturbed run | ${spread(outside, 1)} |`);
