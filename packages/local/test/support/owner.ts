import { LocalBench } from "./local-bench.ts";
import { formation, releases } from "./owned.ts";
import { ready, scale } from "./watch.ts";

// A program that owns a driver, to be killed at any moment: node --conditions=douze-source owner.ts <folder>
const [folder = ""] = process.argv.slice(2);
const { signal } = new AbortController();
const bench = await LocalBench.open({}, { folder, releases });
console.log("open");
const release = 1 as never;
await bench.driver.apply(
  { do: "run-once", release, run: "release.1" as never, command: "./task.sh; sleep 0.5; exit 4", timeoutMs: 60_000 },
  signal,
);
await scale(bench, release, formation, signal);
await bench.driver.apply({ do: "route", release }, signal);
console.log("asked");
await ready(bench.driver, release, 3, signal);
console.log("up");
