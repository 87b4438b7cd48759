import { type FSWatcher, watch } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ReleaseView } from "@douze/engine";
import { expect, test } from "vitest";
import { chances } from "../../local/test/support/chances.ts";
import { load } from "./support/load.ts";
import { Served } from "./support/serve.ts";
import { AppFolder, isAlive } from "./support/up.ts";

/** `KILLS=60 SEED=42 npx vitest run packages/cli/test/kill.test.ts` */
const kills = Number(process.env["KILLS"] ?? 8);
const seed = Number(process.env["SEED"] ?? Date.now() % 100_000);

const chance = chances(seed);
const anyOf = <T>(choices: readonly T[]): T => choices[Math.floor(chance() * choices.length)] as T;

const works: readonly (readonly string[])[] = [
  ["deploy", "--set", "TEXT=one"],
  ["deploy", "--set", "TEXT=two"],
  ["rollback", "--yes"],
  ["restart"],
  ["scale", "web=3"],
  ["scale", "web=1"],
  ["config", "set", "TEXT=three"],
];

/** Resolves with the nth change of a file in the folder. */
function changes(folder: string, count: number): { readonly seen: Promise<void>; close(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  let left = count;
  const watcher: FSWatcher = watch(folder, { recursive: true }, () => {
    if (--left === 0) resolve();
  });
  const close = (): void => {
    watcher.close();
    resolve();
  };
  return { seen: promise, close };
}

test(`an engine that is killed at ${kills} steps of its work loses nothing (seed ${seed})`, async () => {
  const app = await AppFolder.copyOf(join(import.meta.dirname, "fixtures/load"));
  const manifest = join(app.folder, "douze.yaml");
  await writeFile(manifest, (await readFile(manifest, "utf8")).replace("node abrupt.js", "node numbered.js"));
  await using served = await Served.start(app);
  await served.ask("deploy");
  const clients = load(served.port, { keeping: 3, fresh: 1 });
  const told: string[] = [];
  for (let kill = 1; kill <= kills; kill++) {
    const [work, at] = [anyOf(works), 1 + Math.floor(chance() * 100)];
    told.push(`${work.join(" ")}, killed at change ${at}`);
    if (process.env["KILLS"] !== undefined) console.log(`${new Date().toISOString()} ${kill}: ${told.at(-1)}`);
    const engine = await served.enginePid();
    const change = changes(join(app.folder, ".douze/environments/development"), at);
    const working = app.run(...work);
    await Promise.race([change.seen, working]);
    change.close();
    process.kill(engine, "SIGKILL");
    await working;
    await served.engines(kill + 1);
    await settled(served);
  }
  const { failures, requests } = await clients.stop();
  expect({ told, failures }).toEqual({ told, failures: [] });
  expect(requests).toBeGreaterThan(kills * 10);

  // It can still be worked with, and nothing but what runs is there.
  expect(await served.ask<ReleaseView>("deploy", "--set", "TEXT=last")).toMatchObject({ status: "current" });
  const running = (await served.processes()).flatMap(({ pid }) => pid ?? []);
  expect((await served.stop()).code).toBe(0);
  expect(running.filter(isAlive)).toEqual([]);
  const { stdout } = await app.run("logs", "--process", "web", "--last", "9999999", "--json");
  expect({ told, gaps: gapsIn(stdout.trim().split("\n")) }).toEqual({ told, gaps: [] });
}, 1_800_000);

/** What was under way has come to its end, good or bad, and what should run does. */
async function settled(served: Served): Promise<void> {
  for (;;) {
    const [releases, processes] = [await served.ask<ReleaseView[]>("releases"), await served.processes()];
    const current = releases.find(({ status }) => status === "current");
    const pending = releases.some(({ status }) => status === "pending");
    const others = processes.filter(({ phase, release }) => phase !== "ready" || release !== current?.version);
    if (current && !pending && others.length === 0 && processes.length > 0) return;
  }
}

/** Each process counts its lines from 1. */
function gapsIn(rows: readonly string[]): string[] {
  const last = new Map<string, number>();
  const gaps: string[] = [];
  for (const row of rows) {
    const { text } = JSON.parse(row) as { readonly text: string };
    const [, pid = "", number] = /^(\d+) line (\d+)$/.exec(text) ?? [];
    const before = last.get(pid) ?? 0;
    if (Number(number) !== before + 1) gaps.push(`after line ${before} of ${pid}: ${row}`);
    last.set(pid, Number(number));
  }
  expect(last.size).toBeGreaterThan(1);
  return gaps;
}
