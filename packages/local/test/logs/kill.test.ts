import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import type { Spool } from "../../src/logs/spool.ts";
import { Bench, chance, verify } from "./support/spools.ts";

const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/logs/${name}`, import.meta.url));
const kills = 10;
const linesPerByte = 1_000;

/** A process that goes on writing as long as it is asked to, whatever becomes of the engine. */
class Pump {
  readonly #child: ChildProcess;
  asked = 0;

  constructor(child: ChildProcess) {
    this.#child = child;
  }

  ask(blocks: number): void {
    this.asked += blocks;
    this.#child.stdin?.write(Buffer.alloc(blocks));
  }

  async end(): Promise<number> {
    this.#child.stdin?.end();
    const [code] = await once(this.#child, "exit");
    expect(code).toBe(0);
    return this.asked * linesPerByte;
  }
}

/** Starts an engine on the store, keeps the lines coming, and kills it with -9 when it has stored so many. */
async function killAfter(store: string, spool: Spool, pump: Pump, stored: number): Promise<void> {
  const engine = spawn(process.execPath, ["--conditions=douze-source", fixture("engine.ts"), store, JSON.stringify(spool), "500"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  pump.ask(5);
  engine.stdout.on("data", (data: Buffer) => {
    pump.ask(5);
    if (Number(data.toString().trim().split("\n").at(-1)) >= stored) engine.kill("SIGKILL");
  });
  const [, signal] = await once(engine, "close");
  expect(signal).toBe("SIGKILL");
}

test("an engine killed ten times during a flood loses no line and repeats none", async () => {
  await using bench = await Bench.make();
  const random = chance(12);
  const spool = await bench.spool();
  const pump = new Pump(bench.start(spool, process.execPath, fixture("pump.mjs")));
  for (let kill = 0; kill < kills; kill++) await killAfter(bench.store, spool, pump, Math.floor(random() * 60_000));
  const lines = await pump.end();

  expect(await verify(bench, spool)).toEqual({ stdout: lines, stderr: lines, faults: [] });
}, 60_000);
