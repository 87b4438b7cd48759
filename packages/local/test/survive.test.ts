import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { LogLine } from "@douze/core";
import { expect, test } from "vitest";
import { LocalBench } from "./support/local-bench.ts";
import { releases } from "./support/owned.ts";
import { ask, eventually, lastEnd, pidsWith, ready, runEnded, runs } from "./support/watch.ts";

/** Starts the program that owns a driver, and kills it as soon as it has said the word. */
async function ownAndKill(folder: string, word: "open" | "asked" | "up", signal: AbortSignal): Promise<void> {
  const args = ["--conditions=douze-source", join(import.meta.dirname, "support/owner.ts"), folder];
  const owner = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"], signal });
  const exit = once(owner, "exit");
  for await (const line of createInterface({ input: owner.stdout })) if (line === word) break;
  owner.kill("SIGKILL");
  expect(await exit).toEqual([null, "SIGKILL"]);
}

test("apps outlive an engine that is killed: nothing is lost, doubled or made up", async ({ signal }) => {
  const folder = await mkdtemp(join(tmpdir(), "douze-survive-"));
  const inRun = join(folder, "environment/run");
  for (const word of ["asked", "up", "open", "up", "asked", "up"] as const) {
    await ownAndKill(folder, word, signal);
    expect(pidsWith(`${inRun}/worker`).length).toBeLessThanOrEqual(2);
    expect(pidsWith(`${inRun}/web`).length).toBeLessThanOrEqual(1);
  }
  const before = pidsWith(`${inRun}/w`);
  expect(before).toHaveLength(3);

  await using bench = await LocalBench.open({}, { folder, releases });
  const release = 1 as never;
  const processes = await ready(bench.driver, release, 3, signal);
  expect(pidsWith(`${inRun}/w`)).toEqual(before);
  expect(processes.map(({ restarts, last }) => ({ restarts, last }))).toEqual([1, 2, 3].map(() => ({ restarts: 0, last: undefined })));
  // Once, whatever was killed in its course.
  expect(await runEnded(bench.driver, "release.1" as never, signal)).toMatchObject({ outcome: { by: "exit", code: 4 } });
  expect(await bench.lines("release.1", signal)).toEqual(["task of release.1"]);

  // It ends while no engine is there to see it.
  await bench.driver.end("leave");
  const [web, one] = processes as readonly { readonly pid: number; readonly port?: number }[];
  await ask(web?.port, "/exit", signal);
  process.kill(one?.pid ?? 0, "SIGTERM");
  await eventually(() => !runs(web?.pid ?? 0) && !runs(one?.pid ?? 0), signal);
  await bench.reopen();
  expect(await lastEnd(bench, release, "web.1", signal)).toMatchObject({ outcome: { by: "exit", code: 3 } });
  expect(await lastEnd(bench, release, "worker.1", signal)).toMatchObject({ outcome: { by: "exit", code: 0 } });

  const seen = await ready(bench.driver, release, 3, signal);
  expect(seen.filter((each) => each.phase === "ready" && each.pid === (processes[2] as { pid?: number }).pid)).toHaveLength(1);
  await bench.driver.end("stop");
  const lines: LogLine[] = [];
  await bench.reopen();
  for await (const line of bench.driver.logs({ processes: ["worker"] }, signal)) lines.push(line);
  for (const name of ["worker.1", "worker.2"]) {
    const numbers = lines
      .filter(({ process: of, text }) => of === name && /^line \d+$/.test(text))
      .map(({ text }) => Number(text.slice(5)));
    // worker.1 was started a second time, and counts from one again.
    const starts = numbers.flatMap((number, index) => (number === 1 ? [index] : []));
    expect(starts).toHaveLength(name === "worker.1" ? 2 : 1);
    expect(numbers.every((number, index) => number === 1 || number === (numbers[index - 1] ?? 0) + 1)).toBe(true);
    expect(lines.some(({ process: of, text }) => of === name && text === `counted to ${numbers.at(-1)}`)).toBe(true);
  }
});
