import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { LogLine, LogQuery, LogRetention, Problem } from "@douze/core";
import type { Spool } from "../../../src/logs/spool.ts";
import { LogStore, type LogStoreOptions } from "../../../src/logs/store.ts";

const plenty: LogRetention = { maxBytes: 1024 ** 3, maxAgeMs: 7 * 86_400_000 };

/** A folder of its own with spools, stores in `store/` and the children that write to them. */
export class Bench implements AsyncDisposable {
  readonly path: string;
  readonly store: string;
  readonly problems: Problem[] = [];
  readonly #children: ChildProcess[] = [];
  #spools = 0;

  private constructor(path: string) {
    this.path = path;
    this.store = join(path, "store");
  }

  static async make(folder: string = tmpdir()): Promise<Bench> {
    return new Bench(await mkdtemp(join(folder, "logs-")));
  }

  open(options: Partial<LogStoreOptions> = {}): Promise<LogStore> {
    return LogStore.open(this.store, { retention: plenty, onTrouble: (problem) => this.problems.push(problem), ...options });
  }

  /** A run folder with two empty files, as the supervisor makes it. */
  async spool(process = "web.1", release = "v1"): Promise<Spool> {
    const id = `${process}-${++this.#spools}`;
    const folder = join(this.path, id);
    await mkdir(folder);
    const spool = { id, process, release, stdout: join(folder, "stdout"), stderr: join(folder, "stderr") };
    for (const file of [spool.stdout, spool.stderr]) closeSync(openSync(file, "a", 0o600));
    return spool;
  }

  /** Starts a program whose output is a spool. */
  start(spool: Spool, command: string, ...args: string[]): ChildProcess {
    const out = openSync(spool.stdout, "a", 0o600);
    const err = openSync(spool.stderr, "a", 0o600);
    const child = spawn(command, args, { stdio: ["pipe", out, err] });
    closeSync(out);
    closeSync(err);
    this.#children.push(child);
    return child;
  }

  async run(spool: Spool, command: string, ...args: string[]): Promise<void> {
    const child = this.start(spool, command, ...args);
    child.stdin?.end();
    const [code] = await once(child, "exit");
    if (code !== 0) throw new Error(`${command} exited with ${code}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    await rm(this.path, { recursive: true, force: true });
  }
}

export async function linesOf(store: LogStore, query: LogQuery = {}): Promise<LogLine[]> {
  const lines: LogLine[] = [];
  for await (const line of store.read(query, new AbortController().signal)) lines.push(line);
  return lines;
}

export async function textsOf(store: LogStore, query: LogQuery = {}): Promise<string[]> {
  return (await linesOf(store, query)).map(({ text }) => text);
}

/** A reader of which a test takes as many lines as it expects. */
export class Follower implements AsyncDisposable {
  readonly #stop = new AbortController();
  readonly #lines: AsyncIterator<LogLine>;

  constructor(store: LogStore, query: LogQuery = {}) {
    this.#lines = store.read({ ...query, follow: true }, this.#stop.signal)[Symbol.asyncIterator]();
  }

  async take(count: number): Promise<LogLine[]> {
    const lines: LogLine[] = [];
    while (lines.length < count) {
      const { value, done } = await this.#lines.next();
      if (done) break;
      lines.push(value);
    }
    return lines;
  }

  async takeTexts(count: number): Promise<string[]> {
    return (await this.take(count)).map(({ text }) => text);
  }

  /** Ends it; returns whether it ended without one more line. */
  async end(): Promise<boolean> {
    this.#stop.abort();
    return (await this.#lines.next()).done === true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#lines.return?.();
  }
}

/**
 * Looks, in a program of its own, whether each numbered line of a process is in the store once and in order: half a million
 * promises are slow where the runner traces each.
 */
export async function verify(bench: Bench, spool: Spool): Promise<unknown> {
  const fixture = fileURLToPath(new URL("../../fixtures/logs/verify.ts", import.meta.url));
  const child = spawn(process.execPath, ["--conditions=douze-source", fixture, bench.store, JSON.stringify(spool)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.on("data", (data: Buffer) => {
    text += data.toString();
  });
  await once(child, "close");
  return JSON.parse(text);
}

/** The same numbers for the same seed (mulberry32). */
export function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
